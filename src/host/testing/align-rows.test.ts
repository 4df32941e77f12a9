import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aligned } from './align-rows.ts'

interface Item {
  readonly value: number
}

const ITEMS = fc.array(fc.record({ value: fc.integer({ min: 0, max: 3 }) }), { maxLength: 12 })
/** 0 is expected of anything. */
const isLike = (expected: Item, actual: Item) => expected.value === 0 || expected.value === actual.value

test('both lists are there in their order, and what fits stands side by side', () => {
  fc.assert(
    fc.property(ITEMS, ITEMS, (expected, actual) => {
      const pairs = aligned(expected, actual, isLike)
      expect(pairs.flatMap(each => each.expected ?? [])).toEqual(expected)
      expect(pairs.flatMap(each => each.actual ?? [])).toEqual(actual)
      for (const { expected: a, actual: b, fit } of pairs)
        if (fit) expect(a !== null && b !== null && isLike(a, b)).toBe(true)
      expect(pairs.filter(({ fit }) => fit).length).toBe(mostPairs(expected, actual))
    }),
  )
})

/** By trying everything. */
function mostPairs([first, ...rest]: readonly Item[], actual: readonly Item[]): number {
  if (first === undefined) return 0
  const at = actual.findIndex(each => isLike(first, each))
  const without = mostPairs(rest, actual)
  return at === -1 ? without : Math.max(without, 1 + mostPairs(rest, actual.slice(at + 1)))
}

test('long lists are compared place by place', () => {
  const many = Array.from({ length: 1500 }, (_, value) => ({ value: value + 1 }))
  expect(aligned(many, many, isLike).every(({ fit }) => fit)).toBe(true)
  expect(aligned(many, many.slice(1), isLike).some(({ fit }) => fit)).toBe(false)
})
