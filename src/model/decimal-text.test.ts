import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bigIntegerText, decimalText, MAX_DECIMAL_DIGITS, scaleOf } from './decimal-text.ts'

describe('the text of a decimal', () => {
  test.each<[string, number | null, string | undefined]>([
    ['3903.70', null, '3903.70'],
    ['3903.7', 2, '3903.70'],
    ['3903.700', 2, '3903.70'],
    ['3903.705', 2, undefined],
    ['007.10', null, '7.10'],
    ['-0.00', null, '0.00'],
    ['-0', 2, '0.00'],
    ['12.00', 0, '12'],
    ['1e3', null, '1000'],
    ['1.50e1', null, '15.0'],
    ['-1.5E-3', null, '-0.0015'],
    ['0e5', null, '0'],
    ['1e99', null, `1${'0'.repeat(99)}`],
    ['1e100', null, undefined],
    ['1e-100', null, undefined],
    ['1e-99', null, `0.${'0'.repeat(98)}1`],
    ['1e999999999999', null, undefined],
    ['9'.repeat(MAX_DECIMAL_DIGITS), null, '9'.repeat(MAX_DECIMAL_DIGITS)],
    ['9'.repeat(MAX_DECIMAL_DIGITS), 1, undefined],
    ['+5', null, undefined],
    ['.5', null, undefined],
    ['5.', null, undefined],
    ['1,5', null, undefined],
    [' 1', null, undefined],
    ['', null, undefined],
    ['NaN', null, undefined],
    ['0x10', null, undefined],
    ['٣', null, undefined],
  ])('%s with the scale %j is %j', (text, scale, expected) => expect(decimalText(text, scale)).toBe(expected))

  test('is canonical, and says the same amount', () => {
    const amounts = fc.tuple(
      fc.bigInt(-(10n ** 40n), 10n ** 40n),
      fc.nat({ max: 40 }),
      fc.integer({ min: -20, max: 20 }),
    )
    fc.assert(
      fc.property(amounts, ([digits, places, exponent]) => {
        const padded = `${digits < 0n ? -digits : digits}`.padStart(places + 1, '0')
        const point = padded.length - places
        const fraction = places === 0 ? '' : `.${padded.slice(point)}`
        const text = decimalText(`${digits < 0n ? '-' : ''}${padded.slice(0, point)}${fraction}e${exponent}`)
        if (text === undefined) throw new Error('refused')
        expect(decimalText(text)).toBe(text)
        expect(text).toMatch(/^-?(0|[1-9]\d*)(\.\d+)?$/)
        const unscaled = BigInt(text.replace('.', ''))
        // digits · 10^(exponent − places) = unscaled · 10^−scale
        const [left, right] = [exponent - places, -scaleOf(text)]
        const least = Math.min(left, right)
        expect(digits * 10n ** BigInt(left - least)).toBe(unscaled * 10n ** BigInt(right - least))
      }),
    )
  })
})

test.each([
  ['9007199254740993', '9007199254740993'],
  ['-00042', '-42'],
  ['-0', '0'],
  ['12.00', '12'],
  ['12.50', undefined],
  ['1e3', undefined],
  ['', undefined],
  ['9'.repeat(101), undefined],
])('the big integer %s is %j', (text, expected) => expect(bigIntegerText(text)).toBe(expected))
