import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tryBatch } from '../../../test/support/try-batch.ts'
import { leaving, refusals, schemaOf } from '../../../test/support/try-out.ts'
import { limit } from './limit.ts'

test('the first rows of a batch stay in their places, all others are dropped', async () => {
  const batch = fc.array(fc.record({ id: fc.nat() }), { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(batch, fc.nat(5), fc.nat(3), async (rows, most, skip) => {
      const made = await tryBatch(limit, { rows: most, skip }, rows)
      expect(made).toHaveLength(rows.length)
      expect([...made].filter(each => each !== null)).toEqual(rows.slice(skip, skip + most))
    }),
  )
})

test('what is known of the rows stays known', () => {
  expect(leaving(limit, { rows: 1 }, schemaOf({ id: 'integer' }))).toEqual({ fields: { id: 'integer' }, closed: true })
})

test.each([[{}], [{ rows: -1 }], [{ rows: 1.5 }], [{ rows: 1, skip: -1 }]])('%j is refused', options => {
  expect(refusals(limit, options)).not.toEqual([])
})
