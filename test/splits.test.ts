/** Pipelines that ask for splits, run as hosts do: they leave what they leave without, or say why they can't. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../src/engine/ports/ports.ts'
import type { Progress } from '../src/engine/run/start.ts'
import { compilePipeline } from '../src/host/compile.ts'
import type { HostPorts } from '../src/host/ports.ts'
import { type RerunObserver, rerunRows } from '../src/host/rerun.ts'
import { type ResumeObserver, resumeStopped } from '../src/host/resume.ts'
import { type StartRequest, startRun } from '../src/host/start.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import { isCustodyError } from '../src/model/error.ts'
import { builtins } from '../src/plugins/index.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'

let folder: string
let heard: string[]
let stop: AbortController
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-splits-'))
  heard = []
  stop = new AbortController()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const nothing = () => undefined
const observer: RerunObserver & ResumeObserver = {
  ...{ onChecking: nothing, onChecked: nothing, onWarnings: nothing, onOpen: nothing, onStart: nothing },
  ...{
    onChosen: nothing,
    onProgress: nothing,
    onService: nothing,
    onClosing: nothing,
    onTrouble: nothing,
    onLate: nothing,
  },
  onRestored: ({ rows_read, open }) => void heard.push(`restored at ${rows_read}, ${open} open`),
  onNotice: ({ text }) => void heard.push(text),
}
const ports = (): HostPorts => ({
  cwd: folder,
  env: { XDG_CONFIG_HOME: join(folder, 'config'), XDG_CACHE_HOME: join(folder, 'cache') },
  ...{ custody: '0', clock: systemClock(), signal: stop.signal },
})
const url = () => `sqlite:${join(folder, 'custody.db')}`

const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

async function requested(how: Partial<StartRequest> = {}): Promise<StartRequest> {
  const plan = await compilePipeline(ports().env, join(folder, 'p.yaml'), [], nothing)
  const whole = { limit: Number.POSITIVE_INFINITY, dry_run: false, kept: true, strict: false, outputs_folder: null }
  return { plan, url: url(), before_url: url(), ...whole, ...how }
}

const start = async (how: Partial<StartRequest> = {}) => startRun(await requested(how), null, ports(), observer)

const resumption = { sets: [], from_ledger_only: false, abandon: false, strict: false }
const resume = (run: string, how: Partial<typeof resumption> = {}) =>
  resumeStopped({ url: url(), name: run, ...resumption, ...how }, ports(), observer)

/** Code and message of what it throws. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (thrown) {
    if (isCustodyError(thrown)) return `${thrown.code}: ${thrown.message}`
    throw thrown
  }
  throw new Error('nothing was refused')
}

/** By path: what is in `out/`. */
function outputs(): { [path: string]: string } {
  const out = join(folder, 'out')
  if (!existsSync(out)) return {}
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter(each => each.isFile())
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort()
  return Object.fromEntries(paths.map(path => [path.slice(out.length + 1), readFileSync(path, 'utf8')]))
}

/** What a run without splits leaves, and what one with so many does, each in an empty folder. */
async function both(yaml: string, splits: number, how: Partial<StartRequest> = {}) {
  const left: Array<{ readonly outputs: ReturnType<typeof outputs>; readonly summary: object }> = []
  for (const text of [yaml, `splits: { count: ${splits} }\n${yaml}`]) {
    rmSync(join(folder, 'out'), { recursive: true, force: true })
    write('p.yaml', text)
    const { result } = await start(how)
    expect(result.error).toBeNull()
    const { status, rows, tokens, outcomes, causes } = result.summary
    left.push({ outputs: outputs(), summary: { status, rows, tokens, outcomes, causes } })
  }
  const [alone, apart] = left
  return { alone, apart }
}

