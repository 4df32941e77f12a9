import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isUuid, uuidv7 } from './uuid.ts'

test('the example of RFC 9562, appendix A.6', () => {
  const random = new Uint8Array([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f])
  expect(uuidv7(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')
})

test('version and variant whatever the random bytes; ids sort by time', () => {
  const time = fc.integer({ min: 0, max: 2 ** 48 - 1 })
  const random = fc.uint8Array({ minLength: 10, maxLength: 10 })
  fc.assert(
    fc.property(time, time, random, random, (a, b, one, other) => {
      const first = uuidv7(a, one)
      const second = uuidv7(b, other)
      expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(isUuid(first)).toBe(true)
      if (a !== b) expect(first < second).toBe(a < b)
    }),
  )
})

test('what is no id, time or randomness', () => {
  for (const text of ['', '017F22E2-79B0-7CC3-98C4-DC0C0C07398F', '017f22e279b07cc398c4dc0c0c07398f']) {
    expect(isUuid(text)).toBe(false)
  }
  expect(() => uuidv7(-1, new Uint8Array(10))).toThrow(RangeError)
  expect(() => uuidv7(0.5, new Uint8Array(10))).toThrow(RangeError)
  expect(() => uuidv7(2 ** 48, new Uint8Array(10))).toThrow(RangeError)
  expect(() => uuidv7(0, new Uint8Array(9))).toThrow(RangeError)
})
