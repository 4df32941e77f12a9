/**
 * TLS as a real server speaks it: whoever it can't prove itself to writes and reads nothing, and whole runs over it are as without it, also where
 * the network breaks in their midst. For `npm run postgres`; the refusals of a certificate are in `npm test`, too (src/ledger/postgres/tls.test.ts).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLedger, openLedgerReader } from '../../src/ledger/open.ts'
import { pipelineNamed } from '../crash/pipelines.ts'
import { Random } from '../simulation/random.ts'
import { EXTENSIONS, keyPem, type Party, type PartyOptions, party, pem } from '../support/authority.ts'
import { testPorts } from '../support/ledger.ts'
import { ALL_OF_POSTGRES, ask } from '../support/postgres.ts'
import { PostgresServer } from '../support/postgres-server.ts'
import { WorkFolder } from '../support/work-folder.ts'
import { troubled, undisturbed } from './driven.ts'
import { type Direction, Network } from './network.ts'

const SEED = Number(process.env.CUSTODY_SEED ?? 1)
const CUTS = 6

const certifies = { extensions: [EXTENSIONS.authority, EXTENSIONS.may_certify] }
const authority = party('authority', certifies)
const other = party('other', certifies)
/** Of whoever asks. */
const client = { issuer: authority, extensions: [] }
const certified = (more: PartyOptions = {}) =>
  party('localhost', { issuer: authority, extensions: [EXTENSIONS.localhost], ...more })

