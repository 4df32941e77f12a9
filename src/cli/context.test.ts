import { describe, expect, test } from 'vitest'
import { type Context, commandFor } from './context.ts'
import { ledgerArgument } from './ledger-access.ts'
import { progressText } from './progress.ts'
import { quoted } from './render/shell.ts'

describe('the command that is printed', () => {
  const called = (script: string, env = {}) => commandFor({ script, env, cwd: '/work/project' })

  test('is the one that works from here', () => {
    expect(called('/usr/local/bin/custody', { PATH: '/usr/bin:/usr/local/bin' })).toBe('custody')
    expect(called('/work/project/node_modules/.bin/custody', { PATH: '/usr/bin' })).toBe('npx custody')
    expect(called('/work/project/bin/custody.js')).toBe('node bin/custody.js')
    expect(called('/work/project/my tools/custody.js')).toBe("node 'my tools/custody.js'")
    expect(called('/work/tools/bin/custody.js')).toBe('node ../tools/bin/custody.js')
    expect(called('/my apps/custody.js')).toBe("node '/my apps/custody.js'")
    expect(commandFor({ script: '/a/b.js', env: {}, cwd: '/w/x/y' })).toBe('node /a/b.js')
    expect(called('../../my apps/custody.js')).toBe("node '/my apps/custody.js'")
    expect(called('/opt/custody', { PATH: '/usr/bin' })).toBe('/opt/custody')
  })

  test('is npx under npm', () => {
    expect(called('/work/project/bin/custody.js', { npm_command: 'run-script' })).toBe('npx custody')
    expect(called('/x/custody', { npm_lifecycle_event: 'start' })).toBe('npx custody')
  })
})

describe('the ledger', () => {
  const context = (env = {}) => ({ cwd: '/work', env }) as Context

  test('is named in printed commands where it has to be', () => {
    expect(ledgerArgument(context(), 'sqlite:/work/custody.db')).toBe('')
    expect(ledgerArgument(context(), 'sqlite:/work/my data/x.db')).toBe(" --ledger 'sqlite:my data/x.db'")
    expect(ledgerArgument(context({ CUSTODY_LEDGER: 'sqlite:env.db' }), 'sqlite:/work/env.db')).toBe('')
  })
})

test('words for a shell', () => {
  expect(quoted('demo/pipeline.yaml')).toBe('demo/pipeline.yaml')
  expect(quoted("it's here")).toBe(String.raw`'it'\''s here'`)
  expect(quoted('')).toBe("''")
})

