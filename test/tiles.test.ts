/** Tiles of long runs, stopped and continued or not: what is stored is what the entries give, and whoever continues reads no more than that. */
// @module-tag proof
import { afterEach, describe, expect, test } from 'vitest'
import { TREES } from '../src/format/trees.ts'
import { unsoundness } from '../src/host/checked-run.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import { checkedSubject } from '../src/read/evidence/subject-check.ts'
import { explainRow } from '../src/read/explain/explain.ts'
import type { Model } from './simulation/model.ts'
import { Forger, problemTexts } from './support/forger.ts'
import { sampled } from './support/form.ts'
import { goOnWithModel, runModel, type Stopped } from './support/simulated-ledger.ts'

const ROWS = 400

const step = { kind: 'step', attempts: 1, on_error: 'low' } as const
const aggregate = { kind: 'aggregate', operation: 'mark', broken: 0, later: false, to: 'low', on_error: 'low' } as const

/** Some rows wait in a batch for the end; each of the others is a batch of its own, sooner or later. */
const LONG: Model = {
  sources: [
    {
      name: 'letters',
      to: 'tier',
      on_invalid: 'discard',
      values: Array.from({ length: ROWS }, (_, i) => (i % 50 === 7 ? null : i)),
    },
  ],
  nodes: [
    {
      kind: 'gate',
      name: 'tier',
      mod: 10,
      broken: 0,
      routes: ['pool', ...Array<string>(9).fill('slow')],
      on_error: 'low',
    },
    { ...step, name: 'slow', operation: { op: 'set', name: 'seen', by: 1 }, later: true, to: 'single' },
    { ...aggregate, name: 'single', count: 1 },
    { ...aggregate, name: 'pool', count: 0 },
  ],
  sinks: [{ name: 'low', rejects: 0, on_error: 'discard' }],
}

/** No row waits for anything, so that there are many entries from commit to commit. */
const QUICK: Model = {
  sources: [
    { name: 'letters', to: 'single', on_invalid: 'discard', values: Array.from({ length: 6 * ROWS }, (_, i) => i) },
  ],
  nodes: [{ ...aggregate, name: 'single', count: 1 }],
  sinks: LONG.sinks,
}

let forger: Forger | null = null
afterEach(() => forger?.close())

const tilesOf = (tree: number) =>
  forger?.all('SELECT count(*) AS n FROM tiles WHERE log = 1 AND level = 0 AND tree = ?', tree)[0]?.n

const STOPPED: readonly (readonly [string, Stopped | null])[] = [
  ['stopped and resumed', { after_us: 400_000, next: 'resume' }],
  ['run through', null],
  ['stopped and given up', { after_us: 400_000, next: 'abandon' }],
]
test.each(sampled(STOPPED, 3))('%s: it holds', async (_name, stopped) => {
  forger = await Forger.of(url => runModel(url, LONG, 1, stopped))
  expect(problemTexts(await forger.after(() => undefined))).toEqual([])
  const [{ size } = {}] = forger.all('SELECT max(row) AS size FROM entries WHERE log = 1')
  expect(Number(size)).toBeGreaterThan(256)
  const resumed = forger.all(`SELECT seq FROM entries WHERE log = 1 AND body LIKE '%"k":"resume"%'`)
  expect(resumed).toHaveLength(stopped === null ? 0 : 1)
  expect(tilesOf(TREES.rows)).toBe(Math.floor(Number(size) / 256))
  expect(tilesOf(TREES.log)).toBeGreaterThan(1)
})

