import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { problem, readSecret, value } from '../../test/support/secret-reader.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-secret-'))
  const files = {
    plain: 'pass word\n',
    lines: 'a\n\nb\r\n\r\n',
    'db.json': '{"user": "u", "number": 12345678901234567890, "on": true, "none": null, "deep": {"a": 1}, "empty": ""}',
    list: '["a"]',
    empty: '\n',
    binary: Buffer.from([0xff, 0xfe, 0x00]),
    large: 'x'.repeat(70_000),
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  mkdirSync(join(folder, 'folder'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['plain', value('pass word')],
  ['lines', value('a\n\nb\r\n')],
  ['db.json#user', value('u')],
  ['db.json#number', value('12345678901234567890')],
  ['db.json#on', value('true')],
  ['db.json#none', problem('SECRET_VALUE', 'the field `none` of the secret is neither a text nor a number')],
  ['db.json#deep', problem('SECRET_VALUE', 'is neither a text nor a number')],
  ['db.json#empty', problem('SECRET_VALUE', 'is empty')],
  ['db.json#usr', problem('SECRET_NOT_FOUND', 'has no field `usr`')],
  ['db.json#__proto__', problem('SECRET_NOT_FOUND')],
  ['plain#user', problem('SECRET_VALUE', 'isn’t a JSON object')],
  ['list#0', problem('SECRET_VALUE', 'isn’t a JSON object')],
  ['empty', problem('SECRET_VALUE', 'is empty')],
  ['binary', problem('SECRET_VALUE', 'UTF-8')],
  ['large', problem('SECRET_VALUE', 'more than 65536 bytes')],
  ['folder', problem('SECRET_VALUE', 'isn’t a file')],
  ['nothing', problem('SECRET_NOT_FOUND', 'there is no file')],
  ['plain/nothing', problem('SECRET_NOT_FOUND', 'there is no file')],
])('file:%s', async (name, expected) => {
  expect(await readSecret(`file:${name}`, { env: {} }, folder)).toMatchObject(expected)
  expect(await readSecret(`file:${join(folder, name)}`, { env: {} })).toMatchObject(expected)
})
