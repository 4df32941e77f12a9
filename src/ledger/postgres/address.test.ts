import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyPem, party, pem } from '../../../test/support/authority.ts'
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

describe('a certificate of one’s own', () => {
  let folder: string
  const me = party('me', { extensions: [] })
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'custody-own-'))
    const put = (name: string, text: string, mode = 0o600) => {
      writeFileSync(join(folder, name), text)
      // Whatever the user's mask says.
      chmodSync(join(folder, name), mode)
    }
    put('me.pem', pem(me))
    put('me.key', keyPem(me))
    put('open.key', keyPem(me), 0o644)
    put('other.key', keyPem(party('other', { extensions: [] })))
    put('none.pem', 'nothing')
    put('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    const cipher = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'a+b&c#d' } as const
    put('locked.key', String(me.private_key.export(cipher)))
    const traditional = { format: 'pem', type: 'pkcs1', cipher: 'aes-256-cbc', passphrase: 'hidden' } as const
    put('old.key', String(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(traditional)))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const named = (parameters: { readonly [name: string]: string }) => {
    const inFolder = (name: string, value: string) => (name === 'sslpassword' ? value : join(folder, value))
    const all = Object.entries(parameters).map(([name, value]) =>
      name === 'sslmode' ? `${name}=${value}` : `${name}=${encodeURIComponent(inFolder(name, value))}`,
    )
    return `postgres://me@localhost/evidence?${all.join('&')}`
  }
  const OWN = { sslcert: 'me.pem', sslkey: 'me.key' }

  test('is shown, to a server that is verified', () => {
    const { ssl } = addressOf(named(OWN))
    expect(ssl).toEqual({ cert: pem(me), key: expect.stringContaining('PRIVATE KEY') })
  })

  test('has a key that a password opens, which is never shown', () => {
    const { ssl, shown } = addressOf(named({ ...OWN, sslkey: 'locked.key', sslpassword: 'a+b&c#d' }))
    expect(ssl).toMatchObject({ cert: pem(me), key: keyPem(me) })
    expect(shown).toBe(named({ ...OWN, sslkey: 'locked.key' }))
    // A + is one, as in libpq.
    expect(addressOf(`${named({ ...OWN, sslkey: 'locked.key' })}&sslpassword=a+b%26c%23d`).ssl).toEqual(ssl)
  })

  test.each(['ab&hush=1', 'ab#hush', 'ab&hush', 'ab%zzhush'])('nor the rest of one that a character ends: %s', rest => {
    const url = `${named({ ...OWN, sslkey: 'locked.key' })}&sslpassword=${rest}`
    expect(withoutPassword(url)).not.toContain('hush')
    const silent = { message: expect.not.stringContaining('hush'), hint: expect.not.stringContaining('hush') }
    expect(() => addressOf(url)).toThrow(expect.objectContaining({ code: 'CUSTODY_LEDGER_URL', ...silent }))
  })

  test.each([
    [{ sslcert: 'me.pem' }, /has an sslcert, and no sslkey that belongs to it$/],
    [{ sslkey: 'me.key' }, /has an sslkey, and no sslcert that belongs to it$/],
    [{ sslpassword: 'hidden' }, /has an sslpassword, and no sslkey that it could open$/],
    [{ ...OWN, sslcert: 'missing.pem' }, /has an sslcert that can’t be read: .*missing\.pem$/],
    [{ ...OWN, sslkey: 'missing.key' }, /has an sslkey that can’t be read: .*missing\.key$/],
    [{ ...OWN, sslcert: 'none.pem' }, /has an sslcert without a certificate: /],
    [{ ...OWN, sslcert: 'broken.pem' }, /has an sslcert whose certificate can’t be read: /],
    [{ ...OWN, sslkey: 'none.pem' }, /has an sslkey without a private key: /],
    [{ ...OWN, sslkey: 'other.key' }, /has an sslkey that doesn’t belong to the certificate of sslcert: /],
    [{ ...OWN, sslkey: 'locked.key' }, /has an sslkey that is encrypted, and no sslpassword: /],
    [{ ...OWN, sslkey: 'old.key' }, /has an sslkey that is encrypted, and no sslpassword: /],
    [{ ...OWN, sslkey: 'locked.key', sslpassword: 'hidden' }, /has an sslpassword that doesn’t open the key: /],
    [{ ...OWN, sslmode: 'disable' }, /has sslmode=disable, by which no certificate is shown, and sslcert$/],
  ])('is refused where it can’t be one: %j', (parameters, message) => {
    const refused = { code: 'CUSTODY_LEDGER_URL', message: expect.stringMatching(message), hint: expect.any(String) }
    let thrown: unknown
    try {
      addressOf(named(parameters))
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject(refused)
    expect(`${thrown}`).not.toContain('hidden')
  })

  test.skipIf(process.platform === 'win32')('has a key that others can’t read', () => {
    const url = named({ ...OWN, sslkey: 'open.key' })
    expect(() => addressOf(url)).toThrow(/has an sslkey that others may read or write: .* \(mode 0644\)/)
  })
})
