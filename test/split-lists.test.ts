/** Lists of files cut into splits: what such runs leave, and what is on record of each file. */
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isCustodyError } from '../src/model/error.ts'
import { JoinedLedger } from '../src/read/evidence/joined-ledger.ts'
import { InputFiles } from '../src/read/runs/input-files.ts'
import { showRun } from '../src/read/show/show.ts'
import { compareInputs } from '../src/read/verify/compare-inputs.ts'
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
  `id,amount\n${ids(from, count)
    .map(id => `${id},${id % 100 === 0 ? 'x' : id * 3}\n`)
    .join('')}`

const PIPELINE = `
name: many
defaults: { on_error: problems, on_invalid: problems }
sources:
  claims:
    plugin: csv
    options: { path: in/**, path_field: came_from }
    schema: { mode: fixed, fields: { id: integer, amount: integer } }
    to: known
nodes:
  known: { transform: filter, options: { keep: row.amount > 300 }, to: out }
sinks:
  out: { plugin: csv, options: { path: out/all.csv } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`

function layOut(): void {
  runs.write('in/a.csv', csv(1, 120))
  runs.write('in/b.csv', csv(121, 7))
  runs.write('in/c.csv', 'id,amount\n')
  runs.write('in/d.csv', csv(128, 300))
  runs.write('in/e.csv', csv(428, 1))
}

function layOutPacked(): void {
  runs.write('in/f.csv.gz', gzipSync(csv(429, 90)))
  const members = ['m.csv', 'n.csv'].map((name, i) => ({ name, content: csv(519 + 40 * i, 40) }))
  runs.write('in/g.zip', zipOf(members))
  runs.write('in/h.csv', csv(599, 60))
}

/** What it leaves without splits, and with so many; and the run that has these. */
async function both(yaml: string, splits: number, how: Parameters<HostRuns['start']>[0] = {}) {
  const left: Array<{ outputs: HostRuns['outputs'] extends () => infer T ? T : never; summary: object; run: string }> =
    []
  for (const text of [yaml, `splits: { count: ${splits} }\n${yaml}`]) {
    runs.remove('out')
    runs.write('p.yaml', text)
    const { run, result } = await runs.start(how)
    expect(result.error).toBeNull()
    const { status, rows, tokens, outcomes, causes } = result.summary
    left.push({ outputs: runs.outputs(), summary: { status, rows, tokens, outcomes, causes }, run })
  }
  const [alone, apart] = left
  if (alone === undefined || apart === undefined) throw new Error('two runs were begun')
  const { run, ...others } = apart
  const { run: other, ...expected } = alone
  expect(others).toEqual(expected)
  expect(await runs.problems()).toEqual([])
  await sameFiles(other, run)
  return { alone, apart }
}

/** Files of both runs are the same, and are found for each record. */
async function sameFiles(alone: string, apart: string): Promise<void> {
  await runs.reading(async reader => {
    const joined = new JoinedLedger(reader)
    const shown = async (run: string) => {
      const { files = [] } = await showRun(joined, run, () => false)
      return files.map(({ sha256: _, ...each }) => each)
    }
    expect(await shown(apart)).toEqual(await shown(alone))
    const [one, other] = [await inputFiles(joined, alone), await inputFiles(joined, apart)]
    const records = (await shown(alone)).reduce((sum, each) => sum + each.records, 0)
    for (let index = 1; index <= records; index += 13) {
      const named = async (files: InputFiles | null) => (await files?.valuesAt({ source: 'claims', index }))?.name
      expect(await named(other)).toBe(await named(one))
    }
    const compared = await compareInputs(reader, [alone, apart])
    expect(compared.get(apart)).toEqual(compared.get(alone))
  })
}

async function inputFiles(reader: JoinedLedger, run: string): Promise<InputFiles | null> {
  return await InputFiles.of(reader, (await reader.logOf(run)) ?? 0)
}

