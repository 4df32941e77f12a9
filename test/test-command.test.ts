/** `custody test`: which files a test file names, and what is wrong with one case. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'

const PIPELINE = `name: orders
defaults: { on_error: discard, on_invalid: discard }
sources:
  orders: { plugin: csv, options: { path: orders.csv }, schema: { mode: fixed, fields: { id: integer } }, to: size }
nodes:
  size: { gate: row.id >= 10, routes: { true: large, false: small } }
sinks:
  small: { plugin: jsonl, options: { path: small.jsonl } }
  large: { plugin: jsonl, options: { path: large.jsonl } }
ledger: { url: sqlite:./books.db }
`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-test-command-'))
  writeFileSync(join(folder, 'orders.yaml'), PIPELINE)
  writeFileSync(join(folder, 'orders.csv'), 'id\n1\n10\n')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const custody = (...args: string[]) =>
  runInProcess(args, folder, { XDG_CONFIG_HOME: join(folder, 'config'), XDG_CACHE_HOME: join(folder, 'cache') })

const tests = (text: string, name = 'orders.test.yaml') => writeFileSync(join(folder, name), text)

test('a setting that is wrong is a result of its case, and the others are run', async () => {
  tests(`cases:
  - { name: good, rows: { orders: [{ id: 1 }] }, expect: { counts: { small: 1, large: 0 } } }
  - { name: bad, set: [nodes.size.gate=row.idd >= 10], rows: { orders: [{ id: 1 }] }, expect: { counts: { small: 1 } } }
  - { name: after, rows: { orders: [{ id: 10 }] }, expect: { counts: { small: 0, large: 1 } } }
`)
  const { exit, stdout } = await custody('test', 'orders.yaml', '--json')
  const { cases } = JSON.parse(stdout) as { readonly cases: readonly { readonly name: string; readonly ok: boolean }[] }
  expect([exit, cases.map(({ name, ok }) => [name, ok])]).toEqual([
    1,
    [
      ['good', true],
      ['bad', false],
      ['after', true],
    ],
  ])
})

test('a source has rows or a file', async () => {
  tests(
    'cases: [{ name: both, rows: { orders: [{ id: 1 }] }, files: { orders: orders.csv }, expect: { counts: { small: 1 } } }]',
  )
  const { exit, stderr } = await custody('test', 'orders.yaml')
  expect([exit, stderr]).toEqual([2, expect.stringContaining('source `orders` has rows in this case, and a file')])
})

test('paths of files, and of the pipeline, may be absolute', async () => {
  mkdirSync(join(folder, 'tests'))
  const [pipeline, file] = [join(folder, 'orders.yaml'), join(folder, 'orders.csv')]
  tests(
    `pipeline: ${pipeline}\ncases: [{ name: c, files: { orders: ${file} }, expect: { counts: { small: 1, large: 1 } } }]`,
    'tests/mine.test.yaml',
  )
  const { exit, stderr } = await custody('test', 'tests/mine.test.yaml')
  expect(exit, stderr).toBe(0)
})

test('--from looks in the ledger of the pipeline that the test file names', async () => {
  expect((await custody('run', 'orders.yaml')).exit).toBe(0)
  mkdirSync(join(folder, 'tests'))
  const one = '  - { name: one, rows: { orders: [{ id: 1 }] }, expect: { counts: { small: 1 } } }'
  tests(`pipeline: ../orders.yaml\ncases:\n${one}\n`, 'tests/mine.test.yaml')
  const added = await custody('test', 'tests/mine.test.yaml', '--from', 'latest', '--row', '2')
  expect(added.exit, added.stderr).toBe(0)
  expect(readFileSync(join(folder, 'tests/mine.test.yaml'), 'utf8')).toContain('large')
  expect((await custody('test', 'tests/mine.test.yaml')).exit).toBe(0)
})

test('--from refuses a run whose source the pipeline hasn’t, and writes nothing', async () => {
  expect((await custody('run', 'orders.yaml')).exit).toBe(0)
  writeFileSync(join(folder, 'bills.yaml'), PIPELINE.replace('  orders:', '  bills:'))
  const { exit, stderr } = await custody('test', 'bills.yaml', '--from', 'latest', '--row', '1')
  expect(exit).toBe(2)
  expect(stderr).toContain('is of another pipeline: bills.yaml has no source `orders`')
  expect(existsSync(join(folder, 'bills.test.yaml'))).toBe(false)
})

test('a case that fails says which errors its rows met, unless they are expected', async () => {
  tests(`cases:
  - { name: silent, rows: { orders: [{ id: 10 }, { id: x }] }, expect: { sinks: { large: [{ id: 10 }, { id: 11 }] } } }
  - name: expected
    rows: { orders: [{ id: x }] }
    expect: { rows: [{ row: 1, error: SCHEMA_TYPE, sink: large }], counts: { large: 1 } }
`)
  const { exit, stdout } = await custody('test', 'orders.yaml', '--json')
  const { cases } = JSON.parse(stdout)
  expect(exit).toBe(1)
  expect(cases[0].problems[0].notes).toEqual([expect.stringMatching(/^row 2 SCHEMA_TYPE at orders: .*id.*/)])
  expect(cases[1].problems.map((each: { notes: unknown }) => each.notes)).toEqual([[], []])
  expect((await custody('test', 'orders.yaml')).stdout).toMatch(/^ {8}met: row 2 SCHEMA_TYPE at orders: /m)
})

