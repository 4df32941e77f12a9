import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { makeKeyFile, readKeyFile } from './key-file.ts'
import { ledgerKeyOf, ledgerKeyText, newLedgerKeyText, parseLedgerKey } from './ledger-key.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-ledger-key-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = (name: string) => join(folder, name)

const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'CUSTODY_LEDGER_KEY', message: expect.stringMatching(message) })

test('a key is what its text says, with blanks and quotes around', () => {
  const key = ledgerKeyOf(Buffer.alloc(32, 1))
  const line = ledgerKeyText(key)
  for (const written of [line, `${line}\n`, ` "${line}"\r\n`, `'${line}'`]) {
    const read = parseLedgerKey(written, 'it')
    expect(read.id).toBe(key.id)
    expect(read.secret.equals(key.secret)).toBe(true)
  }
})

test('LEDGER-KEY-1, LEDGER-KEY-2: a line with one other character is refused, and not shown', () => {
  const line = newLedgerKeyText()
  const key = line.slice(line.lastIndexOf('+') + 1)
  fc.assert(
    fc.property(fc.nat({ max: line.length - 1 }), fc.constantFrom(...'0aZ+/=-. '), (at, other) => {
      fc.pre(line[at] !== other && !(other === ' ' && (at === 0 || at === line.length - 1)))
      const changed = `${line.slice(0, at)}${other}${line.slice(at + 1)}`
      let message = ''
      try {
        parseLedgerKey(changed, 'it')
      } catch (error) {
        expect(error).toMatchObject({ code: 'CUSTODY_LEDGER_KEY' })
        message = (error as Error).message
      }
      expect(message).not.toBe('')
      for (let i = 0; i + 8 <= key.length; i++) expect(message).not.toContain(key.slice(i, i + 8))
    }),
  )
})

test.each([
  ['', /is empty/],
  ['PRIVATE+KEY+custody/1+abc+def', /holds a key that signs/],
  ['custody-ledger-key+00', /was cut/],
  ['hunter2', /holds no ledger key/],
  [`${newLedgerKeyText()}\n${newLedgerKeyText()}`, /more than the one line/],
])('what is no key is refused by what it is: %j', (text, message) => {
  expect(() => parseLedgerKey(text, 'it')).toThrow(refused(message))
})

test('a new file is its user’s alone, and is never overwritten', () => {
  const made = makeKeyFile(path('new'))
  expect(statSync(path('new')).mode & 0o777).toBe(0o600)
  expect(readFileSync(path('new'), 'utf8')).toMatch(/^custody-ledger-key\+[0-9a-f]{16}\+\S{44}\n$/)
  expect(readKeyFile(path('new')).id).toBe(made.id)
  expect(() => makeKeyFile(path('new'))).toThrow(refused(/is there already/))
  expect(readKeyFile(path('new')).id).toBe(made.id)
})

test('a file is refused that isn’t there, that all may read, or that is far too long', () => {
  expect(() => readKeyFile(path('none'))).toThrow(refused(/there is no ledger key/))
  makeKeyFile(path('open'))
  chmodSync(path('open'), 0o644)
  expect(() => readKeyFile(path('open'))).toThrow(refused(/is no secret/))
  writeFileSync(path('long'), 'x'.repeat(10_000), { mode: 0o600 })
  expect(() => readKeyFile(path('long'))).toThrow(refused(/far too long/))
})