describe('progress', () => {
  const before = { rows_read: 0, rows_done: 0 }
  const facts = { rows_read: 1200, rows_done: 1200, before, elapsed_us: 500_000, bytes: null }

  test('of an input without a size is rows and their rate', () => {
    expect(progressText(facts, null, 100)).toBe('  reading  1,200 rows   2,400 rows/s')
  })

  test('is shown by bytes where there are files', () => {
    const bytes = { before: 0, read: 61_000, total: 100_000 }
    expect(progressText({ ...facts, bytes }, null, 100)).toBe(
      '  reading  ███████████████░░░░░░░░░  61 %   1,200 rows   2,400 rows/s   0 s left',
    )
  })

  test('is shown by rows under a limit, unless the file ends before', () => {
    expect(progressText(facts, 2400, 100)).toBe(
      '  reading  ████████████░░░░░░░░░░░░  50 %   1,200 / 2,400 rows   2,400 rows/s   1 s left',
    )
    const bytes = { before: 0, read: 90, total: 100 }
    expect(progressText({ ...facts, bytes }, 2400, 100)).toContain('  90 %   1,200 / 2,400 rows')
  })

  test('counts for rate and time only what this process has read', () => {
    const bytes = { before: 50, read: 75, total: 100 }
    expect(progressText({ ...facts, before: { rows_read: 800, rows_done: 800 }, bytes }, null, 100)).toContain(
      '  75 %   1,200 rows   800 rows/s   1 s left',
    )
  })

  test('counts work, not only reading, where rows wait for something', () => {
    const bytes = { before: 0, read: 100, total: 100 }
    const waiting = { ...facts, rows_read: 60, rows_done: 15, elapsed_us: 5_000_000, bytes }
    expect(progressText(waiting, null, 100)).toBe(
      '  working  ██████░░░░░░░░░░░░░░░░░░  25 %   60 rows read, 15 done   3.0 rows/s   15 s left',
    )
    expect(progressText({ ...waiting, bytes: null }, null, 100)).toBe('  working  60 rows read, 15 done   3.0 rows/s')
    // In half the input a third is done.
    const half = { ...waiting, bytes: { before: 0, read: 50, total: 100 }, rows_done: 20 }
    expect(progressText(half, null, 100)).toContain('  16 %')
    expect(progressText({ ...waiting, rows_done: 59, elapsed_us: 1000 }, null, 100)).toContain('1 s left')
  })

  test('continues from what was done before, when all had been read by then', () => {
    const bytes = { before: 100, read: 100, total: 100 }
    const before = { rows_read: 60, rows_done: 20 }
    const resumed = { rows_read: 60, rows_done: 40, before, elapsed_us: 10_000_000, bytes }
    expect(progressText(resumed, null, 100)).toContain('  66 %   60 rows read, 40 done   2.0 rows/s   10 s left')
  })

  test('of records that are dealt, and then worked on, continues from there', () => {
    const bytes = { before: 0, read: 60_000, total: 100_000 }
    const none = { rows_read: 0, rows_done: 0 }
    const dealing = { ...facts, ...none, bytes, dealing: { records: 1200, took_us: null } }
    expect(progressText(dealing, null, 100)).toBe(
      '  dealing  ██░░░░░░░░░░░░░░░░░░░░░░   9 %   1,200 records   2,400 records/s   5 s left',
    )
    expect(progressText({ ...dealing, bytes: null }, null, 100)).toBe('  dealing  1,200 records   2,400 records/s')
    expect(progressText({ ...dealing, bytes: null }, 2400, 100)).toContain('   7 %   1,200 / 2,400 records')
    const working = { ...facts, elapsed_us: 1_500_000, bytes, dealing: { records: 2000, took_us: 1_000_000 } }
    expect(progressText(working, null, 100)).toBe(
      '  working  ████████████████░░░░░░░░  66 %   1,200 rows   2,400 rows/s   1 s left',
    )
    expect(progressText({ ...working, ...none, bytes: { ...bytes, read: 0 } }, null, 100)).toContain('  15 %   0 rows')
  })

  test('says how many splits are done, and who works on others', () => {
    const bytes = { before: 0, read: 61_000, total: 100_000 }
    const splits = { count: 64, closed: 12, under_way: 8, workers: 3 }
    expect(progressText({ ...facts, bytes, splits }, null, 120)).toBe(
      '  reading  ███████████████░░░░░░░░░  61 %   1,200 rows   12 / 64 splits, 8 by 3 workers   2,400 rows/s   0 s left',
    )
    // The bar goes first, and then the rate.
    expect(progressText({ ...facts, bytes, splits }, null, 90)).toBe(
      '  reading  61 %   1,200 rows   12 / 64 splits, 8 by 3 workers   2,400 rows/s   0 s left',
    )
    expect(progressText({ ...facts, bytes, splits }, null, 79)).toBe(
      '  reading  61 %   1,200 rows   12 / 64 splits, 8 by 3 workers   0 s left',
    )
    // Each thread works on one.
    const threads = { ...splits, workers: 8 }
    expect(progressText({ ...facts, splits: threads }, null, 100)).toBe(
      '  reading  1,200 rows   12 / 64 splits, 8 under way   2,400 rows/s',
    )
    expect(progressText({ ...facts, splits, dealing: { records: 9, took_us: null } }, null, 100)).not.toContain('split')
  })

  test('keeps to the width of the terminal, the bar going first', () => {
    const bytes = { before: 0, read: 61_000, total: 100_000 }
    expect(progressText({ ...facts, bytes }, null, 70)).toBe(
      '  reading  █████░░░  61 %   1,200 rows   2,400 rows/s   0 s left',
    )
    expect(progressText({ ...facts, bytes }, null, 58)).toBe('  reading  61 %   1,200 rows   2,400 rows/s   0 s left')
    expect(progressText({ ...facts, bytes }, null, 30)).toBe('  reading  61 %   1,200 rows …')
  })

  test('begins with nothing read', () => {
    expect(progressText({ ...facts, rows_read: 0, elapsed_us: 0 }, 10, 100)).toContain('0 / 10 rows')
    expect(progressText({ ...facts, bytes: { before: 0, read: 0, total: 0 } }, null, 100)).not.toContain('%')
  })
})
