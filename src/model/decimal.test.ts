import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Decimal, sumOfDecimals } from './decimal.ts'
import { MAX_DECIMAL_DIGITS, QUOTIENT_DIGITS } from './decimal-text.ts'

/** An exact amount as unscaled · 10^−scale. */
interface Exact {
  readonly unscaled: bigint
  readonly scale: number
}

const exacts: fc.Arbitrary<Exact> = fc.record({
  unscaled: fc.oneof(fc.bigInt(-10_000n, 10_000n), fc.bigInt(-(10n ** 30n), 10n ** 30n)),
  scale: fc.nat(12),
})
const power = (n: number) => 10n ** BigInt(n)

function textOf({ unscaled, scale }: Exact): string {
  const digits = `${unscaled < 0n ? -unscaled : unscaled}`.padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`
}

function decimal(text: string): Decimal {
  const parsed = Decimal.parse(text)
  if (parsed === null) throw new Error(`${text} isn’t a decimal`)
  return parsed
}
const made = (exact: Exact) => decimal(textOf(exact))

describe('arithmetic is that of rational numbers', () => {
  test('sums, differences, products', () => {
    fc.assert(
      fc.property(exacts, exacts, (a, b) => {
        const scale = Math.max(a.scale, b.scale)
        const [x, y] = [a.unscaled * power(scale - a.scale), b.unscaled * power(scale - b.scale)]
        expect(String(made(a).plus(made(b)))).toBe(textOf({ unscaled: x + y, scale }))
        expect(String(made(a).minus(made(b)))).toBe(textOf({ unscaled: x - y, scale }))
        const product = { unscaled: a.unscaled * b.unscaled, scale: a.scale + b.scale }
        expect(String(made(a).times(made(b)))).toBe(textOf(product))
        expect(Math.sign(made(a).compare(made(b)))).toBe(x < y ? -1 : x > y ? 1 : 0)
        if (y !== 0n) expect(String(made(a).remainder(made(b)))).toBe(textOf({ unscaled: x % y, scale }))
      }),
    )
  })

  test('a quotient is exact, or rounded once to so many digits, halves to the even one', () => {
    fc.assert(
      fc.property(exacts, exacts, (a, b) => {
        if (b.unscaled === 0n) return
        const quotient = made(a).dividedBy(made(b))
        if (quotient === null) throw new Error('too many digits')
        const q = { unscaled: BigInt(String(quotient).replace('.', '')), scale: quotient.scale }
        // a / b − q, with the denominator b · 10^…
        const most = a.scale + b.scale + q.scale
        const [num, den] = [a.unscaled * power(most - a.scale), b.unscaled * power(most - b.scale)]
        const rest = num * power(q.scale) - q.unscaled * den
        if (rest === 0n) {
          expect(quotient.scale).toBeGreaterThanOrEqual(a.scale - b.scale)
          return
        }
        // Of a quotient with more digits than that before the point, the last ones are zeros.
        const zeros = Math.max(0, `${q.unscaled}`.replace('-', '').length - QUOTIENT_DIGITS)
        const twice = 2n * (rest < 0n ? -rest : rest)
        const unit = (den < 0n ? -den : den) * power(zeros)
        expect(q.unscaled % power(zeros)).toBe(0n)
        expect(twice <= unit).toBe(true)
        if (twice === unit) expect((q.unscaled / power(zeros)) % 2n).toBe(0n)
      }),
    )
  })

  test('a sum doesn’t depend on the order', () => {
    fc.assert(
      fc.property(fc.array(exacts, { maxLength: 20 }), all => {
        const forward = String(sumOfDecimals(all.map(made)))
        expect(String(sumOfDecimals(all.toReversed().map(made)))).toBe(forward)
        const scale = Math.max(0, ...all.map(each => each.scale))
        const unscaled = all.reduce((sum, each) => sum + each.unscaled * power(scale - each.scale), 0n)
        expect(forward).toBe(textOf({ unscaled, scale }))
      }),
    )
  })

  test('cents add up to cents', () => {
    const cents = Array.from({ length: 1000 }, () => decimal('0.10'))
    expect(String(sumOfDecimals(cents))).toBe('100.00')
  })
})

test.each([
  ['10.00', '4', '2.50'],
  ['10', '4', '2.5'],
  ['1', '3', `0.${'3'.repeat(34)}`],
  ['2', '3', `0.${'6'.repeat(33)}7`],
  ['100.00', '2.5', '40.0'],
  ['-1', '8', '-0.125'],
  ['0.00', '7', '0.00'],
])('%s / %s is %s', (a, b, expected) => expect(String(decimal(a).dividedBy(decimal(b)))).toBe(expected))

test.each([
  ['2.5', 0, 'halfEven', '2'],
  ['2.5', 0, 'halfExpand', '3'],
  ['-2.5', 0, 'halfExpand', '-3'],
  ['1.005', 2, 'halfExpand', '1.01'],
  ['1.23', 4, 'trunc', '1.2300'],
  ['-0.001', 2, 'trunc', '0.00'],
  ['-1.21', 1, 'floor', '-1.3'],
] as const)('%s with %i digits, %s, is %s', (text, scale, mode, expected) =>
  expect(String(decimal(text).round(scale, mode))).toBe(expected),
)

test('a number counts as its shortest text, or as the integer that it is', () => {
  expect(String(Decimal.of(1e23))).toBe('99999999999999991611392')
  expect(decimal('99999999999999991611392').compareNumber(1e23)).toBe(0)
  expect(decimal('1e23').compareNumber(1e23)).toBeGreaterThan(0)
  expect(decimal('0.1').compareNumber(0.1)).toBe(0)
  expect(decimal('0.10').compareNumber(0.1)).toBe(0)
  expect(decimal('0.1000000000000000055').compareNumber(0.1)).toBeGreaterThan(0)
  expect(decimal('1').compareNumber(1e308)).toBeLessThan(0)
  expect(decimal('9007199254740993').compareNumber(9007199254740993n)).toBe(0)
  expect(String(Decimal.of(1e21))).toBe(`1${'0'.repeat(21)}`)
  expect(Decimal.of(1e300)).toBeNull()
})

test('nothing grows beyond its digits', () => {
  const nines = decimal('9'.repeat(MAX_DECIMAL_DIGITS))
  expect(nines.plus(decimal('1'))).toBeNull()
  expect(nines.plus(decimal('0.1'))).toBeNull()
  expect(nines.times(nines)).toBeNull()
  expect(String(nines.minus(decimal('9')))).toBe(`${'9'.repeat(MAX_DECIMAL_DIGITS - 1)}0`)
  expect(
    decimal('1')
      .dividedBy(decimal(`1${'0'.repeat(99)}`))
      ?.toString(),
  ).toBe(`0.${'0'.repeat(98)}1`)
  expect(decimal('0.5').dividedBy(decimal(`1${'0'.repeat(99)}`))).toBeNull()
  expect(sumOfDecimals([nines, nines])).toBeNull()
})

test('conversions', () => {
  expect(decimal('-3.99').toBigInt()).toBe(-3n)
  expect(decimal('3903.70').toNumber()).toBe(3903.7)
  expect(String(decimal('-0.00'))).toBe('0.00')
  expect(String(decimal('0.00').negated())).toBe('0.00')
})