test('a case that expects nothing fails', async () => {
  tests('cases: [{ name: empty, rows: { orders: [{ id: 1 }] }, expect: {} }]')
  const { exit, stdout } = await custody('test', 'orders.yaml')
  expect([exit, stdout]).toEqual([1, expect.stringContaining('it expects nothing')])
})

test('an outcome, a cause or a stop that there isn’t is a mistake of the file', async () => {
  tests(`cases:
  - name: misspelt
    rows: { orders: [{ id: 1 }] }
    expect: { rows: [{ row: 1, outcome: ROUTE, cause: gates }], stops: CUSTODY_SOURSE }
`)
  const { exit, stdout } = await custody('test', 'orders.yaml', '--json')
  const { diagnostics } = JSON.parse(stdout).error
  expect(exit).toBe(2)
  expect(diagnostics.map(({ message, hint }: { message: string; hint: string }) => [message, hint])).toEqual([
    ['`outcome` can’t be `ROUTE`', 'did you mean ROUTED?'],
    ['`cause` can’t be `gates`', 'did you mean gate?'],
    ['`stops` can’t be `CUSTODY_SOURSE`', 'did you mean CUSTODY_SOURCE?'],
  ])
})

test('the clock of a case is when its run started; --from keeps that of the row, and adds a case once', async () => {
  const gate =
    "size: { gate: run.started_at < timestamp('2026-06-01T00:00:00Z'), routes: { true: large, false: small } }"
  writeFileSync(join(folder, 'orders.yaml'), PIPELINE.replace(/size: \{ gate.*\}/, gate))
  tests(`cases:
  - { name: before, clock: '2026-05-31T23:59:59.999999Z', rows: { orders: [{ id: 1 }] }, expect: { counts: { large: 1 } } }
  - { name: after, clock: 2026-06-01T02:00:00+02:00, rows: { orders: [{ id: 1 }] }, expect: { counts: { small: 1 } } }
`)
  expect(await custody('test', 'orders.yaml')).toMatchObject({ exit: 0 })
  tests('cases: [{ name: never, clock: 2026-02-30T00:00:00Z, rows: {}, expect: { counts: { small: 0 } } }]')
  expect((await custody('test', 'orders.yaml')).stderr).toMatch(
    /`clock` isn’t an instant.*\n.*\n.*\n.*hint: write 2026-01-31/,
  )
  rmSync(join(folder, 'orders.test.yaml'))
  await custody('run', 'orders.yaml')
  const [{ started_at: started }] = JSON.parse((await custody('runs', '--ledger', 'sqlite:books.db', '--json')).stdout)
  expect((await custody('test', 'orders.yaml', '--from', 'latest', '--row', '2')).stderr).toMatch(/ is a case of /)
  const text = readFileSync(join(folder, 'orders.test.yaml'), 'utf8')
  expect(text).toContain(`    clock: ${started}\n`)
  expect((await custody('test', 'orders.yaml', '--from', 'latest', '--row', '2')).stderr).toMatch(
    / already; nothing was written/,
  )
  expect(readFileSync(join(folder, 'orders.test.yaml'), 'utf8')).toBe(text)
  expect(await custody('test', 'orders.yaml')).toMatchObject({ exit: 0 })
})

