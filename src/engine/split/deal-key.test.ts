import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { splitOfRow, splitOfText } from './deal-key.ts'

test('a text is in the split that its SHA-256 gives, as one number, modulo their number', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 100_000 }), (text, splits) => {
      const digest = createHash('sha256').update(text).digest('hex')
      expect(splitOfText(text, splits)).toBe(Number(BigInt(`0x${digest}`) % BigInt(splits)) + 1)
    }),
  )
})

test('a missing value is null, a text is no null, and 1.0 is 1 (DEAL-KEY-1)', () => {
  const of = (row: object) => splitOfRow(row as never, 'k', 100_000)
  expect(of({})).toBe(of({ k: null }))
  expect(of({ k: 'null' })).not.toBe(of({ k: null }))
  expect(of({ k: JSON.parse('1.0') })).toBe(of({ k: 1 }))
  expect(of({ k: '1' })).not.toBe(of({ k: 1 }))
})
