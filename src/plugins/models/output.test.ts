import { describe, expect, test } from 'vitest'
import type { Json } from '../../model/row.ts'
import { type JsonObject, type OutputShape, outputShape } from './output-shape.ts'
import { outputValue } from './output-value.ts'

const shapeOf = (declared: JsonObject): OutputShape => {
  const shape = outputShape(declared)
  if ('problem' in shape) throw new Error(shape.problem)
  return shape
}

describe('schemas', () => {
  test('the shorthand asks for each field, and null where one is optional', () => {
    const { schema, fields, strict } = shapeOf({ a: 'string', b: 'number?', c: { enum: ['x', 'y'] } })
    expect(schema).toEqual({
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: ['number', 'null'] }, c: { type: 'string', enum: ['x', 'y'] } },
      required: ['a', 'b', 'c'],
      additionalProperties: false,
    })
    expect([...fields].map(([name, { optional }]) => [name, optional])).toEqual([
      ['a', false],
      ['b', true],
      ['c', false],
    ])
    expect(strict).toBe(true)
  })

  test('a JSON Schema stays as it is, but for what it doesn’t say of other properties', () => {
    const declared = { type: 'object', properties: { a: { type: 'string' }, b: {} }, required: ['a'] }
    const { schema, fields, strict } = shapeOf(declared)
    expect(schema).toEqual({ ...declared, additionalProperties: false })
    expect([...fields].map(([name, { optional }]) => [name, optional])).toEqual([
      ['a', false],
      ['b', true],
    ])
    expect(strict).toBe(false)
  })

  test.each<[JsonObject, boolean]>([
    [{ a: { type: 'array', items: { type: 'string' } } }, true],
    [{ a: 'array' }, false],
    [{ a: 'any' }, false],
    [
      { a: { type: 'object', properties: { b: { type: 'string' } }, required: ['b'], additionalProperties: false } },
      true,
    ],
    [{ a: { type: 'object', properties: { b: { type: 'string' } }, additionalProperties: false } }, false],
    [{ a: { anyOf: [{ type: 'string' }, { type: 'null' }] } }, true],
  ])('%j is one that providers can enforce: %s', (declared, strict) => expect(shapeOf(declared).strict).toBe(strict))

  test.each<[JsonObject, RegExp]>([
    [{ a: 'strin' }, /a: "strin" isn’t a type/],
    [{ a: 5 }, /a: a type is a word/],
    [{ a: { type: 'text' } }, /isn’t a JSON Schema/],
    [{ a: { typ: 'string' } }, /isn’t a JSON Schema/],
    [{ type: 'object', properties: { a: { type: 'string', pattern: '(' } } }, /isn’t a JSON Schema/],
  ])('%j is none', (declared, problem) => {
    expect(outputShape(declared)).toMatchObject({ problem: expect.stringMatching(problem) })
  })

  test.each<[JsonObject, string | undefined]>([
    [{ type: 'object', propertys: { a: { type: 'string' } } }, 'Did you mean properties, not propertys?'],
    [{ type: 'object', Properties: 5 }, 'Did you mean properties, not Properties?'],
    [{ type: 'object', properties: { a: { type: 'string' } }, requird: ['a'] }, 'Did you mean required?'],
    [{ a: { type: 'string', zzz: 1 } }, undefined],
  ])('%j has the hint %j', (declared, hint) => {
    const shape = outputShape(declared)
    expect(shape).toHaveProperty('problem')
    expect('hint' in shape ? shape.hint : undefined).toBe(hint)
  })
})

describe('values', () => {
  const shape = shapeOf({
    n: 'integer',
    x: 'number',
    yes: 'boolean',
    text: 'string',
    word: { enum: ['Good', 'Bad'] },
    list: { type: 'array', items: { type: 'integer' } },
    none: 'string?',
  })
  const fitting = { n: 1, x: 1.5, yes: true, text: 'a', word: 'Good', list: [1], none: null }
  const read = (more: { [field: string]: Json }) => outputValue(JSON.stringify({ ...fitting, ...more }), shape)

  test.each<[{ [field: string]: Json }, { [field: string]: Json }]>([
    [{}, {}],
    [{ n: ' 12 ' }, { n: 12 }],
    [{ x: '-1.5e3' }, { x: -1500 }],
    [{ yes: 'True' }, { yes: true }],
    [{ text: 12 }, { text: '12' }],
    [{ text: false }, { text: 'false' }],
    [{ word: ' good ' }, { word: 'Good' }],
    [{ list: ['1', 2, '3'] }, { list: [1, 2, 3] }],
  ])('%j is taken as %j', (given, taken) => {
    expect(read(given)).toEqual({ ok: true, value: { ...fitting, ...taken } })
  })

  test.each<[{ [field: string]: Json }, RegExp]>([
    [{ n: '1.5' }, /at \/n it must be integer/],
    [{ n: 1.5 }, /integer/],
    [{ n: null }, /integer/],
    [{ x: 'many' }, /number/],
    [{ yes: 1 }, /boolean/],
    [{ yes: 'yes' }, /boolean/],
    [{ word: 'fine' }, /one of the allowed values: \["Good","Bad"\]/],
    [{ list: [1, 'two'] }, /at \/list\/1/],
    [{ list: '1' }, /array/],
    [{ more: 1 }, /additional properties: "more"/],
  ])('%j is refused', (given, problem) => {
    expect(read(given)).toEqual({ ok: false, problem: expect.stringMatching(problem) })
  })

  const small = shapeOf({ a: 'integer' })
  test.each([
    '{"a": 1}',
    ' \n{"a": 1}\n',
    '```json\n{"a": 1}\n```',
    '```\n{"a": 1}```',
    '```JSON\r\n{"a": "1"}\r\n```',
  ])('%j holds JSON', text => expect(outputValue(text, small)).toEqual({ ok: true, value: { a: 1 } }))
  test.each(['', '{"a": 1', '{"a": 1, "a": 2}', '{"a": 9007199254740993}', '[1]', 'null', '"a"'])(
    '%j doesn’t hold what is asked for',
    text => expect(outputValue(text, small)).toMatchObject({ ok: false }),
  )

  test('what fits isn’t converted, and a property may have any name', () => {
    const either = shapeOf({ a: { type: ['string', 'integer'] }, constructor: 'string' })
    const text = '{"a": "12", "constructor": "x"}'
    expect(outputValue(text, either)).toEqual({ ok: true, value: { a: '12', constructor: 'x' } })
    expect(outputValue('{"a": 1, "__proto__": {}}', small)).toMatchObject({ ok: false })
  })
})