const BY_VALUE = `name: regions
defaults: { on_error: refused, on_invalid: refused }
sources:
  in: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer, region: string? } }, to: out }
sinks:
  out: { plugin: csv, options: { path: 'out/{{ row.region }}.csv', max_files: 2 } }
  refused: { plugin: jsonl, options: { path: out/refused.jsonl }, on_error: discard }
ledger: { url: sqlite:./books.db }
`
const REGIONS = ['north', '', 'a/b', 'NORTH', 'south', 'west', 'con']

test('rows end at a sink with a path by value as they do in a run, in cases and in a dry run', async () => {
  writeFileSync(join(folder, 'regions.yaml'), BY_VALUE)
  writeFileSync(join(folder, 'in.csv'), `id,region\n${REGIONS.map((region, i) => `${i + 1},${region}\n`).join('')}`)
  tests(
    `cases:
  - name: as the run
    files: { in: in.csv }
    expect:
      rows:
        - { row: 1, sink: out }
        - { row: 2, sink: refused, error: PATH_NULL }
        - { row: 3, sink: refused, error: PATH_VALUE }
        - { row: 4, sink: out }
        - { row: 5, sink: out }
        - { row: 6, sink: refused, error: PATH_FILES }
        - { row: 7, sink: refused, error: PATH_VALUE }
      files: { out/north.csv: [{ id: 1 }, { id: 4 }], out/nowhere.csv: [] }
`,
    'regions.test.yaml',
  )
  const tested = await custody('test', 'regions.yaml')
  const dry = await custody('run', 'regions.yaml', '--dry-run', '--json')
  const run = await custody('run', 'regions.yaml', '--json')
  const counts = (text: string) => {
    const { outcomes, causes, sinks } = JSON.parse(text) as {
      readonly outcomes: unknown
      readonly causes: unknown
      readonly sinks: { readonly [name: string]: { readonly rows: number } }
    }
    return { outcomes, causes, rows: Object.entries(sinks).map(([name, { rows }]) => [name, rows]) }
  }
  expect(counts(dry.stdout)).toEqual(counts(run.stdout))
  expect(tested.exit, tested.stdout).toBe(0)
})

const SLOW = `export default {
  kind: 'transform', name: 'slow', summary: 'Takes its time', determinism: 'deterministic', cardinality: 'one', errors: {},
  options: z.strictObject({}), examples: [{ title: 'A row', options: {} }],
  create: () => ({ process: async row => {
    await new Promise(resolve => setTimeout(resolve, 60))
    return { kind: 'row', row: { ...row, slow: true } }
  } }),
}`

test('no group or batch of a case is closed by time that a plugin takes', async () => {
  const zod = import.meta.resolve('zod')
  writeFileSync(join(folder, 'slow.mjs'), `import { z } from '${zod}'\n${SLOW}`)
  writeFileSync(
    join(folder, 'timed.yaml'),
    `name: timed
defaults: { on_error: discard, on_invalid: discard }
plugins: [./slow.mjs]
sources: { in: { plugin: jsonl, options: { path: in.jsonl }, to: both } }
nodes:
  both: { fork: { a: slow, b: merged } }
  slow: { transform: slow, options: {}, to: merged }
  merged: { coalesce: [a, b], policy: best_effort, timeout: 5ms, to: batch }
  batch: { aggregate: batch_stats, options: { value: id }, trigger: { max_age: 5ms }, to: out }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl } } }
`,
  )
  tests(
    `cases:
  - name: all together
    rows: { in: [{ id: 1 }, { id: 2 }, { id: 3 }] }
    expect: { sinks: { out: [{ count: 3 }] }, errors: [] }
`,
    'timed.test.yaml',
  )
  const { exit, stdout, stderr } = await custody('test', 'timed.yaml')
  expect(exit, stdout + stderr).toBe(0)
})

test('a folder in the place of a file is said to be one', async () => {
  mkdirSync(join(folder, 'cases'))
  const { exit, stderr } = await custody('test', 'cases')
  expect([exit, stderr]).toEqual([
    2,
    expect.stringContaining('cases is a directory\n  hint: Name a pipeline file in it'),
  ])
  const runs = await custody('runs', '--ledger', 'sqlite:./cases')
  expect(runs.stderr).toContain('cases is a folder\n  hint: Name the ledger’s file')
  expect((await custody('key', 'nope')).stderr).toContain('help key')
})
