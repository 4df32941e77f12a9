import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { anyCharacter } from '../../../test/support/any-character.ts'
import {
  columnsOf,
  count,
  counted,
  hashText,
  listed,
  NARROW,
  padEnd,
  printable,
  shorten,
  timeText,
  valueText,
  wrap,
} from './text.ts'

describe('printable', () => {
  test('writes what a terminal could act on as escapes', () => {
    expect(printable('a\u001b[31mred\u0007')).toBe('a\\u001b[31mred\\u0007')
    expect(printable('line\r\nline\t.')).toBe('line\\r\\nline\\t.')
    expect(printable('\u202eevil\u2066')).toBe('\\u202eevil\\u2066')
    expect(printable('c1 \u009b31m')).toBe('c1 \\u009b31m')
    expect(printable('\ud800 alone, 😀 paired')).toBe('\\ud800 alone, 😀 paired')
    expect(printable('\u{e0041}')).toBe('\\u{e0041}')
  })

  test('leaves other scripts as they are', () => {
    expect(printable('Grüße 東京 مرحبا é 👍')).toBe('Grüße 東京 مرحبا é 👍')
  })

  test('never lets a control character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), text => {
        const safe = printable(text)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
        expect(safe).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/)
        expect(safe.isWellFormed()).toBe(true)
      }),
    )
  })
})

describe('width', () => {
  test('counts terminal columns', () => {
    expect(columnsOf('abc')).toBe(3)
    expect(columnsOf('東京')).toBe(4)
    expect(columnsOf('e\u0301')).toBe(1)
    expect(columnsOf('👍🏽')).toBe(2)
    expect(padEnd('東', 4)).toBe('東  ')
    expect(columnsOf('👩‍👩‍👧')).toBe(2)
    expect(columnsOf('❤\ufe0f')).toBe(2)
    expect(columnsOf('ｶﾞ')).toBe(2)
    expect(columnsOf('한글')).toBe(4)
  })

  test('counts letters and signs that need no library as the library does', () => {
    const narrow = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter(each =>
      NARROW.test(each),
    )
    expect(narrow.length).toBeGreaterThan(500)
    fc.assert(fc.property(fc.array(fc.constantFrom(...narrow)), texts => stringWidth(texts.join('')) === texts.length))
    for (const each of narrow) expect(stringWidth(each), JSON.stringify(each)).toBe(1)
  })

  test('shortens to what fits, and says so', () => {
    expect(shorten('abcdef', 6)).toBe('abcdef')
    expect(shorten('abcdefg', 6)).toBe('abcde…')
    expect(shorten('東京都', 4)).toBe('東…')
    expect(shorten('abc', 0)).toBe('')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, columns) => {
        expect(columnsOf(shorten(text, columns))).toBeLessThanOrEqual(columns)
      }),
    )
  })
})

test('numbers, times, hashes and values', () => {
  expect(timeText(1_795_269_731_482_999)).toBe('2026-11-21 14:02:11.482Z')
  expect(count(1234567)).toBe('1,234,567')
  expect(counted(1, 'row')).toBe('1 row')
  expect(counted(0, 'entry', 'entries')).toBe('0 entries')
  expect(hashText('8f3a00aa'.repeat(8))).toBe('8f3a00aa…aa')
  expect(valueText('a\u001b"')).toBe('"a\\u001b\\""')
  expect(valueText(undefined)).toBe('missing')
})

describe('wrap', () => {
  test('breaks between words, and long words anywhere', () => {
    expect(wrap('the field "part" has no column', 12, 9)).toEqual(['the field', '"part" has', 'no column'])
    expect(wrap('a → b · c → d', 12, 9)).toEqual(['a → b', 'c → d'])
    expect(wrap('/a/very/long/path.csv', 8, 9)).toEqual(['/a/very/', 'long/pat', 'h.csv'])
    expect(wrap('as it is', 80, 9)).toEqual(['as it is'])
    expect(wrap('', 80, 9)).toEqual([''])
  })

  test('says where something is missing', () => {
    expect(wrap('one two three four', 5, 2)).toEqual(['one', 'two …'])
  })

  test('no line is too wide, and nothing is lost before the last', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 16, max: 60 }), (raw, columns) => {
        const text = printable(raw)
        const lines = wrap(text, columns, 1000)
        for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(columns)
        expect(lines.join('').replace(/[ ·]/g, '')).toBe(text.replace(/[ ·]/g, ''))
      }),
      { examples: [['  𝅘𝅥𝅮𝅘𝅥𝅮⺀!!!!𝅘𝅥𝅮', 16]] },
    )
  })
})

test.each([
  [[], ''],
  [['joins'], 'joins'],
  [['joins', 'sorts'], 'joins and sorts'],
  [['aggregates', 'joins', 'sorts'], 'aggregates, joins and sorts'],
])('%j are listed as %s', (words, text) => {
  expect(listed(words)).toBe(text)
})
