import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyCharacter } from '../../test/support/any-character.ts'
import { jsonPrintable, UNSAFE } from './unsafe-text.ts'

test('JSON with escapes stands for the same value, and has nothing unsafe but its own line breaks', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), text => {
      const printed = jsonPrintable(JSON.stringify([text], null, 2))
      expect(JSON.parse(printed)).toEqual([text])
      expect(printed.replaceAll('\n', '')).not.toMatch(UNSAFE)
    }),
  )
})

test.each([
  ['\u202e', '\\u202e'],
  ['\ufff9', '\\ufff9'],
  ['\uffff', '\\uffff'],
  ['\u{e0041}', '\\udb40\\udc41'],
  ['\ufffd東😀', '\ufffd東😀'],
])('%j is written %s', (text, written) => expect(jsonPrintable(JSON.stringify(text))).toBe(`"${written}"`))
