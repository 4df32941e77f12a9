/** Decimals and other numbers wherever a JSON Schema can say them: converted there, or refused. */
import { describe, expect, test } from 'vitest'
import { parseStrict } from '../model/json.ts'
import { type Json, type Row, withoutPrototypes } from '../model/row.ts'
import type { JsonSchema } from '../model/schema.ts'
import { numbersInRow } from './exact-numbers.ts'
import { readJsonSchema } from './field-type.ts'
import { compileRowSchema } from './schema-check.ts'

/** A literal key of that name would make a thing that can be awaited. */
const THEN = 'then'
const DECIMAL = { type: 'decimal', scale: 2 }
const object = (properties: JsonSchema, more: JsonSchema = {}) => ({ type: 'object', properties, ...more })
const closed = (properties: JsonSchema) =>
  object(properties, { additionalProperties: false, required: Object.keys(properties) })

/** The field as a JSON source reads it and its schema takes it, or what is wrong with the value. */
function read(declared: JsonSchema, json: string): Json | undefined {
  const found = readJsonSchema(declared)
  if ('problem' in found) throw new Error(found.problem)
  const fields = new Map([['f', { schema: found.schema, optional: false }]])
  const row = parseStrict(`{"f":${json}}`, numbersInRow(fields)) as Row
  const checked = compileRowSchema({ fields, closed: true, observed: false }, { textual: false })(row)
  return checked.ok ? checked.row.f : checked.message
}

describe('each keyword that says what a value is', () => {
  test.each<[string, JsonSchema, string, Json]>([
    [
      'additionalProperties',
      { type: 'object', additionalProperties: DECIMAL },
      '{"a":1.5,"b":"7"}',
      { a: '1.50', b: '7.00' },
    ],
    [
      'additionalProperties beside others',
      object(
        { n: { type: 'number' } },
        { patternProperties: { '^x_': { type: 'number' } }, additionalProperties: DECIMAL },
      ),
      '{"n":1.5,"x_a":2.5,"a":3.5}',
      { n: 1.5, x_a: 2.5, a: '3.50' },
    ],
    [
      'patternProperties',
      { patternProperties: { '^amount_': DECIMAL } },
      '{"amount_a":1.5,"b":1.5}',
      { amount_a: '1.50', b: 1.5 },
    ],
    [
      'prefixItems',
      { type: 'array', prefixItems: [{ type: 'string' }, DECIMAL], items: { type: 'big_integer' } },
      '["a",1.5,9007199254740993]',
      ['a', '1.50', '9007199254740993'],
    ],
    ['items', { type: 'array', items: { type: 'array', items: DECIMAL } }, '[[1.5],[]]', [['1.50'], []]],
    ['allOf', { allOf: [object({ a: DECIMAL }), { required: ['a'] }] }, '{"a":1.5}', { a: '1.50' }],
    [
      'anyOf',
      { anyOf: [DECIMAL, { type: 'boolean' }, { type: 'null' }] },
      '12345678901234567.25',
      '12345678901234567.25',
    ],
    ['anyOf, as the other one', { anyOf: [DECIMAL, { type: ['boolean', 'array'] }] }, '[1.5]', [1.5]],
    [
      'oneOf',
      { oneOf: [{ type: 'big_integer' }, object({ id: { type: 'big_integer' } })] },
      '{"id":9007199254740993}',
      { id: '9007199254740993' },
    ],
    [
      'oneOf with a tag',
      {
        oneOf: [closed({ kind: { const: 'a' }, v: DECIMAL }), closed({ kind: { const: 'b' }, w: { type: 'number' } })],
      },
      '{"kind":"a","v":1.5}',
      { kind: 'a', v: '1.50' },
    ],
    [
      'oneOf that agree',
      { oneOf: [object({ kind: { const: 'a' }, v: DECIMAL }), object({ kind: { const: 'b' }, v: DECIMAL })] },
      '{"kind":"b","v":1.5}',
      { kind: 'b', v: '1.50' },
    ],
    [
      'then and else',
      { if: { required: ['a'] }, [THEN]: object({ v: DECIMAL }), else: object({ v: DECIMAL }) },
      '{"v":1.5}',
      { v: '1.50' },
    ],
    ['$ref', { $defs: { money: DECIMAL }, ...object({ a: { $ref: '#/$defs/money' } }) }, '{"a":1.5}', { a: '1.50' }],
    ['definitions', { definitions: { 'a/b': DECIMAL }, items: { $ref: '#/definitions/a~1b' } }, '[1.5]', ['1.50']],
    [
      '$ref to itself',
      object({ v: DECIMAL, kids: { type: 'array', items: { $ref: '#' } } }),
      '{"v":1,"kids":[{"v":2,"kids":[{"v":3}]}]}',
      { v: '1.00', kids: [{ v: '2.00', kids: [{ v: '3.00' }] }] },
    ],
    [
      'an alternative that leads back',
      { anyOf: [{ type: 'null' }, object({ v: DECIMAL, next: { $ref: '#' } })] },
      '{"v":1,"next":{"v":2,"next":null}}',
      { v: '1.00', next: { v: '2.00', next: null } },
    ],
    [
      'a number behind $ref',
      { $defs: { n: { type: 'number' } }, items: { $ref: '#/$defs/n' } },
      '[9007199254740993]',
      [9007199254740992],
    ],
    [
      'a text in an alternative',
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
      '9007199254740993',
      '9007199254740993',
    ],
    [
      'names of every object',
      { type: 'object', additionalProperties: DECIMAL },
      '{"constructor":1,"__proto__":2}',
      JSON.parse('{"constructor":"1.00","__proto__":"2.00"}'),
    ],
  ])('%s', (_keyword, schema, json, expected) => expect(read(schema, json)).toEqual(withoutPrototypes(expected)))

  test.each<[JsonSchema, string, string]>([
    [object({ a: DECIMAL }), '{"a":"x"}', 'must be a decimal with at most 2 digits behind the point at /a'],
    [object({ a: DECIMAL }), '{"a":true}', 'must be a decimal with at most 2 digits behind the point at /a'],
    [
      { type: 'array', items: { type: ['decimal', 'null'] } },
      '["x"]',
      'must be a decimal such as 3903.70, or null at /0',
    ],
    [{ anyOf: [{ type: 'big_integer' }] }, '1.5', 'must be an integer of at most 100 digits'],
    [object({ n: { type: 'integer' } }), '{"n":1e300}', 'must be an integer between −(2^53−1) and 2^53−1 at /n'],
    [object({ n: { type: 'string', pattern: '^a$' } }), '{"n":"b"}', 'must match pattern "^a$" at /n'],
  ])('%j of %s says in words what must stand there', (schema, json, message) =>
    expect(read(schema, json)).toContain(`; it ${message}`),
  )
})

