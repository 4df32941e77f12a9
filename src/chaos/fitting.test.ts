import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LONG } from '../../test/support/form.ts'
import type { Json } from '../model/row.ts'
import type { JsonSchema } from '../model/schema.ts'
import { fittingValue, isTarget, type Target, targetOf, unfittingValue } from './fitting.ts'
import { Random } from './random.ts'

/** One of both limits, both, or none. */
const bounds = (low: string, high: string, least: number, most: number) =>
  fc
    .tuple(fc.integer({ min: least, max: most }), fc.nat(20), fc.boolean(), fc.boolean())
    .map(([from, more, with_low, with_high]) => ({
      ...(with_low ? { [low]: from } : {}),
      ...(with_high ? { [high]: from + more } : {}),
    }))
const name = fc.constantFrom('a', 'b', 'label', 'score', '__proto__', 'with space')

/** Schemas of the keywords that the maker knows, nested. */
const { schema: schemas } = fc.letrec<{ schema: JsonSchema; object: JsonSchema }>(tie => ({
  schema: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<JsonSchema>({ type: 'boolean' }, { type: 'null' }, { type: ['string', 'null'] }, {}),
    fc.constantFrom<JsonSchema>({ type: 'string', format: 'date-time' }, { $ref: '#/$defs/shared' }),
    fc.array(fc.string(), { minLength: 1, maxLength: 4 }).map(values => ({ enum: values })),
    fc.jsonValue({ maxDepth: 1 }).map(value => ({ const: value })),
    bounds('minLength', 'maxLength', 0, 20).map(limits => ({ type: 'string', ...limits })),
    bounds('minimum', 'maximum', -20, 20).map(limits => ({ type: 'integer', ...limits })),
    bounds('minimum', 'exclusiveMaximum', -20, 20)
      .filter(limits => limits.minimum === undefined || limits.minimum !== limits.exclusiveMaximum)
      .map(limits => ({ type: 'number', ...limits })),
    fc.constantFrom<JsonSchema>(
      { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 2 },
      { type: 'integer', multipleOf: 7, minimum: 1, maximum: 13 },
      { type: 'number', multipleOf: 0.5 },
    ),
    fc
      .tuple(tie('schema'), bounds('minItems', 'maxItems', 0, 4))
      .map(([items, limits]) => ({ type: 'array', items, ...limits })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map(anyOf => ({ anyOf })),
    fc.tuple(tie('object'), tie('object')).map(([a, b]) => ({ allOf: [a, withOtherNames(b)] })),
    tie('object'),
  ),
  object: fc
    .tuple(fc.dictionary(name, tie('schema'), { maxKeys: 4 }), fc.boolean())
    .map(([properties, all]) => ({ type: 'object', properties, required: all ? Object.keys(properties) : [] })),
}))

/** So that nothing of it contradicts the schema that must hold as well. */
function withOtherNames({ type, properties, required }: JsonSchema): JsonSchema {
  const other = (key: string) => `other ${key}`
  return {
    type,
    properties: Object.fromEntries(Object.entries(properties as JsonSchema).map(([key, each]) => [other(key), each])),
    required: (required as string[]).map(other),
  }
}

const served = (schema: JsonSchema): Target => {
  const target = targetOf({ ...schema, $defs: { shared: { type: 'string', enum: ['x', 'y'] } } })
  if (!isTarget(target)) throw new Error(target.problem)
  return target
}

describe('values for a schema', () => {
  test('fit it, and the same chance gives the same', () => {
    fc.assert(
      fc.property(schemas, fc.string(), (schema, seed) => {
        const target = served(schema)
        const made = fittingValue(target, new Random(seed))
        expect(fittingValue(target, new Random(seed))).toEqual(made)
        if ('problem' in made) throw new Error(made.problem)
        expect(target.fits(made.value)).toBe(true)
        const wrong = unfittingValue(target, made.value, 0.5)
        if (wrong !== undefined) expect(target.fits(wrong)).toBe(false)
      }),
      { numRuns: LONG ? 150 : 20 },
    )
  })

  const tree: JsonSchema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $ref: '#/definitions/node',
    definitions: {
      node: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          children: { type: 'array', items: { $ref: '#/definitions/node' } },
          next: { anyOf: [{ $ref: '#/definitions/node' }, { type: 'null' }] },
        },
        required: ['name', 'children', 'next'],
        additionalProperties: false,
      },
    },
  }

  const itself: JsonSchema = { type: 'object', properties: { next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } } }

  test.each([tree, itself])('of a schema that refers to itself have an end', schema => {
    const target = served(schema)
    for (let i = 0; i < 50; i++) {
      const made = fittingValue(target, new Random(`${i}`))
      expect('value' in made && target.fits(made.value)).toBe(true)
    }
  })

  test.each<[JsonSchema, RegExp]>([
    [{ type: 'string', pattern: '^[0-9]{40}$' }, /more than this test server can make up/],
    [{ $ref: '#' }, /refers to itself/],
    [{ type: 'object', properties: { a: false }, required: ['a'] }, /no value is allowed/],
    [{ type: 'integer', minimum: 1.2, maximum: 1.8 }, /no integer/],
    [{ type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] }, /nests without an end/],
  ])('%j: says why there is none', (schema, message) => {
    const target = targetOf(schema)
    const made = isTarget(target) ? fittingValue(target, new Random('')) : target
    expect('problem' in made ? made.problem : made).toMatch(message)
  })

  test('what is no schema is refused', () => {
    expect(targetOf({ type: 'strnig' })).toHaveProperty('problem', expect.stringMatching(/the schema can’t be used/))
  })
})

describe('values against a schema', () => {
  test('are wrong in various ways, and there are none where everything fits', () => {
    const target = served({
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'number' } },
      required: ['a', 'b'],
    })
    const value: Json = { a: 'x', b: 1 }
    const wrong = [0, 0.2, 0.4, 0.6, 0.8].map(detail => JSON.stringify(unfittingValue(target, value, detail)))
    expect(new Set(wrong).size).toBeGreaterThan(3)
    expect(unfittingValue(served({}), value, 0.5)).toBeUndefined()
  })
})
