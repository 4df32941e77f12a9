/** Decimals in expressions: what operators and functions give, and which types the plan knows of it. */
import { describe, expect, test } from 'vitest'
import type { Json } from '../model/row.ts'
import { decimalSchema, type JsonSchema, OBSERVED, type RowSchema } from '../model/schema.ts'
import { compileExpression } from './expression.ts'

function evaluate(source: string, row: { readonly [field: string]: Json }) {
  const compiled = compileExpression(source, { over: 'row', schema: OBSERVED })
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  return compiled.expression.evaluate(row)
}
const resultOf = (source: string, row: { readonly [field: string]: Json }) => {
  const result = evaluate(source, row)
  return result.ok ? result.value : result.code
}

describe('decimals', () => {
  const schema: RowSchema = {
    fields: new Map(
      Object.entries({
        net: decimalSchema(2),
        rate: decimalSchema(null),
        count: { type: 'integer' },
        factor: { type: 'number' },
        parts: { type: 'array', items: decimalSchema(2) },
        maybe: { type: ['string', 'null'], format: 'decimal', scale: 2 },
      }).map(([name, schema]) => [name, { schema, optional: name === 'maybe' }]),
    ),
    closed: false,
    observed: false,
  }
  const row = { net: '3903.70', rate: '0.1', count: 3, factor: 1.19, parts: ['0.10', '0.20'], any: 2 }

  test.each<[string, Json, JsonSchema]>([
    ['row.net', '3903.70', decimalSchema(2)],
    ['row.net + row.net', '7807.40', decimalSchema(2)],
    ['row.net * row.count', '11711.10', decimalSchema(2)],
    ['row.net * 1.19', '4645.4030', decimalSchema(null)],
    ['row.net * row.factor', '4645.4030', decimalSchema(null)],
    ['row.net * row.rate', '390.370', decimalSchema(null)],
    ['row.net * row.any', '7807.40', decimalSchema(null)],
    ['row.net / row.count', '1301.233333333333333333333333333333', decimalSchema(null)],
    ['row.net / 4', '975.925', decimalSchema(null)],
    ['row.net % 1', '0.70', decimalSchema(2)],
    ['-row.net', '-3903.70', decimalSchema(2)],
    ['row.rate + 0.2', '0.3', decimalSchema(null)],
    ['number.round(row.net * 1.19, 2)', '4645.40', decimalSchema(2)],
    ['number.round(row.net, 1, "floor")', '3903.7', decimalSchema(1)],
    ['math.abs(-row.net)', '3903.70', decimalSchema(2)],
    ['math.floor(row.net)', '3903', decimalSchema(0)],
    ['math.greatest(row.net, row.rate)', '3903.70', decimalSchema(null)],
    ['math.greatest(row.net, 0)', '3903.70', decimalSchema(2)],
    ['math.greatest(-row.net, 0)', '0.00', decimalSchema(2)],
    ['math.greatest(0, -row.net, -1)', '0.00', decimalSchema(2)],
    ['math.greatest(-row.net, row.count)', '3.00', decimalSchema(2)],
    ['math.least(row.net, 0.5)', '0.5', decimalSchema(null)],
    ['math.least(row.net, row.factor)', '1.19', decimalSchema(null)],
    ['math.least(row.rate, 0)', '0', decimalSchema(null)],
    ['math.least(row.net, row.any)', '2', decimalSchema(null)],
    ['math.least(row.any, 7, row.net, 4)', '2', decimalSchema(null)],
    ['math.greatest(row.parts)', '0.20', decimalSchema(2)],
    ['math.greatest(row.net, 0) * 2', '7807.40', decimalSchema(2)],
    ['row.parts.sum()', '0.30', decimalSchema(2)],
    ['row.parts.filter(x, x > 5).sum()', '0.00', decimalSchema(2)],
    ['row.parts.mean()', '0.15', decimalSchema(null)],
    ['row.parts.map(x, x * 2)', ['0.20', '0.40'], { type: 'array', items: decimalSchema(2) }],
    ['row.parts.max()', '0.20', decimalSchema(2)],
    ['row.count > 2 ? row.net : 0', '3903.70', decimalSchema(2)],
    ['row.count < 2 ? row.net : 0', '0.00', decimalSchema(2)],
    ['row.count < 2 ? row.net : 0.5', '0.5', decimalSchema(null)],
    ['row.?maybe.orValue(0)', '0.00', decimalSchema(2)],
    ['double(row.net)', 3903.7, { type: 'number' }],
    ['int(row.net)', 3903, { type: 'integer' }],
    ['string(row.net)', '3903.70', { type: 'string' }],
    ['"%.1f, %s".format([row.net, row.net])', '3903.7, 3903.70', { type: 'string' }],
    ['type(row.net) == decimal', true, { type: 'boolean' }],
    ['row.rate == 0.1', true, { type: 'boolean' }],
    ['row.rate > 0.1', false, { type: 'boolean' }],
    ['row.net > 3903', true, { type: 'boolean' }],
    ['row.net < row.count', false, { type: 'boolean' }],
    ['row.net == decimal("3903.7")', true, { type: 'boolean' }],
    ['row.net in [1, 3903.7]', true, { type: 'boolean' }],
    ['1e308 > row.net', true, { type: 'boolean' }],
    ['row.net != row.any', true, { type: 'boolean' }],
    ['[row.rate, 0.1, 1].distinct().size()', 2, { type: 'integer' }],
  ])('%s is %j', (source, expected, gives) => {
    const compiled = compileExpression(source, { over: 'row', schema })
    if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
    expect(compiled.expression.evaluate(row)).toEqual({ ok: true, value: expected })
    expect(compiled.expression.gives).toEqual({ schema: gives, optional: false })
  })

  test.each([
    ['[row.net].sum()', '1.239'],
    ['math.greatest(row.net, 0)', '1.239'],
    ['row.?net.orValue(0)', '1.239'],
    ['row.count > 2 ? row.net : 0', '1.239'],
  ])('%s of a row with more digits than are declared keeps them', (source, expected) => {
    const compiled = compileExpression(source, { over: 'row', schema })
    if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
    expect(compiled.expression.evaluate({ ...row, net: '1.239' })).toEqual({ ok: true, value: expected })
  })

  test('without a declared type, texts are texts', () => {
    expect(resultOf('row.net + "!"', { net: '3903.70' })).toBe('3903.70!')
    expect(evaluate('row.net > 1', { net: '3903.70' })).toMatchObject({ code: 'TYPE_MISMATCH' })
    expect(resultOf('decimal(row.net) > 1', { net: '3903.70' })).toBe(true)
    expect(resultOf('math.greatest([decimal(row.net), 4000])', { net: '3903.70' })).toBe('4000')
    expect(resultOf('math.least(1, 2, dyn(decimal(row.net)))', { net: '3903.70' })).toBe('1')
  })

  test('a text beside a decimal is no number, and the hint says how it becomes one', () => {
    const compiled = compileExpression('row.net == "3903.70"', { over: 'row', schema })
    expect(compiled).toMatchObject({ ok: false, problems: [{ hint: 'It is a text; convert it: decimal("3903.70").' }] })
  })

  test.each([
    ['row.net / 0', 'DIVISION_BY_ZERO'],
    ['row.net % 0.0', 'DIVISION_BY_ZERO'],
    ['row.net + 1e300', 'DECIMAL_OVERFLOW'],
    ['math.greatest(row.net, 1e300)', 'DECIMAL_OVERFLOW'],
    ['decimal("1e60") * decimal("1e60")', 'DECIMAL_OVERFLOW'],
    ['decimal("x")', 'CONVERSION_FAILED'],
    ['double("1e-400")', 'CONVERSION_FAILED'],
    ['json.parse("[9007199254740993]")', 'CONVERSION_FAILED'],
    ['json.parse("[1e-400]")', 'CONVERSION_FAILED'],
    ['row.net + row.text', 'TYPE_MISMATCH'],
  ])('%s is %s', (source, code) => {
    const compiled = compileExpression(source, { over: 'row', schema })
    if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
    expect(compiled.expression.evaluate({ ...row, text: 'x' })).toMatchObject({ ok: false, code })
  })

  test.each([
    ['row.net / 0', 1],
    ['row.count % 0', 1],
    ['row.factor / -0.0', 1],
    ['row.count / (1 - 1)', 1],
    ['row.net / decimal("0.00")', 1],
    ['[1, 2].map(x, x / 0)', 1],
    ['row.count / 2', 0],
    ['row.count / row.count', 0],
    ['row.count / (1 / 0)', 1],
    ['0 / row.count', 0],
    ['row.count * 0', 0],
  ])('%s has %i warnings: a divisor that is always zero', (source, count) => {
    const compiled = compileExpression(source, { over: 'row', schema })
    expect(compiled.ok).toBe(true)
    expect(compiled.warnings.map(({ message }) => message)).toEqual(
      Array(count).fill(expect.stringContaining('divides by zero: every row that gets there meets DIVISION_BY_ZERO')),
    )
  })

  test('a literal that is nearer to zero than any double is 0, and a warning says so', () => {
    expect(compileExpression('1e-400', { over: 'row', schema })).toMatchObject({ ok: true, warnings: [{}] })
  })
})

