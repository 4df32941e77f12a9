import { expect, test } from 'vitest'
import { withValues } from './expression.ts'

const read = (...paths: string[]) => {
  const all = new Set(paths)
  return (path: string) => all.has(path)
}

test('puts values in place of fields', () => {
  expect(withValues('row.amount >= 5000', { amount: 62000 }, read('amount'))).toBe('62000 >= 5000')
  expect(withValues('row.a - row.b', { a: 1, b: -2 }, read('a', 'b'))).toBe('1 - (-2)')
  expect(withValues('row["odd name"] == "x"', { 'odd name': 'y' }, read('odd name'))).toBe('"y" == "x"')
  expect(withValues('row.address.city', { 'address.city': 'Perth' }, read('address.city'))).toBe('"Perth"')
  expect(withValues('row.amounts + row.amount', { amount: 1 }, read('amount'))).toBe('row.amounts + 1')
})

test('leaves texts and other names alone', () => {
  expect(withValues(`'row.amount' + "row.amount"`, { amount: 1 }, read('amount'))).toBe(`'row.amount' + "row.amount"`)
  expect(withValues('arrow.amount + x.row.amount', { amount: 1 }, read('amount'))).toBe('arrow.amount + x.row.amount')
  expect(withValues(String.raw`r'\' + row.a`, { a: 1 }, read('a'))).toBe(String.raw`r'\' + 1`)
  expect(withValues(`r'\\' + 'row.a' + row.a`, { a: 1 }, read('a'))).toBe(`r'\\' + 'row.a' + 1`)
})

test('keeps methods', () => {
  expect(withValues('row.note.contains("x")', { note: 'a\u001b' }, read('note'))).toBe('"a\\u001b".contains("x")')
})

test('says what was missing', () => {
  expect(withValues('has(row.note) && row.n > 1', { n: 2 }, read('note', 'n'))).toBe('has(missing) && 2 > 1')
})

test('shortens long values', () => {
  expect(withValues('row.a', { a: 'x'.repeat(100) }, read('a')).length).toBe(40)
})
