/** Lists of files whose records are dealt to splits: what such runs leave, and what is on record of each file. */
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Progress } from '../src/engine/run/start.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import { JoinedLedger } from '../src/read/evidence/joined-ledger.ts'
import { JoinedReader } from '../src/read/evidence/joined-reader.ts'
import { explainRow } from '../src/read/explain/explain.ts'
import { numberOfRow } from '../src/read/recorded/named-row.ts'
import { InputFiles } from '../src/read/runs/input-files.ts'
import { showRun } from '../src/read/show/show.ts'
import type { CheckResult } from '../src/read/verify/check.ts'
import { compareInputs } from '../src/read/verify/compare-inputs.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { LONG } from './support/form.ts'
import { HostRuns } from './support/host-runs.ts'
import { zipOf } from './support/zip.ts'

let runs: HostRuns
beforeEach(() => {
  runs = new HostRuns()
})
afterEach(() => runs.close())

const ids = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)
/** Every hundredth record is broken. */
const csv = (from: number, count: number) =>
  `id,who,amount\n${ids(from, count)
    .map(id => `${id},${'abcdefg'[(id * id) % 8] ?? ''},${id % 100 === 0 ? 'x' : id * 3}\n`)
    .join('')}`

const PIPELINE = `
name: many
defaults: { on_error: problems, on_invalid: problems }
sources:
  claims:
    plugin: csv
    options: { path: in/**, path_field: came_from }
    schema: { mode: fixed, fields: { id: integer, who: string?, amount: integer } }
    to: known
nodes:
  known: { transform: filter, options: { keep: row.amount > 300 }, to: out }
sinks:
  out: { plugin: csv, options: { path: out/all.csv } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`

/** Files with a header each, one of them without a record; some are packed, or members of an archive. */
function layOut(): void {
  for (const [name, from, count] of [
    ['a', 1, 120],
    ['b', 121, 7],
    ['d', 128, 1300],
    ['e', 428, 1],
    ['h', 599, 60],
  ] as const)
    runs.write(`in/${name}.csv`, csv(from, count))
  runs.write('in/c.csv', csv(0, 0))
  runs.write('in/f.csv.gz', gzipSync(csv(429, 90)))
  const members = ['m.csv', 'n.csv'].map((name, i) => ({ name, content: csv(519 + 40 * i, 40) }))
  runs.write('in/g.zip', zipOf(members))
}

/** Lines of outputs, in whatever order. */
const lines = () => Object.entries(runs.outputs()).map(([name, text]) => [name, text.split('\n').sort()])

/** The run without splits, and with so many, which leaves the same rows, and says the same of each file. */
async function both(yaml: string, splits: number, how: Parameters<HostRuns['start']>[0] = {}) {
  const found: string[] = []
  const left: object[] = []
  for (const text of [yaml, `splits: { count: ${splits}, by: who }\n${yaml}`]) {
    runs.remove('out')
    runs.write('p.yaml', text)
    const { run, result } = await runs.start(how)
    expect(result.error).toBeNull()
    const { status, rows, tokens, outcomes, causes } = result.summary
    left.push({ lines: lines(), status, rows, tokens, outcomes, causes })
    found.push(run)
  }
  expect(left[1]).toEqual(left[0])
  expect(await runs.problems()).toEqual([])
  const [alone = '', dealt = ''] = found
  await sameFiles(alone, dealt)
  return { alone, dealt }
}

/** Of files the same is said, and of rows where they come from. */
async function sameFiles(alone: string, dealt: string): Promise<void> {
  await runs.reading(async reader => {
    const joined = new JoinedLedger(reader)
    const files = async (run: string) => (await showRun(joined, run, () => false)).files ?? []
    expect(await files(dealt)).toEqual(await files(alone))
    const compared = await compareInputs(reader, [alone, dealt])
    expect(compared.get(dealt)).toEqual(compared.get(alone))
    // Nobody reads all entries to show one row.
    const entries = () => {
      throw new Error('all entries are read')
    }
    const checked = Object.assign(new JoinedReader(new CheckedReader(reader, { remembered: null })), { entries })
    const origin = async (run: string, index: number) => {
      const log = (await reader.logOf(run)) ?? 0
      const row = await numberOfRow(checked, log, { source: 'claims', index })
      const { subject } = await explainRow(checked, log, row)
      return { ...subject, row: 0 }
    }
    const records = (await files(alone)).reduce((sum, each) => sum + each.records, 0)
    for (let index = 1; index <= records; index += 193)
      expect(await origin(dealt, index)).toEqual(await origin(alone, index))
  })
}

describe('a run whose records were dealt leaves what one without splits leaves, and says the same of each file', () => {
  test.each(LONG ? [1, 4, 60] : [4])('in %i splits', async splits => {
    layOut()
    await both(PIPELINE, splits)
  })

  test.each(LONG ? [1, 120, 121, 127, 1428, 1500, 9999] : [121])('of the first %i records', async limit => {
    layOut()
    await both(PIPELINE, 4, { limit })
  })

  test('of empty files, of none, and of records that are whole files', async () => {
    for (const name of ['a', 'b']) runs.write(`in/${name}.csv`, csv(1, 0))
    await both(PIPELINE, 3)
    runs.remove('in')
    await both(PIPELINE.replace('path_field', 'if_missing: empty, path_field'), 3)
    for (const i of ids(1, 9))
      runs.write(`in/${i}.json`, JSON.stringify(ids(100 * i, 5 * i).map(id => ({ id, who: 'ab'[id % 2], amount: id }))))
    await both(PIPELINE.replace('plugin: csv', 'plugin: json'), 4)
  })
})

