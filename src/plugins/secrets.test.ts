/** What is said of secrets before a run. */
import { expect, test } from 'vitest'
import { weakSecrets } from './secrets.ts'

const said = (value: string) =>
  weakSecrets({ key: value }, [{ path: ['key'], name: 'NAME' }]).map(({ message, hint }) => `${message} | ${hint}`)

test.each([
  ['secret', /^the value of NAME is an ordinary word: .* \| for a server that needs no key leave it out;/],
  ['password', /^the value of NAME is an ordinary word/],
  ['k3y', /^the value of NAME has fewer than 8 characters/],
  [
    'postgres://me:secret@h/d',
    /^the password in the URL that NAME holds is an ordinary word: .* no password leave it out of/,
  ],
  ['mysql://me:se%63ret@h/d', /^the password in the URL that NAME holds is an ordinary word/],
  ['postgres://me:p4ss@h/d', /^the password in the URL that NAME holds has fewer than 8 characters/],
])('one that stands in texts by chance is named for what it is: %s', (value, message) => {
  expect(said(value)).toEqual([expect.stringMatching(message)])
})

test.each([
  'a-long-enough-key',
  'postgres://me:long-enough@h/secret',
  'postgres://secret:long-enough@secret/d',
  'postgres://secret@secret/secret',
])('nothing is said of %s', value => expect(said(value)).toEqual([]))
