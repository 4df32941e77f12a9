import { expect, test } from 'vitest'
import { besideLedger } from '../beside.ts'
import { openLedgerReader } from '../open-reader.ts'
import { addressOf, withoutPassword } from './address.ts'

test('a password is never shown', () => {
  const url = 'postgres://me:s%23cret@db.example.org/evidence?schema=team'
  expect(addressOf(url)).toMatchObject({ password: 's#cret', host: 'db.example.org', database: 'evidence' })
  for (const shown of [addressOf(url).shown, withoutPassword(url)])
    expect(shown).toBe('postgres://me@db.example.org/evidence?schema=team')
})

test.each(['12#secret', '12/secret', '12?secret', 'se/cret', 'se#cret', '12#secret@1'])(
  'nor the rest of one that a character ends: %s',
  password => {
    const url = `postgres://me:${password}@db.example.org/evidence`
    expect(withoutPassword(url)).toBe('postgres://…')
    for (const ask of [addressOf, besideLedger])
      expect(() => ask(url)).toThrow(
        expect.objectContaining({
          code: 'CUSTODY_LEDGER_URL',
          message: expect.not.stringContaining('cret'),
          hint: expect.stringContaining('%23'),
        }),
      )
  },
)

test('nor that of another database', async () => {
  const [url, shown] = ['mysql://me:s#ecr@et@h/evidence', 'mysql://me@h/evidence']
  expect(withoutPassword(url)).toBe(shown)
  await expect(openLedgerReader(url)).rejects.toMatchObject({ message: `"${shown}" is no ledger’s URL` })
  for (const path of ['sqlite:/a/b:c@d.db', '/a/b:c@d.db']) expect(withoutPassword(path)).toBe(path)
})

test.each([
  ['me:secret%zz', 'evidence'],
  ['me', 'evid%ff'],
])('a %% that encodes nothing is refused, and not shown: %s, %s', (user, database) => {
  const refused = { code: 'CUSTODY_LEDGER_URL', message: expect.not.stringContaining('secret') }
  expect(() => addressOf(`postgres://${user}@h/${database}`)).toThrow(expect.objectContaining(refused))
})