test('whoever asks for one story counts no entries: a row that lost one has no story, one elsewhere has all of it, and nobody gets a list of other entries', async () => {
  forger = await Forger.of(url => runModel(url, LONG, 1))
  const { reader } = forger
  const [gone] = forger.all(
    'SELECT seq, row FROM entries WHERE log = 1 AND seq BETWEEN 300 AND 500 AND row IS NOT NULL',
  )
  const [seq, row] = [Number(gone?.seq), Number(gone?.row)]
  const options = { remembered: null, of_stories: true } as const
  const whole = await explainRow(new CheckedReader(reader, options), 1, 2)
  forger.change(() => forger?.run('DELETE FROM entries WHERE log = 1 AND seq = ?', seq))
  const stories = new CheckedReader(reader, options)
  expect(await explainRow(stories, 1, 2)).toEqual(whole)
  const missing = { problems: [expect.stringContaining('missing')] }
  const lists = [stories.entries(1), stories.entriesOfRun(1), stories.entriesOfBatches(1), stories.payloads(1)]
  for (const list of lists) await expect(list[Symbol.asyncIterator]().next()).rejects.toMatchObject(missing)
  await expect(stories.page(1, 0, 10)).rejects.toMatchObject(missing)
  // A row's own entries say whether they are all of them.
  const own = await stories.entriesOfRows(1, row, row)
  expect(() => checkedSubject(1, own, { kind: 'row', row }, 0)).toThrow(
    expect.toSatisfy(error => unsoundness(error) !== null),
  )
  expect(await stories.ingestedOfRows(1, 2, 2)).toHaveLength(1)
  await expect(stories.entryWithValue(1, 1)).rejects.toMatchObject(missing)
  await expect(stories.entry(1, seq)).rejects.toMatchObject(missing)
  await expect(explainRow(stories, 1, row)).rejects.toSatisfy(error => unsoundness(error) !== null)
  const all = new CheckedReader(reader, { remembered: null })
  await expect(explainRow(all, 1, 2)).rejects.toMatchObject(missing)
})

describe('of a run that is too long to be checked in full', () => {
  const NEXT = sampled(['resume', 'abandon'] as const, 2)
  /** An entry was changed: in a tile of entries that are used to continue, or in one of which none is. */
  async function changed(which: 'used' | 'unused'): Promise<{ readonly one: Forger; readonly seq: number }> {
    const one = await Forger.of(url => runModel(url, QUICK, 1, { after_us: 400_000, next: 'nothing' }))
    forger = one
    const used = one
      .all(
        `SELECT DISTINCT seq / 256 AS tile FROM entries e WHERE log = 1 AND (row IS NULL AND batch IS NULL
           OR EXISTS (SELECT 1 FROM open_tokens o WHERE o.log = e.log AND (o.row = e.row OR o.batch = e.batch)))`,
      )
      .map(({ tile }) => Number(tile))
    const tile = which === 'used' ? 0 : [0, 1, 2, 3].find(each => !used.includes(each))
    const [found] = one.all(
      'SELECT min(seq) AS seq FROM entries WHERE log = 1 AND row IS NOT NULL AND seq / 256 = ?',
      tile ?? -1,
    )
    const seq = Number(found?.seq)
    const body = one.body(1, seq)
    one.change(() => one.put(1, seq, { ...body, t: Number(body.t) + 1 }))
    return { one, seq }
  }
  const goOn = (next: 'resume' | 'abandon', whole_to_entries?: number) =>
    goOnWithModel(
      forger?.url ?? '',
      QUICK,
      1,
      next,
      undefined,
      whole_to_entries === undefined ? {} : { whole_to_entries },
    )

  test.each(NEXT)('%s refuses what was changed where it uses it', async next => {
    const { one } = await changed('used')
    const before = one.contents()
    await expect(goOn(next, 0)).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_ALTERED' })
    expect(one.contents()).toBe(before)
  })

  test.each(NEXT)('%s signs nothing that was changed elsewhere, and verify names it', async next => {
    const { one, seq } = await changed('unused')
    // Checked in full, it is refused.
    await expect(goOn(next)).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_ALTERED' })
    const body = one.body(1, seq)
    await goOn(next, 0)
    const tree = (texts: readonly string[]) => texts.filter(text => text.startsWith('checkpoint: '))
    expect(tree(problemTexts(await one.after(() => undefined)))).not.toEqual([])
    // As it was signed, before and since, it holds.
    const right = await one.after(() => one.put(1, seq, { ...body, t: Number(body.t) - 1 }))
    expect(tree(problemTexts(right))).toEqual([])
  })
})