describe.runIf(ALL_OF_POSTGRES)('TLS', () => {
  let server: PostgresServer
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'custody-tls-'))
    writeFileSync(join(folder, 'authority.pem'), pem(authority))
    writeFileSync(join(folder, 'other.pem'), pem(other))
    server = await PostgresServer.begin()
    await ask(server.url(), `CREATE USER ledger PASSWORD 'only-for-tests'`)
    await ask(server.url(), 'GRANT CREATE ON DATABASE postgres TO ledger')
    // The tests come as they did; a ledger's user by TLS alone, and with a password; one more by nothing but a certificate with his name.
    const host = (kind: string, user: string, method: string) => `${kind} all ${user} 127.0.0.1/32 ${method}\n`
    const rules = [
      ['host', 'custody', 'trust'],
      ['hostssl', 'ledger', 'scram-sha-256'],
      ['hostssl', 'certified', 'cert'],
    ] as const
    await ask(server.url(), 'CREATE USER certified')
    await ask(server.url(), 'GRANT CREATE ON DATABASE postgres TO certified')
    server.put('pg_hba.conf', rules.map(([kind, user, method]) => host(kind, user, method)).join(''))
    server.put('clients.crt', pem(authority))
    const own = { certified: party('certified', client), another: party('another', client) }
    const late = party('certified', { ...client, valid: ['20200101000000Z', '20210101000000Z'] })
    const foreign = party('certified', { issuer: other, extensions: [] })
    for (const [name, each] of Object.entries({ ...own, late, foreign })) {
      writeFileSync(join(folder, `${name}.pem`), pem(each))
      writeFileSync(join(folder, `${name}.key`), keyPem(each), { mode: 0o600 })
    }
    const cipher = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'a+b&c#d e' } as const
    writeFileSync(join(folder, 'locked.key'), own.certified.private_key.export(cipher), { mode: 0o600 })
  })
  afterAll(async () => {
    await server.remove()
    rmSync(folder, { recursive: true })
  })

  /** The server shows this certificate from now on. */
  async function show(host: Party, ...settings: readonly string[]): Promise<void> {
    server.put('server.crt', pem(host))
    server.put('server.key', keyPem(host))
    await server.stop()
    await server.start(['ssl=on', ...settings])
  }

  const urlAt = (name: string, tls: string, user = 'ledger:only-for-tests') =>
    `postgres://${user}@${name}:${server.port}/postgres?${tls}`
  const root = (file = 'authority.pem') => `sslrootcert=${join(folder, file)}`
  const FULL = 'sslmode=verify-full'

  /** Whoever writes and whoever reads hear the same. */
  async function refused(url: string, message: RegExp, hint: string): Promise<void> {
    const about = { message: expect.stringMatching(new RegExp(`^(?!.*only-for-tests).*${message.source}`, 's')), hint }
    await expect(openLedger(url, testPorts(), { create: true })).rejects.toMatchObject({
      code: 'CUSTODY_LEDGER_WRITE',
      ...about,
    })
    await expect(openLedgerReader(url)).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_READ', ...about })
  }

  const UNVERIFIED =
    'The server must show a certificate by an authority that Node trusts, or that sslrootcert=FILE of the URL names: see docs/postgres.md.'

  test('a server that has none is refused where it was asked for', async () => {
    const hint = 'Switch TLS on at the server; or, where nobody is in between, write sslmode=disable.'
    for (const tls of [FULL, root(), `sslmode=verify-ca&${root()}`])
      await refused(urlAt('localhost', tls, 'custody'), /can’t be reached: .*does not support SSL/, hint)
  })

  describe('with the certificate of an authority', () => {
    beforeAll(() => show(certified()))

    test('for another name it is refused', () =>
      refused(
        urlAt('127.0.0.1', `${FULL}&${root()}`),
        /can’t be reached: .*127\.0\.0\.1 is not in the cert/,
        'Name the server as its certificate does.',
      ))

    test.each([
      ['by another authority', () => urlAt('localhost', `${FULL}&${root('other.pem')}`)],
      ['by another authority, whatever its name', () => urlAt('localhost', `sslmode=verify-ca&${root('other.pem')}`)],
      ['by none that Node trusts', () => urlAt('localhost', FULL)],
    ])('%s it is refused', (_what, url) =>
      refused(url(), /can’t be reached: unable to verify the first certificate/, UNVERIFIED),
    )

    test('it takes nobody without it', () =>
      refused(
        urlAt('localhost', 'sslmode=disable'),
        /: no pg_hba.conf entry for .*, no encryption$/,
        'The server takes nobody without TLS: write sslmode=verify-full, with sslrootcert=FILE for an authority of your own.',
      ))

    test('who isn’t let in at all, or has another password, hears of that', async () => {
      await refused(
        urlAt('localhost', root(), 'stranger'),
        /: no pg_hba.conf entry for .*, SSL encryption$/,
        'The server’s pg_hba.conf must let this user in from this machine.',
      )
      await refused(
        urlAt('localhost', root(), 'ledger:wrong'),
        /: password authentication failed for user "ledger"$/,
        'Check the user and the password of the URL, or $PGPASSWORD.',
      )
    })

    test('sources and sinks say the same', async () => {
      const options = 'connection: { secret: DATABASE }, query: "SELECT 7 AS seven", key: [seven]'
      const work = new WorkFolder({
        'p.yaml': `
name: from-postgres
sources:
  rows: { plugin: postgres, options: { ${options} }, on_invalid: discard, to: out }
sinks:
  out: { plugin: csv, options: { path: out.csv, if_exists: replace }, on_error: discard }
`,
      })
      const run = async (url: string) => {
        const env = { ...work.env, DATABASE: url }
        work.env = env
        const { exit, stderr } = await work.custody('run', 'p.yaml')
        return exit === 0 ? readFileSync(join(work.folder, 'out.csv'), 'utf8') : stderr
      }
      try {
        expect(await run(urlAt('localhost', root()))).toBe('seven\n7\n')
        expect(await run(urlAt('localhost', root('other.pem')))).toMatch(/unable to verify.*`tls: \{ca: FILE\}` names/s)
        expect(await run(urlAt('127.0.0.1', root()))).toMatch(
          /is not in the cert.*for the host that `connection` names/s,
        )
        expect(await run(urlAt('localhost', 'sslmode=disable'))).toMatch(
          /takes nobody without TLS: write `tls: verify`/,
        )
      } finally {
        work.close()
      }
    })

    test('whole runs are as without it, and outlive cuts at any byte', async () => {
      const pipeline = pipelineNamed('outputs')
      const whole = await undisturbed(pipeline)
      const at = (schema: string, network: Network) => {
        const url = urlAt('localhost', `${root()}&schema=${schema}`)
        return () => ({ url, way: network.url(url) })
      }
      const calm = await Network.to(server.port)
      const there = await undisturbed(pipeline, at('whole', calm))
      await calm.close()
      expect([there.outputs, there.outcome]).toEqual([whole.outputs, whole.outcome])
      const random = new Random(SEED * 3_000)
      let met = 0
      for (let cut = 1; cut <= CUTS; cut++) {
        const network = await Network.to(server.port)
        const direction: Direction = cut % 2 === 0 ? 'to_server' : 'to_client'
        network.after(direction, random.below(calm.passed[direction]), 'cut')
        const how = { network, threaded: random.chance(0.5), ledgerIn: at(`cut_${cut}`, network) }
        expect((await troubled(pipeline, whole, how)).problems, `cut ${cut}`).toEqual([])
        met += network.met
        await network.close()
      }
      expect(met).toBeGreaterThanOrEqual(CUTS / 2)
    })
  })

  describe('that asks for a certificate', () => {
    beforeAll(() => show(certified(), 'ssl_ca_file=clients.crt'))

    const withOwn = (name: string, key = name, user = 'certified') =>
      urlAt('localhost', `${root()}&sslcert=${join(folder, name)}.pem&sslkey=${join(folder, key)}.key`, user)

    test('whoever shows the user’s own writes and reads, in whole runs', async () => {
      const pipeline = pipelineNamed('outputs')
      const whole = await undisturbed(pipeline)
      const url = `${withOwn('certified')}&schema=certified`
      const there = await undisturbed(pipeline, () => ({ url, way: url }))
      expect([there.outputs, there.outcome]).toEqual([whole.outputs, whole.outcome])
    })

    test('a key may have a password, which nobody sees', async () => {
      const password = `sslpassword=${encodeURIComponent('a+b&c#d e').replaceAll('%2B', '+')}`
      const url = `${withOwn('certified', 'locked')}&${password}&schema=certified`
      const reader = await openLedgerReader(url)
      await reader.close()
      const about = { message: expect.not.stringContaining('c%23d') }
      await expect(openLedgerReader(url.replace('schema=certified', 'schema=none'))).rejects.toMatchObject(about)
    })

    test('whoever shows none hears so', () =>
      refused(
        urlAt('localhost', root(), 'certified'),
        /can’t be (?:read|written): connection requires a valid client certificate$/,
        'Name a certificate by an authority that the server trusts, with sslcert=FILE and sslkey=FILE.',
      ))

    test('whoever shows that of another user hears so', () =>
      refused(
        withOwn('another'),
        /can’t be (?:read|written): certificate authentication failed for user "certified"$/,
        'The certificate must be for the user of the URL: its common name is the user’s, or the server’s pg_ident.conf says that it stands for him.',
      ))

    test.each([
      ['by another authority', 'foreign', /alert unknown ca$/],
      ['that has expired', 'late', /alert certificate expired$/],
    ])('whoever shows one %s hears so', (_what, name, message) =>
      refused(
        withOwn(name),
        new RegExp(`can’t be reached: .*${message.source}`),
        'The server refuses the certificate that was shown, or that none was: name one by an authority that it trusts, with sslcert=FILE and sslkey=FILE.',
      ),
    )
  })

  test('a certificate that has expired is refused', async () => {
    await show(certified({ valid: ['20200101000000Z', '20210101000000Z'] }))
    await refused(urlAt('localhost', root()), /can’t be reached: certificate has expired/, UNVERIFIED)
  })

  test('a server whose TLS is too old is refused', async () => {
    await show(certified(), 'ssl_min_protocol_version=TLSv1', 'ssl_max_protocol_version=TLSv1.1')
    const hint = 'The server must speak TLS 1.2 or newer, as Node does.'
    await refused(urlAt('localhost', root()), /can’t be reached: .*alert protocol version/, hint)
  })
})
