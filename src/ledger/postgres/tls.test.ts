import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXTENSIONS, keyPem, party, pem } from '../../../test/support/authority.ts'
import { openLedgerReader } from '../open-reader.ts'

const authority = party('authority', { extensions: [EXTENSIONS.authority, EXTENSIONS.may_certify] })
const other = party('other', { extensions: [EXTENSIONS.authority, EXTENSIONS.may_certify] })
const host = party('localhost', { issuer: authority, extensions: [EXTENSIONS.localhost] })
const secure = createSecureContext({ cert: pem(host), key: keyPem(host) })

/** What a server of PostgreSQL does until it knows who asks: it takes TLS, and then says that the password is wrong. */
function meet(socket: Socket): void {
  socket.on('error', () => undefined)
  socket.once('data', () => {
    socket.write('S')
    const ciphered = new TLSSocket(socket, { isServer: true, secureContext: secure })
    ciphered.on('error', () => undefined)
    ciphered.once('data', () => ciphered.end(failure('28P01', 'met over TLS')))
  })
}

function failure(state: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${state}\0M${message}\0\0`)
  const head = Buffer.alloc(5, 'E')
  head.writeUInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}

let folder: string
let server: Server
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'custody-tls-'))
  writeFileSync(join(folder, 'authority.pem'), pem(authority))
  writeFileSync(join(folder, 'other.pem'), pem(other))
  writeFileSync(join(folder, 'none.pem'), 'no certificate')
  server = createServer(meet).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

describe('a server’s certificate', () => {
  const opened = (name: string, parameters: string) =>
    openLedgerReader(`postgres://user:hidden@${name}:${(server.address() as AddressInfo).port}/x?${parameters}`)
  const named = (file: string) => `sslrootcert=${join(folder, file)}`

  test('is taken from the authority that is named, whose name alone asks for it', async () => {
    const met = { code: 'CUSTODY_LEDGER_READ', message: expect.stringMatching(/can’t be read: met over TLS$/) }
    await expect(opened('localhost', `sslmode=verify-full&${named('authority.pem')}`)).rejects.toMatchObject(met)
    await expect(opened('localhost', named('authority.pem'))).rejects.toMatchObject(met)
    await expect(opened('127.0.0.1', `sslmode=verify-ca&${named('authority.pem')}`)).rejects.toMatchObject(met)
  })

  test.each([
    ['for another name', '127.0.0.1', 'sslmode=verify-full', 'authority.pem', /altnames/, /as its certificate does/],
    ['by another authority', 'localhost', 'sslmode=verify-full', 'other.pem', /certificate/, /sslrootcert/],
    ['by another authority, without a name', '127.0.0.1', 'sslmode=verify-ca', 'other.pem', /certificate/, /sslroot/],
  ])('%s is refused', async (_what, name, mode, file, message, hint) => {
    const refused = {
      ...{ code: 'CUSTODY_LEDGER_READ', hint: expect.stringMatching(hint) },
      message: expect.stringMatching(new RegExp(`^(?!.*hidden).* can’t be reached: .*${message.source}`)),
    }
    await expect(opened(name, `${mode}&${named(file)}`)).rejects.toMatchObject(refused)
  })

  test('isn’t looked for in a file that has none, or isn’t there', async () => {
    for (const file of ['none.pem', 'missing.pem']) {
      const refused = { code: 'CUSTODY_LEDGER_URL', hint: expect.stringContaining('PEM file') }
      await expect(opened('localhost', named(file))).rejects.toMatchObject(refused)
    }
  })
})
