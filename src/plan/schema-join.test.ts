import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonSchema, RowSchema } from '../model/schema.ts'
import { OBSERVED } from '../model/schema.ts'
import { joinSchemas, withError } from './schema-join.ts'

const type = fc.constantFrom<JsonSchema>(
  {},
  { type: 'string' },
  { type: 'string', enum: ['a', 'b'] },
  { type: 'string', enum: ['b', 'c'] },
  { type: 'integer' },
  { type: 'number' },
  { type: ['string', 'null'] },
  { type: 'boolean' },
)
const field = fc.record({ schema: type, optional: fc.boolean() })
const schema: fc.Arbitrary<RowSchema> = fc
  .record({
    fields: fc.dictionary(fc.constantFrom('a', 'b', 'c'), field),
    mode: fc.constantFrom('fixed', 'flexible', 'observed'),
    textual: fc.boolean(),
  })
  .map(({ fields, mode, textual }) => ({
    fields: new Map(Object.entries(fields)),
    closed: mode === 'fixed',
    observed: mode === 'observed',
    ...(textual && mode !== 'fixed' ? { rest: { schema: { type: 'string' }, optional: true } } : {}),
  }))

/** What values a field may have, of a few that tell types apart; `undefined` for missing or null. */
const SAMPLES = ['a', 'c', 'x', 1, 1.5, true, undefined] as const
function admits(row: RowSchema, name: string, value: (typeof SAMPLES)[number]): boolean {
  const declared = row.fields.get(name)
  const known =
    declared ?? (row.closed ? { schema: false, optional: true } : (row.rest ?? { schema: {}, optional: true }))
  if (value === undefined) return known.optional
  if (known.schema === false) return false
  const { type: types, enum: values } = known.schema as { type?: string | string[]; enum?: unknown[] }
  if (values !== undefined && !values.includes(value)) return false
  const own =
    typeof value === 'number' ? (Number.isInteger(value) ? ['integer', 'number'] : ['number']) : [typeof value]
  return types === undefined || [types].flat().some(each => own.includes(each))
}

test('a join admits whatever one of its ways admits', () => {
  fc.assert(
    fc.property(fc.array(schema, { minLength: 1, maxLength: 4 }), ways => {
      const { schema: joined } = joinSchemas(ways)
      for (const way of ways) {
        for (const name of ['a', 'b', 'c', 'd']) {
          for (const value of SAMPLES) if (admits(way, name, value)) expect(admits(joined, name, value)).toBe(true)
        }
      }
    }),
  )
})

test('a join with itself changes nothing', () => {
  fc.assert(
    fc.property(schema, each => {
      const copy = { ...each, fields: new Map(each.fields) }
      expect(joinSchemas([each, copy])).toEqual({ schema: each, mismatches: [] })
    }),
  )
})

test('types that exclude each other are reported; those of fields that are merely not declared aren’t', () => {
  const fixed = (fields: { readonly [name: string]: JsonSchema }): RowSchema => ({
    fields: new Map(Object.entries(fields).map(([name, each]) => [name, { schema: each, optional: false }])),
    closed: true,
    observed: false,
  })
  expect(joinSchemas([fixed({ a: { type: 'string' } }), fixed({ a: { type: 'integer' } })])).toMatchObject({
    mismatches: ['a'],
  })
  expect(
    joinSchemas([fixed({ a: { type: 'number' } }), fixed({ a: { type: 'integer' } })]).schema.fields.get('a'),
  ).toEqual({
    schema: { type: 'number' },
    optional: false,
  })
  const texts: RowSchema = { ...OBSERVED, rest: { schema: { type: 'string' }, optional: true } }
  expect(joinSchemas([fixed({ a: { type: 'integer' } }), texts]).mismatches).toEqual([])
  expect(joinSchemas([]).schema).toBe(OBSERVED)
  expect([...withError(texts).fields.keys()]).toEqual(['_error'])
})
