import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exactSum } from './sum.ts'

const bits = new DataView(new ArrayBuffer(8))

/** A finite double as a whole number of 2^-1074. */
function units(value: number): bigint {
  bits.setFloat64(0, Math.abs(value))
  const word = bits.getBigUint64(0)
  const exponent = word >> 52n
  const fraction = word & ((1n << 52n) - 1n)
  const size = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n)
  return value < 0 ? -size : size
}

/** The doubles next to a finite one, where they are finite. */
function neighbours(value: number): number[] {
  bits.setFloat64(0, Math.abs(value))
  const word = bits.getBigUint64(0)
  const near = [word + 1n, word === 0n ? 1n : word - 1n].map((each, i) => {
    bits.setBigUint64(0, each)
    return word === 0n && i === 1 ? -bits.getFloat64(0) : bits.getFloat64(0)
  })
  return near.map(each => (value < 0 ? -each : each)).filter(Number.isFinite)
}

const distance = (a: bigint, b: bigint) => (a < b ? b - a : a - b)
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + units(value), 0n)

const anyDouble = fc.double({ noDefaultInfinity: true, noNaN: true })
const closeDouble = fc.double({ min: -1e6, max: 1e6, noNaN: true })
const cancelling = fc.array(fc.tuple(closeDouble, anyDouble)).map(pairs => pairs.flatMap(([a, b]) => [b, a, -b]))
const doubles = fc.oneof(fc.array(anyDouble), fc.array(closeDouble), cancelling, fc.array(fc.integer()))

test('no double is nearer to the exact sum', () => {
  fc.assert(
    fc.property(doubles, values => {
      const sum = exactSum(values)
      const exact = total(values)
      if (!Number.isFinite(sum)) {
        expect(distance(exact, 0n) > units(Number.MAX_VALUE)).toBe(true)
        return
      }
      for (const other of neighbours(sum)) {
        expect(distance(exact, units(sum)) <= distance(exact, units(other))).toBe(true)
      }
    }),
  )
})

test('the order doesn’t matter', () => {
  fc.assert(
    fc.property(doubles, values => {
      const sorted = values.toSorted((a, b) => a - b)
      expect(exactSum(sorted)).toBe(exactSum(values))
      expect(exactSum(sorted.reverse())).toBe(exactSum(values))
    }),
  )
})

test.each([
  [[], 0],
  [[-0], 0],
  [[Number.MAX_VALUE, Number.MAX_VALUE, -Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324], 5e-324],
  [[5e-324, -Number.MAX_VALUE, -Number.MAX_VALUE, Number.MAX_VALUE, Number.MAX_VALUE], 5e-324],
  [[0.1, 0.2, 0.3], 0.6],
  [Array.from({ length: 10 }, () => 0.1), 1],
  [[1e100, 1, -1e100], 1],
  [[1e308, 1e308, -1e308], 1e308],
  [[1e308, 1e308], Number.POSITIVE_INFINITY],
  // Exactly half a unit above 1, and a little more or less: the rest decides.
  [[1, 2 ** -53], 1],
  [[1, 2 ** -53, 2 ** -120], 1 + 2 ** -52],
  [[1, 2 ** -52, 2 ** -53, -(2 ** -120)], 1 + 2 ** -52],
  [[Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER], Number.MAX_SAFE_INTEGER],
])('the sum of %j is %d', (values, sum) => expect(exactSum(values)).toBe(sum))