const IDS = Array.from({ length: 900 }, (_, i) => i + 1)
const CLAIMS = `id,amount\n${IDS.map(id => `${id},${id % 100 === 0 ? 'x' : id * 3}`).join('\n')}\n`
const PIPELINE = `
name: claims
defaults: { on_error: problems, on_invalid: problems }
sources:
  claims:
    plugin: csv
    options: { path: claims.csv }
    schema: { mode: fixed, fields: { id: integer, amount: integer } }
    to: known
nodes:
  known: { transform: filter, options: { keep: row.amount > 300 }, to: out }
sinks:
  out: { plugin: csv, options: { path: out/all.csv } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`
const IN_SPLITS = `splits: { count: 4 }${PIPELINE}`

/** Built in, and write files. */
const FILE_SINKS = builtins.flatMap(spec => (spec.kind === 'sink' && spec.delivery !== 'outbound' ? [spec.name] : []))

describe('a run with splits leaves what one without leaves', () => {
  test.each([1, 4, 60])('in %i splits', async splits => {
    write('claims.csv', CLAIMS)
    const { alone, apart } = await both(PIPELINE, splits)
    expect(apart).toEqual(alone)
    expect(Object.keys(alone?.outputs ?? {})).toEqual(['all.csv', 'problems.jsonl'])
  })

  test('of an input without records, and of none', async () => {
    for (const text of ['id,amount\n', '']) {
      write('claims.csv', text)
      const { alone, apart } = await both(PIPELINE, 3)
      expect(apart).toEqual(alone)
    }
  })

  test.each([0, 1, 450, 10_000])('of its first %i records', { tags: ['proof'] }, async limit => {
    write('claims.csv', CLAIMS)
    const { alone, apart } = await both(PIPELINE, 5, { limit })
    expect(apart).toEqual(alone)
  })

  test('of inputs that can’t be cut', async () => {
    write('claims.csv', CLAIMS)
    execFileSync('gzip', ['-k', join(folder, 'claims.csv')])
    write('more.json', JSON.stringify(IDS.map(id => ({ id: 1000 + id, amount: id }))))
    const more = '{ plugin: json, options: { path: more.json }, to: known }'
    const yaml = PIPELINE.replace('claims.csv', 'claims.csv.gz').replace('nodes:', `  more: ${more}\nnodes:`)
    const { alone, apart } = await both(yaml.replace('all.csv', 'all.csv, columns: [id, amount]'), 5)
    expect(apart).toEqual(alone)
  })

  test('where columns are named by a header that another split reads', async () => {
    write('claims.csv', `Id No,Amount\n${IDS.map(id => `${id},${id}`).join('\n')}\n`)
    write('more.jsonl', IDS.map(id => `${JSON.stringify({ id_no: id, Amount: id })}\n`).join(''))
    const yaml = `
name: headers
defaults: { on_error: problems, on_invalid: problems }
sources:
  claims: { plugin: csv, options: { path: claims.csv }, to: out }
  more: { plugin: jsonl, options: { path: more.jsonl }, to: out }
sinks:
  out: { plugin: csv, options: { path: out/all.csv, columns: [Id No, Amount], headers: original } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`
    const { alone, apart } = await both(yaml, 6)
    expect(apart).toEqual(alone)
    expect(alone?.outputs['all.csv']?.split('\n')).toHaveLength(2 * IDS.length + 2)
    expect(alone?.outputs['problems.jsonl']).toBe('')
  })

  test.each(FILE_SINKS)('written by %s, to one file and to those that rows name', async plugin => {
    write('claims.csv', CLAIMS)
    const options = plugin === 'text' ? ', field: line' : ''
    const sink = (path: string) => `{ plugin: ${plugin}, options: { path: '${path}'${options} } }`
    const yaml = `
name: formats
defaults: { on_error: discard, on_invalid: discard }
sources:
  claims:
    plugin: csv
    options: { path: claims.csv }
    schema: { mode: fixed, fields: { id: integer, amount: integer } }
    to: lines
nodes:
  lines: { transform: compute, options: { set: { line: 'string(row.id) + " of " + string(row.id % 3)', third: row.id % 3 } }, to: copies }
  copies: { fork: { one: whole, other: named } }
sinks:
  whole: ${sink(`out/whole.${plugin}`)}
  named: ${sink(`out/named/{{ row.third }}.${plugin}`)}
`
    const { alone, apart } = await both(yaml, 4)
    expect(apart).toEqual(alone)
    expect(Object.keys(alone?.outputs ?? {})).toHaveLength(4)
  })

  test('where rows name files that the run needs', async () => {
    mkdirSync(join(folder, 'out'))
    write(
      'rows.jsonl',
      IDS.map(id => `${JSON.stringify({ id, to: id % 7 === 0 ? 'fixed' : `f${id % 3}` })}\n`).join(''),
    )
    const yaml = `
name: named
defaults: { on_error: problems, on_invalid: problems }
sources:
  rows: { plugin: jsonl, options: { path: rows.jsonl }, to: copies }
nodes:
  copies: { fork: { one: fixed, other: named } }
sinks:
  fixed: { plugin: jsonl, options: { path: out/fixed.jsonl } }
  named: { plugin: jsonl, options: { path: 'out/{{ row.to }}.jsonl' } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`
    const { alone, apart } = await both(yaml, 3)
    expect(apart).toEqual(alone)
    expect(alone?.outputs['problems.jsonl']).toContain('PATH_IN_USE')
  })
})

