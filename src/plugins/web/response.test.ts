import { expect, test } from 'vitest'
import { Masks } from '../masks.ts'
import { readBody, showError } from './response.ts'

const URL_ASKED = new URL('https://desk.example/')
const answer = (text: string) => ({
  ...{ kind: 'incoming' as const, status: 500, headers: {}, body: Buffer.from(text) },
  url: URL_ASKED,
})

test('of the body of an error only the beginning is kept, and no half of a secret where it is cut', () => {
  const secret = 'a secret that is repeated'
  const masks = new Masks([{ name: 'WORD', value: secret }])
  expect(showError(answer(`no: ${secret}`), URL_ASKED, masks)).toEqual({
    status: 500,
    headers: {},
    body: 'no: [secret WORD]',
    masked: ['WORD'],
  })
  for (let before = 65_536 - secret.length - 2; before < 65_538; before++) {
    const body = String(showError(answer('x'.repeat(before) + secret), URL_ASKED, masks).body)
    expect(body.length).toBeLessThanOrEqual(65_536)
    expect(body.slice(before)).toBe('[secret WORD]'.slice(0, Math.max(0, 65_536 - before)))
  }
})

test('a page in place of JSON is called so', () => {
  const read = (text: string) => readBody({ ...answer(text), status: 200 }, 'json', new Masks([]))
  expect(read('<!DOCTYPE html><title>Sign in</title>')).toMatchObject({
    code: 'HTTP_NOT_JSON',
    message: 'https://desk.example answers with a web page in place of JSON',
  })
  expect(read('{"a":')).toMatchObject({ message: expect.stringContaining('isn’t JSON (JSON_SYNTAX)') })
})
