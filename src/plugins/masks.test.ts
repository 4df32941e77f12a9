import { expect, test } from 'vitest'
import { Masks } from './masks.ts'

const SECRET = 'sk-a/b+c&d "e"\\é😀'
const masks = new Masks([
  { name: null, value: SECRET },
  { name: 'TOO_SHORT', value: 'short' },
])
const text = (shown: string) => masks.text(shown)

test.each([
  ['as it is', SECRET],
  ['as JSON', JSON.stringify(SECRET).slice(1, -1)],
  ['as JSON within JSON', JSON.stringify(JSON.stringify(SECRET)).slice(3, -3)],
  ['as JSON with slashes escaped', JSON.stringify(SECRET).slice(1, -1).replaceAll('/', '\\/')],
  ['as JSON in ASCII', 'sk-a/b+c\\u0026d \\"e\\"\\\\\\u00E9\\ud83d\\ude00'],
  ['in a URL', encodeURIComponent(SECRET)],
  ['in a form', encodeURIComponent(SECRET).replaceAll('%20', '+').toLowerCase()],
  ['in HTML', SECRET.replaceAll('&', '&amp;').replaceAll('"', '&#34;')],
  ['in Base64', Buffer.from(SECRET).toString('base64')],
])('a secret is taken out, %s', (_, spelled) => {
  expect(text(`before ${spelled} after ${spelled}`)).toBe('before *** after ***')
  expect(masks.bytes(Buffer.from(`before ${spelled} ü`)).toString()).toBe('before *** ü')
  expect(masks.json({ [spelled]: [spelled] })).toEqual({ '***': ['***'] })
})

test('a name stands in the secret’s place', () => {
  expect(new Masks([{ name: 'KEY', value: SECRET }]).text(`is ${SECRET}`)).toBe('is [secret KEY]')
})

test('what is no secret stays, and so does one that is so short that texts have it by chance', () => {
  expect(text(`short, ${SECRET.slice(1)}`)).toBe(`short, ${SECRET.slice(1)}`)
})

test('no text makes the search slow', () => {
  const backslashes = '\\'.repeat(1_000_000)
  expect(text(backslashes)).toBe(backslashes)
})
