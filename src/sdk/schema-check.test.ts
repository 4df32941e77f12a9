import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Json, type Row, withoutPrototypes } from '../model/row.ts'
import type { FieldSchema, JsonSchema, RowSchema } from '../model/schema.ts'
import { admitsNull, FIELD_TYPES, parseFieldShorthand, readJsonSchema } from './field-type.ts'
import { compileRowSchema } from './schema-check.ts'

const rowOf = (json: Json) => withoutPrototypes(json) as Row
const fieldOf = (declared: string | JsonSchema): FieldSchema => {
  if (typeof declared === 'string') {
    const parsed = parseFieldShorthand(declared)
    if ('problem' in parsed) throw new Error(parsed.problem)
    return parsed
  }
  const read = readJsonSchema(declared)
  if ('problem' in read) throw new Error(read.problem)
  return { schema: read.schema, optional: admitsNull(read.schema) }
}
const schemaOf = (fields: { [name: string]: string | JsonSchema }, closed = true): RowSchema => ({
  fields: new Map(Object.entries(fields).map(([name, declared]) => [name, fieldOf(declared)])),
  closed,
  observed: false,
})
/** The field's value after the check, or the code. */
const take = (declared: string | JsonSchema, value: Json | undefined, textual: boolean) => {
  const result = compileRowSchema(schemaOf({ f: declared }), { textual })(
    rowOf(value === undefined ? {} : { f: value }),
  )
  return result.ok ? (Object.hasOwn(result.row, 'f') ? result.row.f : undefined) : result.code
}

