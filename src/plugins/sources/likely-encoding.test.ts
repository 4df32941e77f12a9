import { expect, test } from 'vitest'
import { likelyEncoding } from './likely-encoding.ts'

/** No decoder can be turned around, so each byte pair is looked for: slow, and for a few words enough. */
function encoded(text: string, label: string): Buffer {
  const decoder = new TextDecoder(label)
  const bytes = (character: string): readonly number[] => {
    const code = character.charCodeAt(0)
    if (code < 0x80) return [code]
    for (let one = 0x80; one < 0x100; one++) if (decoder.decode(Uint8Array.of(one)) === character) return [one]
    for (let lead = 0x81; lead < 0xff; lead++)
      for (let trail = 0x40; trail < 0xff; trail++)
        if (decoder.decode(Uint8Array.of(lead, trail)) === character) return [lead, trail]
    throw new Error(`${label} has no ${character}`)
  }
  return Buffer.from([...text].flatMap(bytes))
}

test.each([
  ['windows-1252', '1,Müller,5'],
  ['windows-1252', 'caf\u00e9 \u20ac'],
  ['windows-1252', 'Straße'],
  ['windows-1252', 'Ärger über Öl, ÄÖÜ'],
  ['windows-1252', '“quoted” – déjà vu…'],
  ['windows-1251', '7,Привет мир,Москва'],
  ['shift_jis', '1,東京のカタログです'],
  ['euc-jp', '1,東京のカタログです'],
  ['euc-kr', '서울,안녕하세요'],
  ['gb18030', '1,北京市中国人民'],
  ['big5', '1,台北市政府電話'],
])('%s: %s', (label, text) => {
  expect(likelyEncoding(encoded(text, label))).toBe(label)
})

test.each([
  ['a character that was cut', Buffer.from('3,€').subarray(0, -1)],
  ['a byte among letters that are right', Buffer.concat([Buffer.from('über Öl ist Ärger'), Buffer.from([0xff])])],
  ['a code page of DOS', Buffer.from([0x4d, 0x81, 0x6c, 0x6c, 0x65, 0x72])],
])('%s may be anything', (_what, bytes) => {
  expect(likelyEncoding(bytes)).toBeNull()
})