describe('before it begins, a run with splits is refused', () => {
  beforeEach(() => write('claims.csv', CLAIMS))
  const refused = async (text: string, how: Partial<StartRequest> = {}) => {
    write('p.yaml', text)
    const said = await refusal(start(how))
    expect(existsSync(join(folder, 'custody.db'))).toBe(false)
    return said
  }

  test('a limit that can’t be kept', async () => {
    execFileSync('gzip', ['-k', join(folder, 'claims.csv')])
    expect(await refused(IN_SPLITS.replace('claims.csv', 'claims.csv.gz'), { limit: 5 })).toBe(
      'CUSTODY_SPLITS: --limit can’t be kept where source `claims` is read by one split as a whole',
    )
  })

  test.skipIf(process.platform === 'win32')('a pipe, to read or to write', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')])
    expect(await refused(IN_SPLITS.replace('claims.csv', 'pipe'))).toMatch(
      /^CUSTODY_SPLITS: source `claims` waits for somebody who writes to the pipe .*pipe, which can be read only once/,
    )
    expect(await refused(IN_SPLITS.replace('out/all.csv', 'pipe'))).toBe(
      'CUSTODY_SPLITS: sink `out` writes to a device or a pipe, and splits write files that become one at the end',
    )
  })
})

test('more files than a sink may make are too many when all is put together, and nothing is published', async () => {
  write('claims.csv', CLAIMS)
  const named = `out/{{ row.id }}.csv', max_files: 400`
  write('p.yaml', IN_SPLITS.replace('out/all.csv', `'${named}`))
  const { run, result } = await start()
  expect(result.error).toMatchObject({
    code: 'CUSTODY_SINK',
    message: expect.stringMatching(/^sink `out` can’t take what all splits have written: .*max_files: 400$/),
  })
  expect(outputs()).toEqual({})
  const given_up = await resume(run, { abandon: true })
  expect(given_up).toMatchObject({ kind: 'run', result: { error: null, summary: { status: 'abandoned' } } })
  expect(Object.keys(outputs())).toEqual([])
})

describe('guards', () => {
  test('hold for the run at its end', async () => {
    write('claims.csv', CLAIMS)
    write('p.yaml', `guards: { rejected: 8 }\n${IN_SPLITS}`)
    const { run, result } = await start()
    // Each split has fewer.
    expect(result.error).toMatchObject({ code: 'CUSTODY_GUARD', message: expect.stringContaining('9 of 900') })
    expect(outputs()).toEqual({})
    const resumed = await resumeStopped(
      { url: url(), name: run, ...resumption, sets: ['guards.rejected=off'] },
      ports(),
      observer,
    )
    expect(resumed).toMatchObject({ kind: 'run', result: { error: null } })
    expect(Object.keys(outputs())).toEqual(['all.csv', 'problems.jsonl'])
  })

  test('stop a split of whose first thousand records none can be used', async () => {
    const broken = Array.from({ length: 1500 }, (_, i) => `${i},x`)
    write('claims.csv', `${CLAIMS}${broken.join('\n')}\n`)
    write('p.yaml', IN_SPLITS.replace('count: 4', 'count: 2'))
    const { result } = await start()
    expect(result.error?.message).toBe('the first 1,000 records of source `claims` in a split were all rejected')
    expect(result.summary.rows.read).toBeLessThan(2400)
    expect(outputs()).toEqual({})
  })
})