test('what is decided, and which files rows name, is looked at again in all splits together', {
  tags: ['proof'],
}, async () => {
  layOut()
  const decided = PIPELINE.replace(
    /known: .*/,
    'known: { gate: row.amount > 300, routes: { true: out, false: discard } }',
  ).replace('out/all.csv', "'out/{{ row.who }}.csv'")
  const found: CheckResult[] = []
  for (const splits of ['', 'splits: { count: 4 }', 'splits: { count: 4, by: who }']) {
    runs.write('p.yaml', `${splits}\n${decided}`)
    runs.remove('out')
    const { run } = await runs.start()
    const looked = await runs.reading(reader => verifyLedger(reader, { keys: 'any', decisions: true, run }))
    found.push(...looked.runs.flatMap(({ checks }) => checks.filter(({ name }) => name === 'decisions')))
  }
  expect(found.map(({ problems, not_checked }) => [problems, not_checked])).toEqual(found.map(() => [[], []]))
  const [alone = 0, cut, dealt] = found.map(({ compared }) => compared)
  const rows = 1658 - Math.floor(1658 / 100)
  expect([cut, dealt]).toEqual([alone, alone + rows])
})

test('how far it is never goes back: records are dealt, and then rows are read', async () => {
  layOut()
  runs.write('p.yaml', `splits: { count: 3, by: who }\n${PIPELINE}`)
  const all: Progress[] = []
  await runs.start({}, Number.POSITIVE_INFINITY, each => all.push(each))
  const dealing = all.filter(each => each.dealing?.took_us === null)
  const [first] = all.slice(dealing.length)
  expect(dealing.length).toBeGreaterThan(1)
  expect(dealing.every(each => each.rows_read === 0)).toBe(true)
  expect(dealing.at(-1)?.dealing?.records).toBe(1658)
  const took_us = first?.dealing?.took_us ?? 0
  expect(took_us).toBeGreaterThan(0)
  for (const [i, { elapsed_us, rows_read, dealing: dealt }] of all.slice(dealing.length).entries()) {
    expect(dealt).toEqual({ records: 1658, took_us })
    const before = all[dealing.length + i - 1]
    expect(elapsed_us).toBeGreaterThanOrEqual(Math.max(took_us, before?.elapsed_us ?? 0))
    expect(rows_read).toBeGreaterThanOrEqual(before?.rows_read ?? 0)
  }
})

describe('a run that was stopped', () => {
  const FILE = 'in/h.csv'

  async function stopped(at: number): Promise<string> {
    layOut()
    runs.write('p.yaml', `splits: { count: 5, by: who }\n${PIPELINE}`)
    const { run, result } = await runs.start({}, at)
    expect(result).toMatchObject({ error: null, stopped_by: 'user' })
    return run
  }

  /** What it leaves with the files that it had. */
  async function continues(run: string): Promise<void> {
    expect(await runs.resume(run)).toMatchObject({ result: { error: null, summary: { rows: { read: 1658 } } } })
    expect(await runs.problems()).toEqual([])
    const outputs = runs.outputs()
    runs.remove('in/aa.csv')
    runs.remove('out')
    layOut()
    await runs.start()
    expect(outputs).toEqual(runs.outputs())
  }

  test('while records were dealt deals those of the files that it had', { tags: ['proof'] }, async () => {
    const run = await stopped(1)
    expect(await filesOf(run)).toBe(0)
    runs.write('in/aa.csv', csv(9000, 10))
    await continues(run)
  })

  test('behind that needs none of them, and says which they were', async () => {
    const run = await stoppedBehind()
    expect(await filesOf(run)).toBe(9)
    runs.remove('in')
    expect(await runs.resume(run)).toMatchObject({ result: { error: null, summary: { rows: { read: 1658 } } } })
    expect(await runs.problems()).toEqual([])
    expect(await filesOf(run)).toBe(9)
  })

  /** It comes to a guard when all splits have ended. */
  async function stoppedBehind(): Promise<string> {
    layOut()
    const guarded = `splits: { count: 5, by: who }\n${PIPELINE}`
    runs.write('p.yaml', `${guarded}guards: { failed: 0 }\n`)
    const { run, result } = await runs.start()
    expect(result.error).toMatchObject({ code: 'CUSTODY_GUARD' })
    runs.write('p.yaml', guarded)
    return run
  }

  const filesOf = (run: string) =>
    runs.reading(async reader => {
      const log = (await reader.logOf(run)) ?? 0
      return (await InputFiles.of(new JoinedLedger(reader), log))?.files.get('claims')?.length
    })

  test('refuses a file that is gone as long as records are dealt', { tags: ['proof'] }, async () => {
    const run = await stopped(1)
    runs.remove(FILE)
    await expect(runs.resume(run)).rejects.toMatchObject({ code: 'CUSTODY_FILE_NOT_FOUND' })
    expect(await runs.problems()).toEqual([])
    layOut()
    await continues(run)
  })

  test('is given up, while records were dealt and behind that', async () => {
    for (const run of [await stopped(1), await stoppedBehind()]) {
      const status = { error: null, summary: { status: 'abandoned' } }
      expect(await runs.resume(run, { abandon: true })).toMatchObject({ result: status })
      expect(await runs.problems()).toEqual([])
    }
  })
})
