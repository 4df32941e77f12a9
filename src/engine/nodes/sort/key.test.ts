import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyCharacter } from '../../../../test/support/any-character.ts'
import type { SortKey } from '../../../format/topology.ts'
import { canonicalize } from '../../../model/canonical.ts'
import { type Json, newRow, type Row } from '../../../model/row.ts'
import { keyMaker } from './key.ts'

const key = (field: string, order: SortKey['order'] = 'asc', nulls: SortKey['nulls'] = 'last'): SortKey => ({
  field,
  order,
  nulls,
})
const rowOf = (fields: { readonly [field: string]: Json }): Row => Object.assign(newRow(), fields)

/** Values of field `a` in the order in which a sort puts them. */
const sorted = (values: readonly Json[], keys: readonly SortKey[] = [key('a')]) => {
  const keyOf = keyMaker(keys)
  const rows = values.map(a => ({ a, key: keyOf(rowOf({ a })) }))
  return rows.sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0)).map(({ a }) => a)
}

const TYPED: readonly Json[] = [
  false,
  true,
  -1e308,
  -2.5,
  -1,
  0,
  5e-324,
  0.1,
  1,
  9,
  10,
  1e308,
  '',
  '1',
  '10',
  '9',
  'B',
  'a',
  'ab',
  'b',
  'ä',
  '\ufffd',
  '😀',
  [1],
  [],
  {},
]

test('numbers stand by value, texts by code points, and values of different types in a fixed order', () => {
  expect(sorted(TYPED.toReversed())).toEqual(TYPED)
  expect(sorted(TYPED, [key('a', 'desc')])).toEqual(TYPED.toReversed())
})

test('null and missing stand last, or first where the key says so, in either direction', () => {
  const values = [null, 2, 1]
  expect(sorted(values)).toEqual([1, 2, null])
  expect(sorted(values, [key('a', 'desc')])).toEqual([2, 1, null])
  expect(sorted(values, [key('a', 'asc', 'first')])).toEqual([null, 1, 2])
  expect(sorted(values, [key('a', 'desc', 'first')])).toEqual([null, 2, 1])
  expect(keyMaker([key('a')])(rowOf({}))).toBe(keyMaker([key('a')])(rowOf({ a: null })))
})

test('the second field decides where the first ones are equal, and only there', () => {
  const keyOf = keyMaker([key('a', 'desc'), key('b')])
  const rows = [rowOf({ a: 'x', b: 2 }), rowOf({ a: 'x', b: 1 }), rowOf({ a: 'xy', b: 0 }), rowOf({ a: 'w', b: null })]
  expect(rows.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1)).map(({ a, b }) => [a, b])).toEqual([
    ['xy', 0],
    ['x', 1],
    ['x', 2],
    ['w', null],
  ])
})

const RANKS = ['boolean', 'number', 'string', 'list', 'map']
const rankOf = (value: Json) =>
  RANKS.indexOf(Array.isArray(value) ? 'list' : typeof value === 'object' ? 'map' : typeof value)

/** By the rules as the page states them. */
function compared(one: Json, other: Json): number {
  if (rankOf(one) !== rankOf(other)) return rankOf(one) - rankOf(other)
  if (typeof one === 'number' || typeof one === 'boolean') return Number(one) - Number(other)
  const points = (value: Json) =>
    Array.from(typeof value === 'string' ? value : canonicalize(value), each => each.codePointAt(0) ?? 0)
  const [left, right] = [points(one), points(other)]
  for (const [i, point] of left.entries()) if (point !== right[i]) return point - (right[i] ?? -1)
  return left.length - right.length
}

const value = fc.oneof(
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(each => (each === 0 ? 0 : each)),
  fc.integer(),
  fc.string({ unit: anyCharacter }),
  fc.constantFrom('', '\u0000', 'a\u0000', 'a\u0000b', 'a\u0001', 'a\u00ff', '\ue000', '😀'),
  fc.array(fc.integer(), { maxLength: 2 }),
  fc.dictionary(fc.constantFrom('x', 'y'), fc.integer(), { maxKeys: 2 }),
)

test('any two values stand as they compare, in both directions, whatever follows', () => {
  fc.assert(
    fc.property(value, value, fc.integer(), fc.integer(), fc.constantFrom('asc', 'desc'), (one, other, b, c, order) => {
      const keyOf = keyMaker([key('a', order), key('b')])
      const [left, right] = [keyOf(rowOf({ a: one, b })), keyOf(rowOf({ a: other, b: c }))]
      const by = compared(one, other) * (order === 'asc' ? 1 : -1) || b - c
      expect(Math.sign(left < right ? -1 : left > right ? 1 : 0)).toBe(Math.sign(by))
    }),
    { numRuns: 2000 },
  )
})

test('texts that the plan knows to be numbers stand by value, among numbers', () => {
  const exact: SortKey = { ...key('a'), as: 'number' }
  const ordered: readonly Json[] = [
    false,
    '-100.5',
    '-20',
    -3,
    '-0.25',
    '0.00',
    5e-324,
    '0.5',
    '1.50',
    '9',
    '10',
    20.5,
    '100.00',
    '12345678901234567890',
    1e300,
    'n/a',
  ]
  expect(sorted(ordered.toReversed(), [exact])).toEqual(ordered)
  expect(sorted(ordered, [{ ...exact, order: 'desc' }])).toEqual(ordered.toReversed())
  const keyOf = keyMaker([exact])
  expect(keyOf(rowOf({ a: '1.50' }))).toBe(keyOf(rowOf({ a: 1.5 })))
  expect(keyOf(rowOf({ a: '0.00' }))).toBe(keyOf(rowOf({ a: 0 })))
})

test('any two amounts stand as their difference says', () => {
  const amount = fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat(8))
  const textOf = ([digits, scale]: [bigint, number]) => {
    const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0')
    return `${digits < 0n ? '-' : ''}${text.slice(0, text.length - scale)}${scale === 0 ? '' : `.${text.slice(-scale)}`}`
  }
  fc.assert(
    fc.property(amount, amount, (one, other) => {
      const difference = one[0] * 10n ** BigInt(other[1]) - other[0] * 10n ** BigInt(one[1])
      const keyOf = keyMaker([{ ...key('a'), as: 'number' }])
      const [left, right] = [keyOf(rowOf({ a: textOf(one) })), keyOf(rowOf({ a: textOf(other) }))]
      expect(left < right ? -1 : Number(left > right)).toBe(difference < 0n ? -1 : Number(difference > 0n))
    }),
    { numRuns: 500 },
  )
})
