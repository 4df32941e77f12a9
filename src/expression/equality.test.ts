/** One order over integers, doubles and decimals, which all that compares numbers follows. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Decimal } from '../model/decimal.ts'
import { distinct, keyOf } from './library/identity.ts'
import { equal, isIn, mapKey, ordered } from './operators.ts'
import type { Value } from './values.ts'

const decimal = (text: string): Decimal => Decimal.parse(text) as Decimal

/** Numbers that lie close together, of each type: where a double has more digits than its shortest text, too. */
const near = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(0, 1, 0.1, 2 ** 53, 2 ** 60, 2 ** 63, 1e22, 1e23, 1e-7),
      fc.double({ noNaN: true, min: -1e60, max: 1e60 }),
    ),
    fc.constantFrom(-1, 0, 1),
  )
  .chain(([double, step]) => {
    const whole = Number.isInteger(double)
    const all: Value[] = [double + step, decimal(String(double)) ?? 0n]
    if (whole) all.push(decimal(String(BigInt(double) + BigInt(step))))
    if (whole && Math.abs(double) < 2 ** 62) all.push(BigInt(double) + BigInt(step))
    return fc.constantFrom(...all)
  })

const compared = (a: Value, b: Value) => (ordered('<', a, b, '') ? -1 : ordered('>', a, b, '') ? 1 : 0)

test('numbers of all types have one order, and are equal where it says so', () => {
  fc.assert(
    fc.property(near, near, near, (a, b, c) => {
      const [ab, bc, ac] = [compared(a, b), compared(b, c), compared(a, c)]
      expect(compared(b, a) + ab).toBe(0)
      if (ab === bc) expect(ac).toBe(ab)
      if (ab === 0) expect(ac).toBe(bc)
      expect(equal(a, b)).toBe(ab === 0)
      expect(keyOf(a) === keyOf(b)).toBe(ab === 0)
      expect(distinct([a, b]).length).toBe(ab === 0 ? 1 : 2)
      expect(isIn(a, [b], '')).toBe(ab === 0)
    }),
    { numRuns: 2000 },
  )
})

test('beyond 2^53 a double is the integer that it is, beside decimals as beside integers', () => {
  const double = 2 ** 60
  const [integer, short] = [2n ** 60n, decimal(String(double))]
  expect(equal(double, integer)).toBe(true)
  expect(equal(double, decimal(String(integer)))).toBe(true)
  expect(equal(double, short)).toBe(false)
  expect(equal(short, integer)).toBe(false)
})

test('a whole number is one key of a map, whatever type it has', () => {
  const map = new Map<Value, Value>([[mapKey(1n), 'one']])
  for (const one of [1n, 1, decimal('1'), decimal('1.00')]) expect(isIn(one, map, '')).toBe(true)
  for (const other of [1.5, decimal('1.5'), '1', true]) expect(isIn(other, map, '')).toBe(false)
})
