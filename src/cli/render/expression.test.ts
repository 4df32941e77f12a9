import { expect, test } from 'vitest'
import { withValues } from './expression.ts'

test('puts values in place of fields', () => {
  expect(withValues('row.amount >= 5000', { amount: 62000 })).toBe('62000 >= 5000')
  expect(withValues('row.a - row.b', { a: 1, b: -2 })).toBe('1 - (-2)')
  expect(withValues('row["odd name"] == "x"', { 'odd name': 'y' })).toBe('"y" == "x"')
  expect(withValues('row.address.city', { 'address.city': 'Perth' })).toBe('"Perth"')
  expect(withValues('row.amounts + row.amount', { amount: 1 })).toBe('missing + 1')
})

test('leaves texts and other names alone', () => {
  expect(withValues(`'row.amount' + "row.amount"`, { amount: 1 })).toBe(`'row.amount' + "row.amount"`)
  expect(withValues('arrow.amount + x.row.amount', { amount: 1 })).toBe('arrow.amount + x.row.amount')
  expect(withValues(String.raw`r'\' + row.a`, { a: 1 })).toBe(String.raw`r'\' + 1`)
  expect(withValues(`r'\\' + 'row.a' + row.a`, { a: 1 })).toBe(`r'\\' + 'row.a' + 1`)
})

test('keeps methods', () => {
  expect(withValues("row.text.split('x').size()", { text: 'a' })).toBe(`"a".split('x').size()`)
  expect(withValues('row.?text.orValue("")', { text: 'a' })).toBe('"a".orValue("")')
  expect(withValues('row.note.contains("x")', { note: 'a\u001b' })).toBe('"a\\u001b".contains("x")')
})

test('says what was missing', () => {
  expect(withValues('row.address.city.size()', {})).toBe('missing.size()')
  expect(withValues('has(row.note) && row.n > 1', { n: 2 })).toBe('has(missing) && 2 > 1')
})

test('shortens long values', () => {
  expect(withValues('row.a', { a: 'x'.repeat(100) }).length).toBe(40)
})
