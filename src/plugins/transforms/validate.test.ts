import { expect, test } from 'vitest'
import { leaving, refusals, schemaOf } from '../../../test/support/try-out.ts'
import { type Json, type Row, withoutPrototypes } from '../../model/row.ts'
import { OBSERVED } from '../../model/schema.ts'
import type { RowError } from '../../sdk/spec.ts'
import { visitContext } from '../../sdk/testing/calling.ts'
import { validate } from './validate.ts'

async function resultOf(options: Json, row: Json) {
  const parsed = validate.options.parse(options)
  const transform = await validate.create(parsed, { node: 'n', folder: '/', input: OBSERVED, secrets: [] })
  return transform.process(withoutPrototypes(row) as Row, visitContext())
}
const errorOf = async (options: Json, row: Json) => (await resultOf(options, row)) as RowError

const ORDER = {
  type: 'object',
  required: ['id', 'state'],
  properties: {
    id: { type: 'integer' },
    state: { enum: ['open', 'paid'] },
    items: { type: 'array', items: { type: 'number', minimum: 0 } },
  },
  additionalProperties: false,
}

test('all violations are in the error, each with its place, its rule and a sentence', async () => {
  expect(await errorOf({ schema: ORDER }, { id: '1', state: 'lost', items: [1, -2, 'x'], 'a/b': 1 })).toEqual({
    kind: 'error',
    code: 'INVALID',
    field: 'a/b',
    retryable: false,
    message:
      'the row must NOT have additional properties: "a/b"; /id must be integer; ' +
      '/state must be equal to one of the allowed values: ["open","paid"]; /items/1 must be >= 0; /items/2 must be number',
    details: {
      count: 5,
      violations: [
        { path: '', rule: 'additionalProperties', message: 'must NOT have additional properties: "a/b"' },
        { path: '/id', rule: 'type', message: 'must be integer' },
        { path: '/state', rule: 'enum', message: 'must be equal to one of the allowed values: ["open","paid"]' },
        { path: '/items/1', rule: 'minimum', message: 'must be >= 0' },
        { path: '/items/2', rule: 'type', message: 'must be number' },
      ],
    },
  })
})

test('a missing field is named, and values that the row has aren’t repeated', async () => {
  const error = await errorOf({ schema: ORDER }, { state: 'secret' })
  expect(error).toMatchObject({ field: 'id', details: { count: 2 } })
  expect(error.message).toContain("must have required property 'id'")
  expect(JSON.stringify(error)).not.toContain('secret')
})

test('however many there are, the error names no more than it may, and says how many it leaves out', async () => {
  const error = await errorOf(
    { schema: ORDER, max_violations: 30 },
    { id: 1, state: 'open', items: Array.from({ length: 5000 }, () => -1) },
  )
  expect(error.details).toMatchObject({ count: 5000 })
  expect((error.details as { violations: Json[] }).violations).toHaveLength(30)
  expect(error.message).toMatch(/^\/items\/0 must be >= 0; .*; and 4980 more$/)
})

test('one field: null is a value, and a missing field is null', async () => {
  const options = { field: 'a', schema: { type: ['string', 'null'], maxLength: 2 } }
  for (const row of [{ a: 'xy' }, { a: null }, {}]) expect(await resultOf(options, row)).toEqual({ kind: 'row', row })
  expect(await errorOf(options, { a: 'xyz' })).toMatchObject({ field: 'a', details: { violations: [{ path: '/a' }] } })
})

test('names of fields are data', async () => {
  const schema = { type: 'object', required: ['constructor', '__proto__'] }
  expect(await errorOf({ schema }, {})).toMatchObject({ details: { count: 2 } })
  expect((await resultOf({ schema }, JSON.parse('{"constructor": 1, "__proto__": 2}') as Json)).kind).toBe('row')
})

test('schemas with names in them', async () => {
  const schema = { $defs: { n: { type: 'integer' } }, type: 'object', properties: { a: { $ref: '#/$defs/n' } } }
  expect((await resultOf({ schema }, { a: 1 })).kind).toBe('row')
  expect(await errorOf({ schema }, { a: 'x' })).toMatchObject({ details: { violations: [{ path: '/a' }] } })
  expect(leaving(validate, { schema }, schemaOf({ a: 'string?' })).fields).toEqual({ a: 'string?' })
})

test('what is known of the rows', () => {
  const input = schemaOf({ id: 'any?', n: 'integer?', other: 'boolean', items: 'any?' })
  const schema = { ...ORDER, properties: { ...ORDER.properties, n: { type: 'number', minimum: 1 } } }
  expect(leaving(validate, { schema }, input).fields).toEqual({
    id: 'integer',
    n: 'integer?',
    other: 'boolean',
    items: 'array?',
    state: 'any',
  })
  const one = leaving(validate, { field: 'id', schema: { type: 'string' } }, schemaOf({ id: 'any?' }))
  expect(one.fields).toEqual({ id: 'string' })
})

test.each([
  [{ schema: { type: 'object', propertys: {} } }, 'unknown keyword'],
  [{ schema: { type: 'text' } }, 'isn’t a JSON Schema'],
  [{ schema: { properties: { a: { pattern: '(?=x)' } } } }, 'pattern'],
  [{ schema: 5 }, ''],
])('%j is refused', (options, message) => {
  expect(refusals(validate, options)).not.toEqual([])
  expect(refusals(validate, options).join()).toContain(message)
})

test.each<[Json, Json, boolean]>([
  [{ const: { x: 1, toString: null } }, { toString: null, x: 1 }, true],
  [{ const: { x: 1 } }, { x: 2 }, false],
  [{ enum: [{ x: 1 }, []] }, { x: 1 }, true],
  [{ type: 'array', uniqueItems: true }, [{ x: 1 }, { x: 2 }], true],
  [{ type: 'array', uniqueItems: true }, [{ valueOf: 1 }, { valueOf: 1 }], false],
])('objects within a row are compared by what they hold: %j, %j', async (schema, value, fits) => {
  const { kind } = await resultOf({ schema: { properties: { a: schema } } }, { a: value })
  expect(kind).toBe(fits ? 'row' : 'error')
})
