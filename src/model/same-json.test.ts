import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalize } from './canonical.ts'
import { isRow, type Json, withoutPrototypes } from './row.ts'
import { isSameJson } from './same-json.ts'

const values = fc.jsonValue({ depthSize: 'small' }).filter(each => !JSON.stringify(each).includes('-0'))

test('two values are the same exactly if their canonical texts are', () => {
  fc.assert(
    fc.property(values, values, (one, other) => {
      const [a, b] = [one as Json, withoutPrototypes(other as Json)]
      expect(isSameJson(a, b)).toBe(canonicalize(a) === canonicalize(b))
      expect(isSameJson(a, withoutPrototypes(JSON.parse(JSON.stringify(a))))).toBe(true)
    }),
  )
})

test.each<[Json, Json, boolean]>([
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
  [{ a: 1 }, { a: 1, b: null }, false],
  [{ a: 1, b: 1 }, { b: 1, c: 1 }, false],
  [{ toString: null, valueOf: 1 }, { valueOf: 1, toString: null }, true],
  [{ toString: null }, {}, false],
  [[], {}, false],
  [[1, [2]], [1, [2]], true],
  [[1], [1, 1], false],
  [null, {}, false],
  ['1', 1, false],
])('%j and %j: %j', (a, b, same) => expect(isSameJson(a, b)).toBe(same))

test('objects without a prototype are what rows are made of', () =>
  expect(isRow(withoutPrototypes({ a: 1 }))).toBe(true))