test('what is odd about a source is said once', async () => {
  write('claims.csv', CLAIMS)
  write('p.yaml', IN_SPLITS.replace('amount: integer }', 'amount: integer, note: string? }'))
  const { result } = await start()
  expect(result.error).toBeNull()
  expect(heard).toEqual(['claims.csv has no `note`, which the schema has as optional'])
})

test('its progress is that of the whole input', async () => {
  write('claims.csv', CLAIMS)
  write('p.yaml', IN_SPLITS)
  const seen: Array<Pick<Progress, 'rows_read' | 'bytes' | 'splits'>> = []
  const onProgress = (progress: (typeof seen)[number]) => void seen.push(progress)
  await startRun(await requested(), null, ports(), { ...observer, onProgress })
  expect(seen.at(-1)).toMatchObject({ rows_read: 900, bytes: { before: 0, read: CLAIMS.length, total: CLAIMS.length } })
  const [count = 0] = seen.map(({ splits }) => splits?.count ?? 0)
  expect(seen.at(-1)?.splits).toEqual({ count, closed: count, under_way: 0, workers: 0 })
  for (const { splits } of seen)
    if (splits !== undefined && splits.closed < count) expect(splits).toMatchObject({ count, under_way: 1, workers: 1 })
  expect(seen.map(({ rows_read }) => rows_read)).toEqual(
    seen.map(({ rows_read }) => rows_read).toSorted((a, b) => a - b),
  )
})

test('a rehearsal writes nothing, and leaves nothing', { tags: ['proof'] }, async () => {
  write('claims.csv', CLAIMS)
  write('p.yaml', IN_SPLITS)
  const { result } = await start({ dry_run: true })
  expect(result.error).toBeNull()
  expect(result.summary.sinks.out?.rows).toBe(792)
  expect(outputs()).toEqual({})
  expect(readdirSync(folder).filter(name => name.includes('pieces'))).toEqual([])
})

describe('a run with splits that was stopped', () => {
  let run: string
  beforeEach(async () => {
    write('claims.csv', CLAIMS)
    write('p.yaml', IN_SPLITS)
    stop.abort()
    const started = await start()
    expect(started.result).toMatchObject({ error: null, stopped_by: 'user', summary: { status: 'cancelled' } })
    run = started.run
    stop = new AbortController()
  })

  test('says where it continues, and does', async () => {
    const resumed = await resume(run)
    expect(resumed).toMatchObject({ kind: 'run', result: { error: null, summary: { rows: { read: 900 } } } })
    expect(heard).toEqual(['restored at 0, 0 open'])
    expect(await resume(run)).toEqual({ kind: 'sealed', run })
  })

  test('continues with its own number of splits only', { tags: ['proof'] }, async () => {
    write('p.yaml', IN_SPLITS.replace('count: 4', 'count: 5'))
    expect(await refusal(resume(run))).toContain('CUSTODY_PLAN_CHANGED')
    expect(await refusal(resume(run))).toContain('4 splits then, and 5 splits now')
    write('p.yaml', PIPELINE)
    expect(await refusal(resume(run))).toContain('4 splits then, and no splits now')
    write('p.yaml', IN_SPLITS)
    expect(await resume(run)).toMatchObject({ kind: 'run', result: { error: null } })
  })

  test('can’t leave the rest unread, but for being given up', async () => {
    expect(await refusal(resume(run, { from_ledger_only: true }))).toBe(
      'CUSTODY_SPLITS: a run with splits can’t leave the rest of its input unread',
    )
    rmSync(join(folder, 'claims.csv'))
    const given_up = await resume(run, { abandon: true })
    expect(given_up).toMatchObject({ kind: 'run', result: { error: null, summary: { status: 'abandoned' } } })
    expect(outputs()).toEqual({})
  })
})

