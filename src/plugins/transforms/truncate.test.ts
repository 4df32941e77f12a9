import fc from 'fast-check'
import { expect, test } from 'vitest'
import { refusals, tryOut } from '../../../test/support/try-out.ts'
import { truncate } from './truncate.ts'

test('never longer than asked for, a beginning of the text, and whole characters', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '😀', '字', '\n') })
  await fc.assert(
    fc.asyncProperty(text, fc.nat(6), fc.constantFrom('', '…', '😀'), async (value, length, suffix) => {
      if ([...suffix].length > length) return
      const [rows] = await tryOut(truncate, { fields: { t: length }, suffix }, [{ t: value }])
      const cut = (rows as { t: string }[])[0]?.t as string
      expect([...cut].length).toBe(Math.min([...value].length, length))
      expect(cut.isWellFormed()).toBe(true)
      if ([...value].length <= length) expect(cut).toBe(value)
      else {
        expect(cut.endsWith(suffix)).toBe(true)
        expect(value.startsWith(cut.slice(0, cut.length - suffix.length))).toBe(true)
      }
    }),
  )
})

test.each([
  [{ fields: { t: 1 }, suffix: '...' }, 'suffix'],
  [{ fields: { t: -1 } }, '>=0'],
  [{ fields: { t: 1.5 } }, 'int'],
  [{ fields: {} }, 'at least one'],
])('%j is refused', (options, message) => expect(refusals(truncate, options).join()).toContain(message))
