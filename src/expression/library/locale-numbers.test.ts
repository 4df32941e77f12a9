/** Numbers in a language: what exports hold is read, whatever else is there is refused, and what is written is read again. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newRow } from '../../model/row.ts'
import { OBSERVED } from '../../model/schema.ts'
import { compileExpression } from '../expression.ts'

const resultOf = (source: string, row: object) => {
  const compiled = compileExpression(source, { over: 'row', schema: OBSERVED })
  if (!compiled.ok) return compiled.problems.map(({ message }) => message).join()
  const result = compiled.expression.evaluate(Object.assign(newRow(), row))
  return result.ok ? result.value : result.code
}

test.each([
  ['de', '3.903,70', 3903.7],
  ['de', '3903,70', 3903.7],
  ['de', '1.234.567', 1234567],
  ['de', '-0,5', -0.5],
  ['de', '−0,5', -0.5],
  ['de', '100,00-', -100],
  ['de', '+7', 7],
  ['de', '-0', 0],
  ['de-CH', "1'234.50", 1234.5],
  ['de-CH', '1’234.50', 1234.5],
  ['fr', '1\u202f234,5', 1234.5],
  ['fr', '1\u00a0234,5', 1234.5],
  ['en-IN', '12,34,567.5', 1234567.5],
  ['de', '1.5', 'CONVERSION_FAILED'],
  ['de', '1.23.456', 'CONVERSION_FAILED'],
  ['de', '3,903.70', 'CONVERSION_FAILED'],
  ['de', '3.903.70', 'CONVERSION_FAILED'],
  ['de', '', 'CONVERSION_FAILED'],
  ['de', ' 1', 'CONVERSION_FAILED'],
  ['de', '1 €', 'CONVERSION_FAILED'],
  ['de', '1e5', 'CONVERSION_FAILED'],
  ['de', '-5-', 'CONVERSION_FAILED'],
  ['de', ',5', 'CONVERSION_FAILED'],
  ['de', '٣', 'CONVERSION_FAILED'],
  ['de', 'k. A.', 'CONVERSION_FAILED'],
  ['de', null, 'VALUE_NULL'],
  ['de', 3903.7, 'TYPE_MISMATCH'],
])('%s: %j', (locale, x, expected) => {
  expect(resultOf(`number.parse(row.x, "${locale}")`, { x })).toBe(expected)
})

test('what is written in a language is read as the same number', () => {
  const locale = fc.constantFrom('de', 'en', 'fr', 'de-CH', 'pl', 'es', 'sv')
  const amount = fc.integer({ min: -(10 ** 12), max: 10 ** 12 }).map(cents => cents / 100)
  fc.assert(
    fc.property(locale, amount, (language, x) => {
      const source = `number.parse(number.format(row.x, "${language}", 2), "${language}") == row.x`
      expect([language, x, resultOf(source, { x })]).toEqual([language, x, true])
    }),
  )
})

test('halves are those of the decimal digits, in every way to round', () => {
  const ways = ['ceil', 'floor', 'expand', 'trunc', 'halfCeil', 'halfFloor', 'halfExpand', 'halfTrunc', 'halfEven']
  const rounded = (x: number) => ways.map(way => resultOf(`number.round(row.x, 2, "${way}")`, { x }))
  expect(rounded(1.005)).toEqual([1.01, 1, 1.01, 1, 1.01, 1, 1.01, 1, 1])
  expect(rounded(-1.005)).toEqual([-1, -1.01, -1.01, -1, -1, -1.01, -1.01, -1, -1])
})
