import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tryBatch } from '../../../test/support/try-batch.ts'
import { leaving, refusals, schemaOf } from '../../../test/support/try-out.ts'
import { batchReplicate } from './batch-replicate.ts'

test('as many copies as a row asks for, numbered, in the order of the batch', async () => {
  const batch = fc.array(fc.record({ id: fc.nat(), n: fc.option(fc.nat(4)) }))
  await fc.assert(
    fc.asyncProperty(batch, fc.integer({ min: 1, max: 3 }), async (rows, copies) => {
      const expected = rows.flatMap(row =>
        Array.from({ length: row.n ?? copies }, (_, copy_index) => ({ ...row, copy_index })),
      )
      expect(await tryBatch(batchReplicate, { copies, copies_from: 'n' }, rows)).toEqual(expected)
      const all = rows.flatMap(row => Array.from({ length: copies }, (_, i) => ({ ...row, i })))
      expect(await tryBatch(batchReplicate, { copies, index: 'i' }, rows)).toEqual(all)
    }),
  )
})

test.each([{}, { n: null }, { n: -1 }, { n: 1.5 }, { n: '2' }, { n: true }, { n: 1001 }, { n: [1] }])(
  '%j doesn’t say how many',
  async row => expect(await tryBatch(batchReplicate, { copies_from: 'n' }, [{ n: 1 }, row])).toBe('BATCH_COPIES'),
)

test('the index takes no field’s place', async () => {
  expect(await tryBatch(batchReplicate, { copies: 2 }, [{}, { copy_index: 5 }])).toBe('BATCH_FIELD_EXISTS')
})

test('what is known of the rows', () => {
  expect(leaving(batchReplicate, { copies: 2, index: 'i' }, schemaOf({ id: 'string' }))).toEqual({
    fields: { id: 'string', i: 'integer' },
    closed: true,
  })
})

test.each([
  [{}, 'the number of copies'],
  [{ copies: 0 }, '>=1'],
  [{ copies: 2000 }, '1000'],
  [{ copies_from: 'n', index: 'n' }, 'how many'],
])('%j is refused', (options, message) => expect(refusals(batchReplicate, options).join()).toContain(message))
