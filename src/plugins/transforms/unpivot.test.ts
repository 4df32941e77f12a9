import fc from 'fast-check'
import { expect, test } from 'vitest'
import { leaving, refusals, schemaOf, tryOut } from '../../../test/support/try-out.ts'
import { unpivot } from './unpivot.ts'

test('each value is in one row, with all that the row had besides', async () => {
  const value = fc.oneof(fc.integer(), fc.constant(null), fc.string())
  const row = fc.record({ id: fc.nat(), a: value, b: value, c: value }, { requiredKeys: ['id'] })
  await fc.assert(
    fc.asyncProperty(fc.array(row), async rows => {
      const fields = ['c', 'a', 'b'] as const
      const all = await tryOut(unpivot, { fields }, rows)
      const expected = rows.map(each => fields.map(name => ({ id: each.id, name, value: each[name] ?? null })))
      expect(all).toEqual(expected)
      const some = await tryOut(unpivot, { fields, nulls: 'skip' }, rows)
      expect(some).toEqual(expected.map(made => made.filter(each => each.value !== null)))
    }),
  )
})

test('name and value may take the place of fields that go', async () => {
  expect(await tryOut(unpivot, { fields: ['name', 'b'], value: 'b' }, [{ name: 1, b: 2 }])).toEqual([
    [
      { name: 'name', b: 1 },
      { name: 'b', b: 2 },
    ],
  ])
  expect(await tryOut(unpivot, { fields: ['a'] }, [{ a: 1, name: 2 }])).toEqual(['FIELD_EXISTS'])
})

test('what is known of the rows', () => {
  const input = schemaOf({ id: 'integer', a: 'integer', b: 'number?', c: 'string' })
  const known = (fields: readonly string[], more = {}) => leaving(unpivot, { fields, ...more }, input).fields
  expect(known(['a'])).toEqual({ id: 'integer', b: 'number?', c: 'string', name: 'string', value: 'integer' })
  expect(known(['a', 'b'])).toEqual({ id: 'integer', c: 'string', name: 'string', value: 'number?' })
  expect(known(['a', 'b'], { nulls: 'skip' })).toMatchObject({ value: 'number' })
  expect(known(['a', 'c'])).toMatchObject({ value: 'any?' })
})

test.each([
  [{ fields: ['a', 'a'] }, 'named twice'],
  [{ fields: ['a'], name: 'x', value: 'x' }, 'same field'],
  [{ fields: [] }, 'at least one'],
])('%j is refused', (options, message) => expect(refusals(unpivot, options).join()).toContain(message))
