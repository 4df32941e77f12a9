import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isDeeper, MAX_ROW_DEPTH } from '../../../model/canonical.ts'
import type { Json } from '../../../model/row.ts'
import { isTooDeep, keyOf, pairOf } from './match.ts'

const value = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string(), fc.boolean())
const row = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(value, fc.constant(null)))

describe('the key of a row', () => {
  test.each([
    ['null', { a: null, b: 1 }],
    ['missing', { b: 1 }],
  ])('is none where a field is %s', (_, each) => expect(keyOf(['a', 'b'], each, [])).toBeNull())

  test.each([
    [1, 1.0, true],
    [1, '1', false],
    [true, 'true', false],
    [0, false, false],
    ['a', 'A', false],
  ])('%j and %j', (one, other, same) => {
    expect(keyOf(['a'], { a: one }, []) === keyOf(['b'], { b: other }, [])).toBe(same)
  })

  test('of maps doesn’t depend on the order of their fields', () => {
    expect(keyOf(['a'], { a: { x: 1, y: 2 } }, [])).toBe(keyOf(['a'], { a: { y: 2, x: 1 } }, []))
  })

  test('of several fields is one of their values in order, and nothing else', () =>
    fc.assert(
      fc.property(fc.tuple(value, value), fc.tuple(value, value), ([a, b], [c, d]) => {
        const same = JSON.stringify([a, b]) === JSON.stringify([c, d])
        expect(keyOf(['a', 'b'], { a, b }, []) === keyOf(['c', 'd'], { c, d }, [])).toBe(same)
      }),
    ))
})

describe('a pair', () => {
  test('as a union has all fields of the left row, in their order, and those that only the right one has behind them', () =>
    fc.assert(
      fc.property(row, row, (left, right) => {
        const pair = pairOf('union', left, right)
        expect(Object.keys(pair)).toEqual([
          ...Object.keys(left),
          ...Object.keys(right).filter(field => !Object.hasOwn(left, field)),
        ])
        for (const [field, each] of Object.entries({ ...right, ...left })) expect(pair[field]).toBe(each)
      }),
    ))

  test('nested has both', () =>
    expect(pairOf('nested', { a: 1 }, { a: 2 })).toEqual({ left: { a: 1 }, right: { a: 2 } }))

  test('is nested too deep exactly if one of its rows says so', () => {
    const nested = (depth: number): Json => (depth === 0 ? 1 : [nested(depth - 1)])
    const rowOf = (depth: number) => ({ a: nested(depth) })
    for (const merge of ['union', 'nested'] as const)
      for (const one of [1, MAX_ROW_DEPTH - 2, MAX_ROW_DEPTH - 1])
        for (const other of [1, MAX_ROW_DEPTH - 2, MAX_ROW_DEPTH - 1]) {
          const [left, right] = [rowOf(one), { b: nested(other) }]
          const expected = isDeeper(pairOf(merge, left, right), MAX_ROW_DEPTH)
          expect(isTooDeep(merge, left) || isTooDeep(merge, right)).toBe(expected)
        }
  })
})