describe('cells', () => {
  test.each([
    ['integer', '42', 42],
    ['integer', '-7', -7],
    ['integer', '007', 7],
    ['integer', '-0', 0],
    ['integer', '9007199254740991', 9007199254740991],
    ['integer', '9007199254740992', 'SCHEMA_TYPE'],
    ['integer', '1.0', 1],
    ['integer?', '-3.00', -3],
    ['integer', '1.5', 'SCHEMA_TYPE'],
    ['integer', '1.', 'SCHEMA_TYPE'],
    ['integer', '.0', 'SCHEMA_TYPE'],
    ['integer', '1.0.0', 'SCHEMA_TYPE'],
    ['integer', '9007199254740992.0', 'SCHEMA_TYPE'],
    ['integer', '+1', 'SCHEMA_TYPE'],
    ['integer', ' 1', 'SCHEMA_TYPE'],
    ['integer', '-', 'SCHEMA_TYPE'],
    ['integer', '', 'SCHEMA_EMPTY'],
    ['integer?', '', null],
    ['number', '1.50', 1.5],
    ['number', '-1e3', -1000],
    ['number', '1e999', 'SCHEMA_TYPE'],
    ['number', '1e-999', 'SCHEMA_TYPE'],
    ['number', '-0.0e-5', 0],
    ['number', '0.123456789012345678', 0.12345678901234568],
    ['number', '.5', 'SCHEMA_TYPE'],
    ['number', 'NaN', 'SCHEMA_TYPE'],
    ['number', 'Infinity', 'SCHEMA_TYPE'],
    ['number', '0x10', 'SCHEMA_TYPE'],
    ['number', '1,5', 'SCHEMA_TYPE'],
    ['boolean', 'TRUE', true],
    ['boolean', 'False', false],
    ['boolean', '1', 'SCHEMA_TYPE'],
    ['boolean', 'yes', 'SCHEMA_TYPE'],
    ['string', '', ''],
    ['string', '42', '42'],
    ['string?', '', ''],
    ['string', null, 'SCHEMA_EMPTY'],
    ['string?', null, null],
    ['integer', null, 'SCHEMA_EMPTY'],
    ['integer?', null, null],
    ['number', '12345678901234567890', 'SCHEMA_TYPE'],
    ['number', '9007199254740993', 'SCHEMA_TYPE'],
    ['number', '9007199254740993.0', 'SCHEMA_TYPE'],
    ['number', '12345678901234567.5', 12345678901234568],
    ['number', '9007199254740992', 2 ** 53],
    ['number', '1e-400', 'SCHEMA_TYPE'],
    ['decimal', '3903.70', '3903.70'],
    ['decimal', '-0012', '-12'],
    ['decimal', '0.1234567890123456789', '0.1234567890123456789'],
    ['decimal', '1e-400', 'SCHEMA_TYPE'],
    ['decimal', '3,5', 'SCHEMA_TYPE'],
    ['decimal', '', 'SCHEMA_EMPTY'],
    ['decimal?', '', null],
    ['decimal(2)', '3903.7', '3903.70'],
    ['decimal(2)', '3903.705', 'SCHEMA_TYPE'],
    ['decimal(0)', '3903.00', '3903'],
    [{ type: 'decimal', scale: 2 }, '1', '1.00'],
    [{ type: ['decimal', 'null'] }, '', null],
    [{ type: 'decimal', enum: ['1', '2'] }, '2', '2'],
    [{ type: 'decimal', enum: ['1', '2'] }, '3', 'SCHEMA_VALUE'],
    [{ type: 'decimal', scale: 2, enum: ['1.5', 2] }, '1.5', '1.50'],
    [{ type: 'decimal', scale: 2, enum: ['1.5', 2] }, '2.00', '2.00'],
    [{ type: 'big_integer', const: 12 }, '12', '12'],
    ['big_integer', '9007199254740993', '9007199254740993'],
    ['big_integer', '12.0', '12'],
    ['big_integer', '12.5', 'SCHEMA_TYPE'],
    ['big_integer?', '', null],
    [{ type: 'array', items: { type: 'decimal', scale: 2 } }, '[1.5, 3903.70, "7"]', ['1.50', '3903.70', '7.00']],
    [{ type: 'array', items: { type: 'big_integer' } }, '[9007199254740993]', ['9007199254740993']],
    [{ type: 'array', items: { type: 'decimal' } }, '["x"]', 'SCHEMA_VALUE'],
    ['null', '', null],
    ['null', 'x', 'SCHEMA_TYPE'],
    ['any', '42', '42'],
    ['any', '', ''],
    ['array', '[1, "a"]', [1, 'a']],
    ['array', '{}', 'SCHEMA_TYPE'],
    ['array', '[1', 'SCHEMA_TYPE'],
    ['object', '{"a": null}', { a: null }],
    [{ type: 'integer', minimum: 0 }, '5', 5],
    [{ type: 'integer', minimum: 0 }, '-5', 'SCHEMA_VALUE'],
    [{ type: ['integer', 'null'] }, '', null],
    [{ type: ['integer', 'string'] }, '5', 5],
    [{ type: ['integer', 'string'] }, 'x', 'x'],
    [{ type: ['integer', 'string'] }, '1.0', '1.0'],
    [{ type: ['integer', 'null'] }, '1.0', 1],
    [{ enum: ['a', 'b'] }, 'a', 'a'],
    [{ enum: ['a', 'b'] }, 'c', 'SCHEMA_VALUE'],
    [{ enum: [1, 2] }, '2', 2],
    [{ type: 'array', items: { type: 'integer' } }, '[1, "x"]', 'SCHEMA_VALUE'],
    [{ type: 'string', minLength: 1 }, '', 'SCHEMA_VALUE'],
    [{ type: 'string', pattern: '^a+$' }, 'aab', 'SCHEMA_VALUE'],
  ] as [string | JsonSchema, Json, Json][])('%j of %j', (declared, cell, expected) => {
    expect(take(declared, cell, true)).toEqual(expected)
  })

  test('a pattern that would take a backtracking engine ages', () => {
    expect(take({ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(50_000)}!`, true)).toBe('SCHEMA_VALUE')
    expect(take({ type: 'string', pattern: '^(a+)+$' }, 'aaa', true)).toBe('aaa')
  })

  test('each integer and each finite number comes through its text', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), value => {
        expect(take('integer', String(value), true)).toBe(value)
      }),
    )
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
        expect(take('number', JSON.stringify(value), true)).toBe(value === 0 ? 0 : value)
      }),
    )
  })
})

describe('values', () => {
  test.each([
    ['decimal', 0.1, '0.1'],
    ['decimal', 1e21, `1${'0'.repeat(21)}`],
    ['decimal', 1e300, 'SCHEMA_TYPE'],
    ['decimal', '3903.70', '3903.70'],
    ['decimal', true, 'SCHEMA_TYPE'],
    ['decimal', null, 'SCHEMA_TYPE'],
    ['decimal?', null, null],
    ['decimal(2)', 3903.7, '3903.70'],
    ['decimal(2)', 0.125, 'SCHEMA_TYPE'],
    ['big_integer', 12, '12'],
    ['big_integer', '900719925474099312', '900719925474099312'],
    ['big_integer', 1.5, 'SCHEMA_TYPE'],
    [
      { type: 'object', properties: { net: { type: 'decimal', scale: 2 } }, required: ['net'] },
      { gross: 1.5, net: 1.5 },
      { gross: 1.5, net: '1.50' },
    ],
    [{ anyOf: [{ type: 'decimal' }, { type: 'boolean' }] }, '1.50', '1.50'],
    ['integer', 42, 42],
    ['integer', 1.5, 'SCHEMA_TYPE'],
    ['integer', 2 ** 53, 'SCHEMA_TYPE'],
    ['integer', '42', 'SCHEMA_TYPE'],
    ['integer', null, 'SCHEMA_TYPE'],
    ['integer', undefined, 'SCHEMA_FIELD_MISSING'],
    ['integer?', null, null],
    ['integer?', undefined, undefined],
    ['number', 1.5, 1.5],
    ['number', '1.5', 'SCHEMA_TYPE'],
    ['boolean', true, true],
    ['boolean', 'true', 'SCHEMA_TYPE'],
    ['string', 'x', 'x'],
    ['string', '', ''],
    ['string?', '', ''],
    ['array', [1], [1]],
    ['array', {}, 'SCHEMA_TYPE'],
    ['object', {}, {}],
    ['object', [], 'SCHEMA_TYPE'],
    ['object', null, 'SCHEMA_TYPE'],
    ['null', null, null],
    ['any', null, null],
    ['any', undefined, 'SCHEMA_FIELD_MISSING'],
    [{ type: 'array', items: { type: 'string' } }, ['a'], ['a']],
    [{ type: 'array', items: { type: 'string' } }, ['a', 1], 'SCHEMA_VALUE'],
    [{ type: 'array', items: { type: 'string' } }, 'a', 'SCHEMA_TYPE'],
    [{ type: ['string', 'null'] }, null, null],
    [{ type: ['string', 'null'] }, undefined, undefined],
  ] as [string | JsonSchema, Json | undefined, Json | undefined][])('%j of %j', (declared, value, expected) => {
    expect(take(declared, value, false)).toEqual(expected)
  })
})

describe('rows', () => {
  const mixed = { id: 'integer', note: 'string?', ok: 'boolean' }

  test('fields keep their order; what is not declared stays, unless the schema is closed', () => {
    const row = rowOf({ extra: 'x', id: '1', more: '', ok: 'true', note: '' })
    const open = compileRowSchema(schemaOf(mixed, false), { textual: true })(row)
    expect(open.ok && JSON.stringify(open.row)).toBe('{"extra":"x","id":1,"more":"","ok":true,"note":""}')
    expect(compileRowSchema(schemaOf(mixed), { textual: true })(row)).toEqual({
      ok: false,
      code: 'SCHEMA_UNKNOWN_FIELD',
      field: 'extra',
      message: 'extra isn’t a declared field',
    })
  })

  test('a row that needs no conversion is the same object', () => {
    const row = rowOf({ id: 1, ok: true })
    expect(compileRowSchema(schemaOf(mixed), { textual: false })(row)).toEqual({ ok: true, row })
    const texts = rowOf({ a: 'x', b: 'y' })
    const result = compileRowSchema(schemaOf({ a: 'string', b: 'string?' }), { textual: true })(texts)
    expect(result.ok && result.row).toBe(texts)
  })

  test('the message names field and value', () => {
    const check = compileRowSchema(schemaOf({ id: 'integer' }), { textual: true })
    expect(check(rowOf({ id: 'x' }))).toMatchObject({ field: 'id', message: expect.stringContaining('id is "x"') })
    expect(check(rowOf({}))).toMatchObject({ field: 'id', code: 'SCHEMA_FIELD_MISSING' })
  })

  test('names of Object.prototype are fields like others', () => {
    const check = compileRowSchema(schemaOf(JSON.parse('{"__proto__": "integer", "constructor": "integer"}')), {
      textual: true,
    })
    expect(check(rowOf(JSON.parse('{"__proto__": "1", "constructor": "2"}')))).toMatchObject({ ok: true })
    expect(check(rowOf({}))).toMatchObject({ code: 'SCHEMA_FIELD_MISSING', field: '__proto__' })
  })

  test('what a checker takes, the checker of values takes again, unchanged', () => {
    const kinds = fc.constantFrom('string', 'integer?', 'number', 'boolean?', 'array?', 'object', 'any')
    const cell = fc.constantFrom('', '1', '1.5', 'true', '[1]', '{"a":[null]}', 'x', '-3')
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.tuple(kinds, cell)), entries => {
        const declared = Object.fromEntries(Object.entries(entries).map(([name, [kind]]) => [name, kind]))
        const cells = Object.fromEntries(Object.entries(entries).map(([name, [, each]]) => [name, each]))
        const taken = compileRowSchema(schemaOf(declared), { textual: true })(rowOf(cells))
        if (!taken.ok) return
        const again = compileRowSchema(schemaOf(declared), { textual: false })(taken.row)
        expect(again.ok && again.row).toBe(taken.row)
      }),
    )
  })
})

test('an integer is one that a double holds exactly, however it is declared', () => {
  const nested: JsonSchema = {
    type: 'object',
    properties: { n: { type: ['integer', 'string'] }, l: { type: 'array', items: { anyOf: [{ type: 'integer' }] } } },
  }
  for (const whole of [1e21, -1e21]) {
    expect(take('integer', whole, false)).toBe('SCHEMA_TYPE')
    expect(take({ type: 'integer', minimum: -1e300, maximum: 1e300 }, whole, false)).toBe('SCHEMA_VALUE')
    expect(take({ type: 'integer', description: 'x' }, whole, false)).toBe('SCHEMA_VALUE')
    expect(take({ type: ['integer', 'number'] }, whole, false)).toBe(whole)
    expect(take(nested, { n: whole }, false)).toBe('SCHEMA_VALUE')
    expect(take(nested, { l: [whole] }, false)).toBe('SCHEMA_VALUE')
  }
  const { n, l } = { n: Number.MAX_SAFE_INTEGER, l: [-Number.MAX_SAFE_INTEGER] }
  expect(take(nested, { n, l }, false)).toEqual({ n, l })
})

describe('declarations', () => {
  test('each type has a shorthand', () => {
    for (const type of FIELD_TYPES) expect(parseFieldShorthand(`${type}?`)).toMatchObject({ optional: true })
    expect(parseFieldShorthand('integer')).toEqual({ schema: { type: 'integer' }, optional: false })
  })

  test('others are problems with the nearest type', () => {
    expect(parseFieldShorthand('intger?')).toMatchObject({ hint: expect.stringContaining('Did you mean `integer?`?') })
    expect(parseFieldShorthand('float')).toMatchObject({ problem: '"float" isn’t a type' })
  })

  test.each([
    ['int', 'Did you mean integer?'],
    ['bigint?', 'Did you mean `integer?` or `big_integer?`? Types are'],
    ['Float', 'Did you mean number?'],
    ['decimal(10, 2)', 'Did you mean decimal(2)?'],
    ['decimal(10,100)', 'Types are string'],
    ['frob', 'Types are string'],
  ])('%s has the hint %s', (type, hint) => {
    const parsed = parseFieldShorthand(type)
    expect('hint' in parsed ? parsed.hint : undefined).toContain(hint)
  })

  test.each([
    [{ type: 'integer', minimum: 0 }, null],
    [{ type: 'string', format: 'date' }, null],
    [{ type: 'intger' }, 'problem'],
    [{ typ: 'integer' }, 'problem'],
    [{ type: 'string', pattern: '(?=a)' }, 'problem'],
    [{ type: 'decimal', scale: 2, enum: ['1.505'] }, 'problem'],
    [{ type: ['big_integer', 'null'], const: 'x' }, 'problem'],
    [{ $ref: 'https://example.com/x' }, 'problem'],
    [{ properties: { next: { $ref: '#' } } }, null],
    [{ $ref: '#/nowhere' }, 'problem'],
  ])('%j', (schema, expected) => {
    const read = readJsonSchema(schema)
    if (expected === null) expect(read).toEqual({ schema })
    else expect(read).toHaveProperty('problem')
  })

  test.each([
    [{ type: 'object', propertys: {} }, 'Did you mean properties?'],
    [{ type: 'intger' }, 'Did you mean integer?'],
    [{ type: 'bigint' }, 'Did you mean integer or big_integer?'],
    [{ not: { type: 'decimal' } }, undefined],
    [{ properties: { 'a/b': { type: 'bolean' } } }, 'Did you mean boolean?'],
    [{ type: ['string', 'nul'] }, undefined],
    [{ zzz: 1 }, undefined],
  ])('%j has the hint %j', (schema, hint) => {
    const read = readJsonSchema(schema)
    expect(read).toHaveProperty('problem')
    expect('hint' in read ? read.hint : undefined).toBe(hint)
  })

  test('a schema that refers to itself checks as deep as a value goes', () => {
    const tree = { type: 'object', properties: { kids: { type: 'array', items: { $ref: '#' } } } }
    expect(take(tree, { kids: [{ kids: [{}] }] }, false)).toEqual({ kids: [{ kids: [{}] }] })
    expect(take(tree, { kids: [{ kids: [5] }] }, false)).toBe('SCHEMA_VALUE')
  })
})
