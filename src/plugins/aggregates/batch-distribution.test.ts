import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tryBatch } from '../../../test/support/try-batch.ts'
import { leaving, refusals, schemaOf } from '../../../test/support/try-out.ts'
import { batchDistribution } from './batch-distribution.ts'

interface Line {
  readonly g?: string
  readonly value?: unknown
  readonly from?: number | null
  readonly to?: number | null
  readonly count: number
  readonly share: number
}
const distribution = async (options: object, rows: readonly object[]) =>
  (await tryBatch(batchDistribution, { field: 'v', ...options }, rows as never)) as unknown as Line[]

const batch = fc.array(
  fc.record({
    g: fc.constantFrom('a', 'b'),
    v: fc.oneof(fc.constantFrom('x', '1', 'null'), fc.integer({ min: 0, max: 2 }), fc.constant(null)),
  }),
  { minLength: 1 },
)

test('counts of values add up, in the order in which they appear', async () => {
  await fc.assert(
    fc.asyncProperty(batch, async rows => {
      const lines = await distribution({}, rows)
      expect(lines.map(({ value }) => value)).toEqual([...new Set(rows.map(({ v }) => v))])
      for (const { value, count, share } of lines) {
        expect(count).toBe(rows.filter(({ v }) => v === value).length)
        expect(share).toBe(count / rows.length)
      }
      const grouped = await distribution({ group_by: 'g' }, rows)
      for (const g of ['a', 'b']) {
        const own = rows.filter(row => row.g === g)
        const expected = own.length === 0 ? [] : await distribution({}, own)
        expect(grouped.filter(line => line.g === g).map(({ g: _, ...line }) => line)).toEqual(expected)
      }
    }),
  )
})

test('each number is in one bin, and bins cover all', async () => {
  const limits = fc.uniqueArray(fc.integer({ min: -5, max: 5 }), { minLength: 1 }).map(all => all.sort((a, b) => a - b))
  const values = fc.array(
    fc.option(fc.oneof(fc.integer({ min: -7, max: 7 }), fc.double({ min: -7, max: 7, noNaN: true }))),
  )
  await fc.assert(
    fc.asyncProperty(limits, values, async (bins, vs) => {
      if (vs.length === 0) return
      const lines = await distribution(
        { bins },
        vs.map(v => ({ v })),
      )
      const without = vs.filter(v => v === null).length
      expect(lines).toHaveLength(bins.length + 1 + (without > 0 ? 1 : 0))
      for (const [i, { from, to, count }] of lines.entries()) {
        if (i > bins.length) expect({ from, to, count }).toEqual({ from: null, to: null, count: without })
        else {
          expect([from, to]).toEqual([bins[i - 1] ?? null, bins[i] ?? null])
          const [low, high] = [bins[i - 1] ?? -Infinity, bins[i] ?? Infinity]
          expect(count).toBe(vs.filter(v => v !== null && v >= low && v < high).length)
        }
      }
      expect(lines.reduce((sum, { count }) => sum + count, 0)).toBe(vs.length)
    }),
  )
})

test('values that are the same JSON are one, with or without an order of fields', async () => {
  const lines = await distribution({}, [{ v: { a: 1, b: [2] } }, { v: { b: [2], a: 1 } }, {}, { v: null }])
  expect(lines).toEqual([
    { value: { a: 1, b: [2] }, count: 2, share: 0.5 },
    { value: null, count: 2, share: 0.5 },
  ])
})

test('what is known of the rows', () => {
  const input = schemaOf({ g: 'string', v: 'integer?' })
  expect(leaving(batchDistribution, { field: 'v', group_by: ['g'] }, input)).toEqual({
    fields: { g: 'string', value: 'integer?', count: 'integer', share: 'number' },
    closed: true,
  })
  expect(leaving(batchDistribution, { field: 'v', bins: [1] }, input).fields).toEqual({
    from: 'number?',
    to: 'number?',
    count: 'integer',
    share: 'number',
  })
})

test.each([
  [{ field: 'v', bins: [2, 1] }, 'ascend'],
  [{ field: 'v', bins: [1, 1] }, 'ascend'],
  [{ field: 'v', bins: [2 ** 53] }, 'exact'],
  [{ field: 'v', group_by: 'value' }, 'made here'],
  [{ field: 'v', group_by: 'from', bins: [1] }, 'made here'],
])('%j is refused', (options, message) => expect(refusals(batchDistribution, options).join()).toContain(message))
