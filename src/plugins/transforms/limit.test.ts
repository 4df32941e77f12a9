import fc from 'fast-check'
import { expect, test } from 'vitest'
import { leaving, refusals, schemaOf, tryOut } from '../../../test/support/try-out.ts'
import { limit } from './limit.ts'

test('the first rows pass behind those that are skipped, all others are dropped', async () => {
  const input = fc.array(fc.record({ id: fc.nat() }))
  await fc.assert(
    fc.asyncProperty(input, fc.nat(5), fc.nat(3), async (rows, most, skip) => {
      const results = await tryOut(limit, { rows: most, skip }, rows)
      expect(results).toHaveLength(rows.length)
      expect(results.flat()).toEqual(rows.slice(skip, skip + most))
    }),
  )
})

test('what is known of the rows stays known', () => {
  expect(leaving(limit, { rows: 1 }, schemaOf({ id: 'integer' }))).toEqual({ fields: { id: 'integer' }, closed: true })
})

test.each([[{}], [{ rows: -1 }], [{ rows: 1.5 }], [{ rows: 1, skip: -1 }]])('%j is refused', options => {
  expect(refusals(limit, options)).not.toEqual([])
})
