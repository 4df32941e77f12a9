import { describe, expect, test } from 'vitest'
import { type Masked, Masks, maskedNames } from './masks.ts'

const SECRET = 'sk-a/b+c&d "e"\\é😀'
const masks = new Masks([
  { name: 'KEY', value: SECRET },
  { name: 'TOO_SHORT', value: 'short' },
])
const MARK = '[secret KEY]'

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
])('a secret is taken out, %s, and its name is recorded', (_, spelled) => {
  const masked: Masked = new Set()
  expect(masks.text(`before ${spelled} after ${spelled}`, masked)).toBe(`before ${MARK} after ${MARK}`)
  expect(maskedNames(masked)).toEqual({ masked: ['KEY'] })
  expect(masks.bytes(Buffer.from(`before ${spelled} ü`)).toString()).toBe(`before ${MARK} ü`)
  expect(masks.json({ [spelled]: [spelled] })).toEqual({ [MARK]: [MARK] })
})

test('where nothing was taken out nothing is recorded', () => {
  const masked: Masked = new Set()
  expect(masks.text(`short, ${SECRET.slice(1)}`, masked)).toBe(`short, ${SECRET.slice(1)}`)
  expect(maskedNames(masked)).toEqual({})
})

describe('data keeps words that are no secrets, though they were given as such', () => {
  test.each([
    'ollama',
    'lm-studio',
    'EMPTY',
    'none',
    'test-key',
    'placeholder',
    'sk-no-key-required',
    'your-api-key',
    'xxxxxxxxxxxx',
    'sk-1234567890',
    'seven77',
  ])('%s', word => {
    const ordinary = new Masks([{ name: 'KEY', value: word }])
    const said = `run ${word} at https://${word}.com/${word}s, "${word}"`
    expect(ordinary.text(said)).toBe(said)
    expect(ordinary.json([said])).toEqual([said])
    expect(ordinary.bytes(Buffer.from(said)).toString()).toBe(said)
    expect(ordinary.beside.text(`Bearer ${word}`)).toBe(`Bearer ${MARK}`)
  })

  test('errors lose short ones only where they stand alone', () => {
    const beside = new Masks([{ name: 'KEY', value: 'ab' }]).beside
    expect(beside.text('the key "ab" isn’t about labs: ab')).toBe(`the key "${MARK}" isn’t about labs: ${MARK}`)
  })
})

test('an empty secret is none', () => {
  expect(new Masks([{ name: 'KEY', value: ' ' }]).beside.text('a b')).toBe('a b')
})

test('no text makes the search slow', () => {
  const backslashes = '\\'.repeat(1_000_000)
  expect(masks.beside.text(backslashes)).toBe(backslashes)
})
