/** Tiles of long runs, stopped and continued or not: what is stored is what the entries give, and whoever continues reads no more than that. */
import { afterEach, expect, test } from 'vitest'
import { TREES } from '../src/format/trees.ts'
import type { Model } from './simulation/model.ts'
import { Forger, problemTexts } from './support/forger.ts'
import { runModel, type Stopped } from './support/simulated-ledger.ts'

const ROWS = 700

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

let forger: Forger | null = null
afterEach(() => forger?.close())

const tilesOf = (tree: number) =>
  forger?.all('SELECT count(*) AS n FROM tiles WHERE log = 1 AND level = 0 AND tree = ?', tree)[0]?.n

test.each<[string, Stopped | null]>([
  ['run through', null],
  ['stopped and resumed', { after_us: 400_000, next: 'resume' }],
  ['stopped and given up', { after_us: 400_000, next: 'abandon' }],
])('%s: it holds', async (_name, stopped) => {
  forger = await Forger.of(url => runModel(url, LONG, 1, stopped))
  expect(problemTexts(await forger.after(() => undefined))).toEqual([])
  const [{ size } = {}] = forger.all('SELECT max(row) AS size FROM entries WHERE log = 1')
  expect(Number(size)).toBeGreaterThan(256)
  const resumed = forger.all(`SELECT seq FROM entries WHERE log = 1 AND body LIKE '%"k":"resume"%'`)
  expect(resumed).toHaveLength(stopped === null ? 0 : 1)
  expect(tilesOf(TREES.rows)).toBe(Math.floor(Number(size) / 256))
  expect(tilesOf(TREES.log)).toBeGreaterThan(1)
})
