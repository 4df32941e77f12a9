/** `custody check` with a policy, with certificates, and with what the user's configuration has of either. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpointIn } from '../src/format/checkpoint.ts'
import { makeCosigner } from '../src/format/cosigning-key.ts'
import { makeSigner } from '../src/format/signing-key.ts'
import { utf8 } from '../src/format/verifier-key.ts'
import { openLedgerReader, openWitnessing } from '../src/ledger/open.ts'
import type { CheckedProof } from '../src/read/check/check-proof.ts'
import { party, token } from './support/authority.ts'
import { runInProcess } from './support/in-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-trust-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const config = join(folder, 'config', 'custody')
const witness = makeCosigner('w.example', {
  ed25519: new Uint8Array(32).fill(1),
  'ml-dsa-44': new Uint8Array(32).fill(1),
})
const tsa = party('TSA', { kind: 'rsa' })
const PLAN = `name: few
sources: { people: { plugin: csv, options: { path: in.csv }, on_invalid: discard, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl }, on_error: discard } }
`
const custody = (...words: readonly string[]) =>
  runInProcess(words, folder, { XDG_CONFIG_HOME: join(folder, 'config') })
const text = (name: string, content: string) => writeFileSync(join(folder, name), content)
const pem = (bytes: Uint8Array) =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes).toString('base64')}\n-----END CERTIFICATE-----\n`
const policy = (logs: readonly string[], quorum: string) =>
  `${logs.map(each => `log ${each}\n`).join('')}witness W ${witness.keys[0]?.text}\nwitness Q ${witness.keys[1]?.text}\ngroup both all W Q\nquorum ${quorum}\n`

async function checked(...words: readonly string[]): Promise<CheckedProof & { readonly exit: number }> {
  const { stdout, exit } = await custody('check', ...words, '--json')
  return { ...(JSON.parse(stdout) as CheckedProof), exit }
}

let keys: readonly string[]

beforeAll(async () => {
  text('plan.yaml', PLAN)
  text('in.csv', 'name\nAda\n')
  expect((await custody('run', 'plan.yaml')).exit).toBe(0)
  keys = (await custody('key', 'show')).stdout.trim().split('\n')
  text('mine.policy', policy(keys, 'both'))
  text('nobodys.policy', policy([], 'both'))
  text('tsa.pem', pem(tsa.certificate))
  text('bad.pem', 'hello')
  expect((await custody('prove', 'latest', '--row', '1', '--out', 'before.json')).stderr).toContain('undated')
  await cosign()
})

/** What a witness and an authority say of the head that is there. */
async function cosign(): Promise<void> {
  const url = `sqlite:${join(folder, 'custody.db')}`
  const reader = await openLedgerReader(url)
  const note = (await reader.head(0)) ?? ''
  await reader.close()
  const head = checkpointIn(note)
  const lines = witness.cosign(note.slice(0, note.lastIndexOf('\n\n') + 1), head, 1_800_000_000)
  const ledger = await openWitnessing(url)
  await ledger.keepWitnessed({ size: head.size, note: `${note}${lines.map(each => `— ${each}\n`).join('')}` })
  await ledger.keepTimestamp({ size: head.size, note, stamp: token(tsa, utf8(note), { time: '20270101000000Z' }) })
  await ledger.close()
}

test('a policy is demanded; keys beside it count as well; where it isn’t met nothing is proven, and that is said', async () => {
  const made = await custody('prove', 'latest', '--row', '1', '--out', 'row.json')
  expect(made.stderr).toContain('with 2 cosignatures and 1 timestamp')
  const met = { exit: 0, ok: true, trust: 'policy', as_of: '2027-01-15T08:00:00.000Z' }
  expect(await checked('row.json', '--policy', 'mine.policy')).toMatchObject(met)
  expect(await checked('row.json', '--policy', 'nobodys.policy')).toMatchObject(met)
  text('own.keys', `${keys.join('\n')}\n`)
  text('other.keys', `${makeSigner('other', new Uint8Array(32).fill(3)).verifier_key}\n`)
  expect(await checked('row.json', '--policy', 'mine.policy', '--key', 'own.keys')).toMatchObject(met)
  const unmet = { exit: 1, ok: false, trust: 'none', proven: [] }
  expect(await checked('row.json', '--policy', 'mine.policy', '--key', 'other.keys')).toMatchObject(unmet)
  expect(await checked('before.json', '--policy', 'mine.policy')).toMatchObject(unmet)
  const shown = await custody('check', 'before.json', '--policy', 'mine.policy')
  expect(shown.stdout).toContain('proves nothing to you: what you demand of its head isn’t there')
  expect(shown.stdout.replaceAll(/\s+/g, ' ')).toContain(
    'the policy demands 2 of (W, Q), and none of its witnesses has cosigned',
  )
  const said = await custody('check', 'row.json', '--policy', 'mine.policy')
  expect(said.stdout).toMatch(/^holds, by keys .* and as the policy demands$/m)
})

test('certificates are named, or those of the configuration; and so is the policy whose witnesses are known', async () => {
  expect((await checked('row.json')).as_of).toBe(undefined)
  expect(await checked('row.json', '--tsa', 'tsa.pem')).toMatchObject({ as_of: '2027-01-01T00:00:00.000Z' })
  mkdirSync(config, { recursive: true })
  writeFileSync(join(config, 'witnesses'), readFileSync(join(folder, 'mine.policy')))
  expect(await checked('row.json')).toMatchObject({ ok: true, trust: 'key', as_of: '2027-01-15T08:00:00.000Z' })
  expect(await checked('before.json')).toMatchObject({ ok: true, trust: 'key' })
  writeFileSync(join(config, 'authorities.pem'), pem(tsa.certificate))
  expect(await checked('row.json')).toMatchObject({
    as_of: '2027-01-01T00:00:00.000Z',
    as_of_by: ['timestamp authority CN=TSA'],
  })
})

test('records, the checkpoint, and older heads have the cosignatures, too', async () => {
  const kept = await custody('checkpoint')
  expect(kept.stdout.match(/^— w\.example /gm)).toHaveLength(2)
  text('kept.txt', kept.stdout)
  for (const [name, ...words] of [
    ['run.gz', 'latest'],
    ['log.gz', '--ledger'],
  ] as const) {
    expect((await custody('prove', ...words, '--out', name)).exit).toBe(0)
    expect(await checked(name, '--policy', 'mine.policy', '--since', 'kept.txt')).toMatchObject({
      exit: 0,
      trust: 'policy',
    })
  }
  expect(await checked('row.json', '--since', 'kept.txt')).toMatchObject({ exit: 0 })
})

test.each([
  ['--tsa', 'bad.pem'],
  ['--tsa', 'none.pem'],
  ['--policy', 'bad.pem'],
  ['--policy', 'none.policy'],
])('%s %s can’t be read: exit 2', async (option, name) => {
  const { exit, stderr } = await custody('check', 'row.json', option, name)
  expect([exit, stderr]).toEqual([2, expect.stringContaining('CUSTODY_POLICY')])
})