describe('a schema that leaves open what a number is', () => {
  test.each<[string, JsonSchema, RegExp]>([
    ['two types', { anyOf: [DECIMAL, { type: 'number' }] }, /decimal\(2\) and a number/],
    ['two scales', { oneOf: [DECIMAL, { type: 'decimal' }] }, /decimal\(2\) and a decimal/],
    ['a text', { anyOf: [DECIMAL, { type: 'string' }] }, /and a text/],
    ['listed values', { anyOf: [DECIMAL, { enum: ['x'] }] }, /and a text/],
    ['anything', { anyOf: [DECIMAL, {}] }, /and anything else/],
    ['both at once', { allOf: [DECIMAL, { type: 'integer' }] }, /and an integer/],
    ['one alternative', { oneOf: [object({ v: DECIMAL }), object({ w: { type: 'number' } })] }, /and anything else/],
    ['a condition', { if: { required: ['a'] }, [THEN]: object({ v: DECIMAL }) }, /and anything else/],
    ['dependentSchemas', { dependentSchemas: { a: object({ v: DECIMAL }) } }, /and anything else/],
    [
      'two patterns of one name',
      object({ ab: DECIMAL }, { patternProperties: { '^a': { type: 'number' } } }),
      /and a number/,
    ],
    ['not', { not: { type: 'string', format: 'decimal' } }, /`not`/],
    ['contains', { contains: DECIMAL }, /`contains`/],
    ['contains behind a reference', { $defs: { d: DECIMAL }, contains: { $ref: '#/$defs/d' } }, /`contains`/],
    ['propertyNames', { propertyNames: DECIMAL }, /`propertyNames`/],
    ['unevaluatedProperties', { unevaluatedProperties: DECIMAL }, /`unevaluatedProperties`/],
    ['unevaluatedItems', { unevaluatedItems: object({ a: DECIMAL }) }, /`unevaluatedItems`/],
    [
      'an anchor',
      { $defs: { d: { $anchor: 'money', ...object({ v: DECIMAL }) } }, items: { $ref: '#money' } },
      /`\$ref: #money`/,
    ],
    [
      '$dynamicRef',
      { $defs: { d: { $dynamicAnchor: 'm', ...object({ v: DECIMAL }) } }, items: { $dynamicRef: '#m' } },
      /`\$dynamicRef: #m`/,
    ],
    ['$id', { properties: { a: { $id: 'urn:x', ...object({ v: DECIMAL }) } } }, /`\$id: urn:x`/],
  ])('%s is refused', (_what, schema, problem) => {
    const found = readJsonSchema(schema)
    expect(found).toEqual({ problem: expect.stringMatching(problem), hint: expect.any(String) })
  })
})
