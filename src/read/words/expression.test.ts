import { expect, test } from 'vitest'
import type { Seen } from '../explain/story.ts'
import * as expression from './expression.ts'

const withValues = (text: string, values: Seen['values'], seen: Omit<Seen, 'values'> = {}) =>
  expression.withValues(text, values, seen, (of, columns) => of.slice(0, columns))

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

test('decimals stand without quotes, where that is known, and the start of the run by its value', () => {
  const values = { net: '10.50', back: '-1.0', note: '10.50' }
  const seen = { decimals: ['net', 'back'], started_at: '2026-01-02T03:04:05.000Z' }
  expect(withValues('row.net + row.back > decimal(row.note)', values, seen)).toBe('10.50 + (-1.0) > decimal("10.50")')
  expect(withValues('row.net', values)).toBe('"10.50"')
  expect(withValues('row.day < run.started_at', { day: 'x' }, seen)).toBe('"x" < 2026-01-02T03:04:05.000Z')
  expect(withValues('rerun.started_at + "run.started_at" + row.run.started_at + run.other', {}, seen)).toBe(
    'rerun.started_at + "run.started_at" + missing + run.other',
  )
  expect(withValues('run.started_at', {})).toBe('run.started_at')
})
