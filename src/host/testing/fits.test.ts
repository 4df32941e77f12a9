import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json } from '../../model/row.ts'
import { fits } from './fits.ts'

test('what is expected of a map are its fields, at any depth; in a list all items', () => {
  const actual = { a: 1, b: { c: [{ d: 1, e: 2 }, 3], f: null } }
  const are = (expected: Json) => fits(expected, actual)
  expect([{}, { a: 1 }, { b: { f: null } }, { b: { c: [{ e: 2 }, 3] } }, actual].map(are)).toEqual(Array(5).fill(true))
  expect([{ a: '1' }, { c: 1 }, { b: { c: [{ e: 2 }] } }, { b: null }, [], null, { a: {} }].map(are)).toEqual(
    Array(7).fill(false),
  )
})

test('every value fits itself, and exactly only what has the same text', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const [x, y] = [JSON.parse(JSON.stringify(a)) as Json, JSON.parse(JSON.stringify(b)) as Json]
      expect(fits(x, x) && fits(x, x, 'exact')).toBe(true)
      if (fits(x, y, 'exact')) expect(fits(x, y)).toBe(true)
    }),
  )
  expect(fits({ a: 1 }, { a: 1, b: 2 }, 'exact')).toBe(false)
  expect(fits({ b: 2, a: 1 }, { a: 1, b: 2 }, 'exact')).toBe(true)
})
