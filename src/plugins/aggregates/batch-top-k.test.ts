import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tryBatch } from '../../../test/support/try-batch.ts'
import { leaving, refusals, schemaOf } from '../../../test/support/try-out.ts'
import { batchTopK } from './batch-top-k.ts'

interface Member {
  readonly n: number
  readonly g: string
  readonly v: number | null
}

const batch = fc
  .array(fc.record({ g: fc.constantFrom('a', 'b', 'c'), v: fc.option(fc.integer({ min: -3, max: 3 })) }))
  .map(rows => rows.map((row, n): Member => ({ n, ...row })))

test.each(['desc', 'asc'] as const)('%s: a stable sort of each group, cut at k', async order => {
  await fc.assert(
    fc.asyncProperty(batch, fc.integer({ min: 1, max: 4 }), async (rows, k) => {
      const sign = order === 'desc' ? -1 : 1
      const groups = [...Map.groupBy(rows, ({ g }) => g).values()]
      const expected = groups.flatMap(group =>
        group
          .filter(({ v }) => v !== null)
          .toSorted((a, b) => sign * ((a.v as number) - (b.v as number)) || a.n - b.n)
          .slice(0, k)
          .map((row, i) => ({ ...row, rank: i + 1 })),
      )
      const options = { by: 'v', k, order, group_by: 'g' }
      expect(await tryBatch(batchTopK, { ...options, rank: 'rank' }, rows as never)).toEqual(expected)
      const plain = expected.map(({ rank: _, ...row }) => row)
      expect(await tryBatch(batchTopK, options, rows as never)).toEqual(plain)
    }),
  )
})

test('texts are compared by their code units', async () => {
  const rows = ['b', 'a', 'Z', 'é', ''].map(v => ({ v }))
  const sorted = await tryBatch(batchTopK, { by: 'v', k: 9, order: 'asc' }, rows)
  expect(sorted).toEqual(['', 'Z', 'a', 'b', 'é'].map(v => ({ v })))
})

test.each([
  [[{ v: 1 }, { v: 'a' }], 'BATCH_NOT_COMPARABLE'],
  [[{ v: true }], 'BATCH_NOT_COMPARABLE'],
  [[{ v: [1] }], 'BATCH_NOT_COMPARABLE'],
  [[{ v: 1 }, { v: 2, rank: null }], 'BATCH_FIELD_EXISTS'],
])('%j is an error', async (rows, code) => {
  expect(await tryBatch(batchTopK, { by: 'v', k: 1, rank: 'rank' }, rows)).toBe(code)
})

test('what is known of the rows', () => {
  const input = schemaOf({ id: 'string', v: 'integer?' })
  expect(leaving(batchTopK, { by: 'v', k: 1, rank: 'place' }, input)).toEqual({
    fields: { id: 'string', v: 'integer', place: 'integer' },
    closed: true,
  })
})

test.each([
  [{ by: 'v', k: 0 }, '>=1'],
  [{ by: 'v', k: 1.5 }, 'int'],
  [{ by: 'v', k: 1, rank: 'v' }, 'compared'],
  [{ by: 'v', k: 1, rank: 'g', group_by: 'g' }, 'made here'],
])('%j is refused', (options, message) => expect(refusals(batchTopK, options).join()).toContain(message))