test('clocks of splits may be ahead of their coordinator’s', async () => {
  write('claims.csv', CLAIMS)
  write('p.yaml', IN_SPLITS)
  // The time of day runs faster than the monotonic clock: who looks at it later is ahead.
  const [day_ms, since_ms] = [Date.now(), performance.now()]
  const faster = vi
    .spyOn(Date, 'now')
    .mockImplementation(() => Math.floor(day_ms + 1.2 * (performance.now() - since_ms)))
  onTestFinished(() => faster.mockRestore())
  const stopping = {
    ...observer,
    onProgress: ({ rows_read }: { rows_read: number }) => rows_read > 500 && stop.abort(),
  }
  const { run, result } = await startRun(await requested(), null, ports(), stopping)
  expect(result.stopped_by).toBe('user')
  stop = new AbortController()
  await resumeStopped({ url: url(), name: run, ...resumption }, ports(), observer)
  const reader = await openLedgerReader(url())
  const { runs } = await verifyLedger(reader, { keys: 'any' }).finally(() => reader.close())
  expect(runs.flatMap(({ checks }) => checks.flatMap(({ problems }) => problems))).toEqual([])
})

test('a run without splits isn’t resumed with them', async () => {
  write('claims.csv', CLAIMS)
  write('p.yaml', PIPELINE)
  stop.abort()
  const { run } = await start()
  stop = new AbortController()
  write('p.yaml', IN_SPLITS)
  expect(await refusal(resume(run))).toContain('no splits then, and 4 splits now')
})

describe('rows of a run with splits, or on a pipeline that asks for them,', () => {
  const rerun = (name: string) =>
    rerunRows(
      {
        ...{ url: url(), name, pipeline: join(folder, 'p.yaml'), sets: [], strict: false },
        ...{ chosen: { where: null, include_written: true, fresh: false }, outputs: 'numbered' as const },
      },
      ports(),
      observer,
    )

  test('are run again by one run, which isn’t cut', async () => {
    write('claims.csv', CLAIMS)
    const again: Array<ReturnType<typeof outputs>> = []
    for (const text of [PIPELINE, IN_SPLITS]) {
      rmSync(join(folder, 'out'), { recursive: true, force: true })
      write('p.yaml', text)
      const { run } = await start()
      write('p.yaml', IN_SPLITS.replace('amount: integer }', 'amount: string }').replace('row.amount > 300', "'true'"))
      expect(await rerun(run)).toMatchObject({ kind: 'run', result: { error: null, summary: { rows: { read: 9 } } } })
      again.push(outputs())
    }
    expect(again[1]).toEqual(again[0])
    expect(again[0]?.['all.csv.rerun-1']?.split('\n')).toHaveLength(11)
  })

  test('are run again to the end, if that is stopped', { tags: ['proof'] }, async () => {
    write('claims.csv', CLAIMS)
    write('p.yaml', IN_SPLITS)
    const { run } = await start()
    write('p.yaml', IN_SPLITS.replace('amount: integer }', 'amount: string }').replace('row.amount > 300', "'true'"))
    stop.abort()
    const stopped = await rerun(run)
    expect(stopped).toMatchObject({ kind: 'run', result: { stopped_by: 'user' } })
    stop = new AbortController()
    const again = stopped.kind === 'run' ? stopped.run : ''
    expect(await resume(again)).toMatchObject({ kind: 'run', result: { error: null, summary: { rows: { read: 9 } } } })
    expect(outputs()['all.csv.rerun-1']?.split('\n')).toHaveLength(11)
  })
})
