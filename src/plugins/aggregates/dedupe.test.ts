import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tryBatch } from '../../../test/support/try-batch.ts'
import { refusals } from '../../../test/support/try-out.ts'
import type { Json, Row } from '../../model/row.ts'
import { visitContext } from '../../sdk/testing/calling.ts'
import { dedupe } from './dedupe.ts'

const key = fc.constantFrom<Json[]>(1, '1', 'a', null, true)
const batch = fc
  .array(fc.record({ a: key, b: key }, { requiredKeys: ['b'] }))
  .map(rows => rows.map((row, n): Row => ({ ...row, n })))
const settings = fc.record({
  key: fc.constantFrom(['a'], ['b'], ['a', 'b']),
  keep: fc.constantFrom('first', 'last'),
  nulls: fc.constantFrom('same', 'distinct'),
  rows: fc.integer({ min: 1, max: 3 }),
})
const keyOf = (row: Row, fields: readonly string[]) => JSON.stringify(fields.map(field => row[field] ?? null))
const keptOf = (members: ReadonlyArray<Row | null> | string) => [...members].filter(row => row !== null) as Row[]

test('a row is kept exactly if it is among the first, or last, of its key', async () => {
  await fc.assert(
    fc.asyncProperty(batch, settings, async (rows, options) => {
      const members = await tryBatch(dedupe, options, rows)
      expect(members).toHaveLength(rows.length)
      for (const [i, row] of rows.entries()) {
        const its = keyOf(row, options.key)
        const others = options.keep === 'first' ? rows.slice(0, i) : rows.slice(i + 1)
        const alone = options.nulls === 'distinct' && options.key.some(field => (row[field] ?? null) === null)
        const kept = alone || others.filter(other => keyOf(other, options.key) === its).length < options.rows
        expect(members[i]).toEqual(kept ? row : null)
      }
    }),
  )
})

test('a second time nothing more is dropped', async () => {
  await fc.assert(
    fc.asyncProperty(batch, settings, async (rows, options) => {
      const once = keptOf(await tryBatch(dedupe, options, rows))
      expect(await tryBatch(dedupe, options, once)).toEqual(once)
    }),
  )
})

test('as many keys are kept, whichever row of each', async () => {
  await fc.assert(
    fc.asyncProperty(batch, settings, async (rows, options) => {
      const first = keptOf(await tryBatch(dedupe, { ...options, keep: 'first' }, rows))
      const last = keptOf(await tryBatch(dedupe, { ...options, keep: 'last' }, rows))
      const keys = (kept: readonly Row[]) => kept.map(row => keyOf(row, options.key)).sort()
      expect(keys(first)).toEqual(keys(last))
    }),
  )
})

test('a kept row is the row itself', async () => {
  const aggregate = await dedupe.create(
    { key: ['a'], keep: 'first', rows: 1, nulls: 'same' },
    { node: 'test', folder: '/', input: { fields: new Map(), closed: false, observed: true }, secrets: [] },
  )
  const rows = [{ a: 1 }, { a: 1 }, { a: 2 }]
  const result = await aggregate.process(rows, visitContext())
  expect(result.kind === 'members' && result.rows[0] === rows[0] && result.rows[2] === rows[2]).toBe(true)
})

test.each([
  [{ key: [] }, 'at least one'],
  [{ key: ['a', 'a'] }, 'named twice'],
  [{ key: ['a'], keep: 'any' }, 'first'],
])('%j is refused', (options, message) => expect(refusals(dedupe, options).join()).toContain(message))
