/** Timestamps by an authority that others wrote: `openssl ts`; without openssl these are skipped. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseVerifierKey } from '../src/format/verifier-key.ts'
import { giveHead } from '../src/host/witnessing/give-head.ts'
import type { PostAnswer } from '../src/host/witnessing/post.ts'
import { openLedger, openLedgerReader, openWitnessing } from '../src/ledger/open.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { opening, testPorts } from './support/ledger.ts'

const CONFIG = `[req]
distinguished_name = dn
x509_extensions = v3
prompt = no
[dn]
CN = Test authority
[v3]
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = authority
[authority]
serial = ./serial
signer_cert = ./certificate.pem
signer_key = ./key.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
`
const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0
const openssl = (cwd: string, ...of: string[]) => execFileSync('openssl', of, { cwd, stdio: 'pipe' })

describe.skipIf(!HAS_OPENSSL)('openssl ts (skipped where openssl is missing)', () => {
  let folder: string
  let url: string
  const ports = testPorts('dated')

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'custody-dated-'))
    url = `sqlite:${join(folder, 'custody.db')}`
    writeFileSync(join(folder, 'a.cnf'), CONFIG)
    writeFileSync(join(folder, 'serial'), '01\n')
    const made = ['-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'certificate.pem', '-days', '2']
    openssl(folder, 'req', '-x509', ...made, '-config', 'a.cnf')
    const ledger = await openLedger(url, ports, { create: true })
    await (await ledger.openRun('019b7c1a-0000-7000-8000-000000000001', opening())).release()
    await ledger.close()
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  async function give(change: (answer: Uint8Array) => Uint8Array = answer => answer, status = 200) {
    const ledger = await openWitnessing(url)
    try {
      return await giveHead(
        ledger,
        { policy: null, timestamps: 'https://tsa.example/' },
        {
          now_us: () => 0,
          memory: { recall: () => null, replace: () => true },
          alarms: { standing: () => null, raise: () => '' },
          post: async (_url, type, body): Promise<PostAnswer> => {
            expect(type).toBe('application/timestamp-query')
            writeFileSync(join(folder, 'query'), body)
            openssl(folder, 'ts', '-reply', '-config', 'a.cnf', '-queryfile', 'query', '-out', 'reply')
            return { status, type: '', body: change(readFileSync(join(folder, 'reply'))) }
          },
        },
      )
    } finally {
      await ledger.close()
    }
  }

  async function verified() {
    const reader = await openLedgerReader(url)
    try {
      const stored: { note: string; stamp: Uint8Array }[] = []
      for await (const each of reader.timestamps()) stored.push(each)
      const result = await verifyLedger(reader, { keys: [parseVerifierKey(ports.signer.verifier_key)] })
      return { stored, dated: result.timestamped, problems: result.ledger.checks.flatMap(each => each.problems) }
    } finally {
      await reader.close()
    }
  }

  test('a head is dated, once; verify and openssl both say that it holds', async () => {
    expect(await give()).toMatchObject({ timestamped: true, troubles: [] })
    expect(await give()).toMatchObject({ timestamped: true, troubles: [] })
    const { stored, dated, problems } = await verified()
    expect(problems).toEqual([])
    expect(stored).toHaveLength(1)
    expect(dated).toMatchObject({ size: 2, by: 'CN=Test authority', time: expect.stringMatching(/^\d{14}Z$/) })
    writeFileSync(join(folder, 'note'), stored[0]?.note ?? '')
    writeFileSync(join(folder, 'token'), stored[0]?.stamp ?? '')
    const checked = ['-data', 'note', '-in', 'token', '-token_in', '-CAfile', 'certificate.pem']
    expect(`${openssl(folder, 'ts', '-verify', ...checked)}`).toContain('OK')
  })

  test('what isn’t a timestamp of this head, asked for now, isn’t kept', async () => {
    const answers: Uint8Array[] = []
    const keepFor = (next: Uint8Array | null) => (answer: Uint8Array) => {
      answers.push(answer)
      return next ?? answer
    }
    const flipped = (answer: Uint8Array) => answer.with(answer.length - 1, (answer.at(-1) ?? 0) ^ 1)
    const given = [
      await give(keepFor(null), 500),
      await give(keepFor(Buffer.from('hello'))),
      await give(flipped),
      await give(keepFor(answers[0] ?? null)),
    ]
    const whys = ['status 500', 'no timestamp', 'its signature doesn’t hold', 'was asked for before']
    for (const [at, why] of whys.entries()) {
      expect(given[at]?.troubles.join()).toContain(why)
      expect(given[at]?.timestamped).toBe(false)
    }
    expect((await verified()).stored).toEqual([])
  })

  test('verify finds one of other bytes, and one of another head', async () => {
    await give()
    const { stored } = await verified()
    const { note = '', stamp = new Uint8Array() } = stored[0] ?? {}
    const ledger = await openWitnessing(url)
    await ledger.keepTimestamp({ size: 1, note, stamp })
    await ledger.keepTimestamp({ size: 2, note, stamp: stamp.with(stamp.length - 1, (stamp.at(-1) ?? 0) ^ 1) })
    await ledger.keepWitnessed({ size: 2, note: note.replace('\n2\n', '\n3\n') })
    await ledger.close()
    const { problems } = await verified()
    expect(problems.filter(each => each.startsWith('the timestamp of 1 entry'))).toHaveLength(1)
    expect(problems).toContain('the timestamp of 2 entries doesn’t hold: its signature doesn’t hold')
    expect(problems.filter(each => each.startsWith('what is stored as witnessed'))).toHaveLength(1)
  })
})