describe('a run with splits leaves what one without leaves, and says the same of each file', () => {
  test.each(LONG ? [1, 4, 60] : [4])('in %i splits', async splits => {
    layOut()
    const { alone } = await both(PIPELINE, splits)
    expect(alone.outputs['all.csv']?.split('\n').length).toBe(327)
  })

  test.each(LONG ? [1, 3, 9] : [3])('of files that are packed, or members of archives, in %i splits', async splits => {
    layOut()
    layOutPacked()
    await both(PIPELINE, splits)
  })

  test.each(LONG ? [1, 120, 121, 127, 200, 428, 9999] : [121])('of the first %i records', async limit => {
    layOut()
    for (const splits of LONG ? [1, 4, 9] : [4]) await both(PIPELINE, splits, { limit })
  })

  test('where a file ends in a range that has no byte of it', async () => {
    // Cuts fall into the last record of the first file, and move behind it: it ends in a range that has nothing else.
    runs.write('in/a.csv', `id,amount\n1,${'5'.repeat(15)}\n`)
    runs.write('in/b.csv', csv(2, 2))
    await both(PIPELINE, 40)
  })

  test('of one file, of empty ones, and of none', { tags: ['proof'] }, async () => {
    runs.write('in/a.csv', csv(1, 50))
    await both(PIPELINE, 3)
    for (const name of ['b', 'c']) runs.write(`in/${name}.csv`, 'id,amount\n')
    await both(PIPELINE, 3)
    runs.remove('in')
    await both(PIPELINE.replace('path_field', 'if_missing: empty, path_field'), 3)
  })

  test('of records that are whole files, and of files that are one value', { tags: ['proof'] }, async () => {
    for (const i of ids(1, 9))
      runs.write(`in/${i}.json`, JSON.stringify(ids(100 * i, 5 * i).map(id => ({ id, amount: id }))))
    await both(PIPELINE.replace('plugin: csv', 'plugin: json'), 4)
    const yaml = PIPELINE.replace('plugin: csv', 'plugin: files')
      .replace(', path_field: came_from', '')
      .replace(/fields: .* }/, 'fields: { path: string, bytes: integer, name: string, sha256: string } }')
      .replace('row.amount > 300', 'row.bytes > 300')
    await both(
      yaml
        .replace('mode: fixed', 'mode: flexible')
        .replace('out/all.csv', 'out/all.csv, columns: [path, bytes, name, sha256]'),
      4,
    )
  })

  test('and `verify` finds what was read, also of one file that is no list', async () => {
    layOut()
    const { apart } = await both(PIPELINE.replace('in/**, path_field: came_from', 'in/d.csv'), 5)
    const compared = async () => (await runs.reading(reader => compareInputs(reader, [apart.run]))).get(apart.run)
    expect(await compared()).toMatchObject({ compared: 1, not_checked: [] })
    const list = (await both(PIPELINE, 5)).apart.run
    runs.write('in/d.csv', csv(128, 300).replace('400,x', '400,y'))
    expect(await compared()).toMatchObject({ compared: 0, not_checked: [expect.stringContaining('was changed since')] })
    const all = (await runs.reading(reader => compareInputs(reader, [list]))).get(list)
    expect(all).toMatchObject({ compared: 4, not_checked: [expect.stringMatching(/in\/d.csv was changed since/)] })
  })
})

describe('a run with splits that was stopped', () => {
  async function stopped(): Promise<string> {
    layOut()
    layOutPacked()
    runs.write('p.yaml', `splits: { count: 5 }\n${PIPELINE}`)
    const { run, result } = await runs.start({}, 250)
    expect(result).toMatchObject({ error: null, stopped_by: 'user' })
    return run
  }

  /** The code of what resuming it throws, or ends with. */
  async function refusal(run: string): Promise<string | null> {
    try {
      const resumed = await runs.resume(run)
      return resumed.kind === 'run' ? (resumed.result.error?.code ?? null) : null
    } catch (thrown) {
      if (isCustodyError(thrown)) return thrown.code
      throw thrown
    }
  }

  test('continues with the files that it had, whatever has come in between', async () => {
    const run = await stopped()
    runs.write('in/aa.csv', csv(9000, 10))
    expect(await runs.resume(run)).toMatchObject({
      kind: 'run',
      result: { error: null, summary: { rows: { read: 658 } } },
    })
    expect(await runs.problems()).toEqual([])
    const outputs = runs.outputs()
    runs.remove('in/aa.csv')
    runs.remove('out')
    runs.write('p.yaml', PIPELINE)
    await runs.start()
    expect(outputs).toEqual(runs.outputs())
  })

  test.each([
    ['has grown', () => runs.write('in/h.csv', csv(599, 61)), 'CUSTODY_SOURCE_CHANGED'],
    ['is gone', () => runs.remove('in/h.csv'), 'CUSTODY_FILE_NOT_FOUND'],
  ])('refuses a file that %s since it was cut, and continues when it is as it was', async (_what, change, code) => {
    const run = await stopped()
    change()
    expect(await refusal(run)).toBe(code)
    expect(await runs.problems()).toEqual([])
    layOut()
    layOutPacked()
    expect(await runs.resume(run)).toMatchObject({ kind: 'run', result: { error: null } })
    expect(await runs.problems()).toEqual([])
  })

  test.each([
    ['was changed', () => runs.write('in/h.csv', csv(599, 60).replace('600,x', '600,y'))],
    ['is packed, and was changed', () => runs.write('in/f.csv.gz', gzipSync(csv(429, 91)))],
  ])('refuses a file that %s since it was cut; then it can be given up', async (_what, change) => {
    const run = await stopped()
    change()
    expect(await refusal(run)).toBe('CUSTODY_SOURCE_CHANGED')
    expect(runs.outputs()).toEqual({})
    expect(await runs.problems()).toEqual([])
    expect(await runs.resume(run, { abandon: true })).toMatchObject({ kind: 'run', result: { error: null } })
    expect(await runs.problems()).toEqual([])
  })

  test('says of each record in which file it is, and can be given up', { tags: ['proof'] }, async () => {
    const run = await stopped()
    await runs.reading(async reader => {
      const files = await inputFiles(new JoinedLedger(reader), run)
      const named = async (index: number) => (await files?.valuesAt({ source: 'claims', index }))?.name
      expect(await Promise.all([1, 120, 121, 127, 128, 250].map(named))).toEqual(
        ['a', 'a', 'b', 'b', 'd', 'd'].map(each => `in/${each}.csv`),
      )
    })
    expect(await runs.resume(run, { abandon: true })).toMatchObject({
      kind: 'run',
      result: { error: null, summary: { status: 'abandoned' } },
    })
    expect(await runs.problems()).toEqual([])
  })
})