describe('decimals within a field', () => {
  const net = decimalSchema(2)
  const a: { readonly [how: string]: JsonSchema } = {
    properties: { type: 'object', properties: { net } },
    items: { type: 'array', items: net },
    additionalProperties: { type: 'object', additionalProperties: net },
    anyOf: { anyOf: [{ type: 'object', properties: { net } }, { type: 'null' }] },
    oneOf: { type: 'object', properties: { net: { oneOf: [net, { type: 'null' }] } } },
    prefixItems: { type: 'array', prefixItems: [net] },
    patternProperties: { type: 'object', patternProperties: { '^n': net } },
    allOf: { allOf: [{ type: 'object', properties: { net } }] },
    $ref: { type: 'object', $defs: { net }, properties: { net: { $ref: '#/$defs/net' } } },
  }
  const resultIn = (how: string, form: (place: string) => string) => {
    const is_list = how === 'items' || how === 'prefixItems'
    const fields = new Map([['a', { schema: a[how]!, optional: false }]])
    const source = form(is_list ? 'row.a[0]' : 'row.a.net')
    const compiled = compileExpression(source, { over: 'row', schema: { fields, closed: true, observed: false } })
    if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
    const result = compiled.expression.evaluate({ a: is_list ? ['5.00'] : { net: '5.00' } })
    return result.ok ? result.value : result.code
  }
  const known = ['properties', 'items', 'additionalProperties', 'anyOf', 'oneOf']

  test.each(known)('are known through %s', how => {
    expect(resultIn(how, net => `${net} == 5`)).toBe(true)
    expect(resultIn(how, net => `${net} > 4.5`)).toBe(true)
  })

  test.each(Object.keys(a).filter(how => !known.includes(how)))('are texts where only %s says so', how => {
    expect(resultIn(how, net => `${net} == 5`)).toBe(false)
    expect(resultIn(how, net => `${net} > 4.5`)).toBe('TYPE_MISMATCH')
    expect(resultIn(how, net => `decimal(${net}) == 5`)).toBe(true)
  })
})
