import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nothingToSee, opening, RUN, testPorts } from '../../test/support/ledger.ts'
import { encodeSigningKeys, makeSigner, parseSigningKeys, type Signer } from '../format/signing-key.ts'
import { parseVerifierKey } from '../format/verifier-key.ts'
import { verifyLedger } from '../read/verify/verify.ts'
import { signingKey } from './keys/keys.ts'
import { recall, trustedKeys, trustKeys, userTrust } from './keys/known-ledgers.ts'
import { type OpenOptions, openLedger, openLedgerReader } from './open.ts'
import { rotateKey } from './rotate-key.ts'

let folder: string
let env: { readonly XDG_CONFIG_HOME: string; readonly CUSTODY_KEY?: string }
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-rotate-'))
  env = { XDG_CONFIG_HOME: join(folder, 'config') }
})
afterEach(() => rmSync(folder, { recursive: true }))

const url = (name: string) => `sqlite:${join(folder, name)}`
const open = (name: string, signer: Signer = signingKey(env), options: Partial<OpenOptions> = {}) =>
  openLedger(
    url(name),
    { ...testPorts(name, signer), trust: userTrust(env, expect.unreachable) },
    { create: false, ...options },
  )
const toChange = (name: string) => () => open(name, signingKey(env), { changes_keys: true })
const rotate = (name: string, change: 'retire' | 'revoke' = 'retire') => rotateKey(env, change, toChange(name))

async function begun(name: string): Promise<void> {
  await (await open(name, signingKey(env), { create: true })).close()
}

/** The codes, or sentences, of what `verify` finds with this user's keys. */
async function problems(name: string): Promise<readonly string[]> {
  const reader = await openLedgerReader(url(name))
  const { ledger } = await verifyLedger(reader, { keys: trustedKeys(null, env) })
  await reader.close()
  return ledger.checks.flatMap(each => each.problems)
}

test('a new key takes the place of the old one, in the files and in the ledger', async () => {
  await begun('a')
  const old = signingKey(env)
  const { from, to, former } = await rotate('a')
  expect([from.verifier_key, to.verifier_key]).toEqual([old.verifier_key, signingKey(env).verifier_key])
  expect(to.verifier_key).not.toBe(old.verifier_key)
  expect([statSync(former).mode & 0o777, statSync(join(env.XDG_CONFIG_HOME, 'custody', 'key')).mode & 0o777]).toEqual([
    0o600, 0o600,
  ])
  await expect(open('a', old)).rejects.toMatchObject({ code: 'CUSTODY_KEY_UNKNOWN' })
  const ledger = await open('a')
  await ledger.openRun(RUN, opening())
  await ledger.close()
  expect(await problems('a')).toEqual([])
})

test('another ledger goes over from the former key to the one that there is now', async () => {
  await begun('a')
  await begun('b')
  const { to } = await rotate('a')
  await expect(open('b')).rejects.toMatchObject({
    code: 'CUSTODY_KEY_UNKNOWN',
    hint: expect.stringMatching('key rotate'),
  })
  expect((await rotate('b')).to.verifier_key).toBe(to.verifier_key)
  await (await open('b')).close()
  expect(readdirSync(join(env.XDG_CONFIG_HOME, 'custody')).filter(name => name.startsWith('key')).length).toBe(2)
})

test('the power goes when the new key is in force, and the old one still is: rotating again ends it', async () => {
  await begun('a')
  const old = signingKey(env)
  const breaking = async () => {
    const ledger = await toChange('a')()
    const { changeKeys } = ledger
    ledger.changeKeys = async (change, ...rest) => {
      if (change === 'retire') throw new Error('no power')
      await changeKeys.call(ledger, change, ...rest)
    }
    return ledger
  }
  await expect(rotateKey(env, 'retire', breaking)).rejects.toThrow('no power')
  const ledger = await open('a')
  expect(ledger.keysInForce()).toEqual([...old.verifier_keys, ...signingKey(env).verifier_keys])
  await ledger.close()
  // Nothing is lost: both sign until it is rotated once more.
  await rotate('a')
  await expect(open('a', old)).rejects.toMatchObject({ code: 'CUSTODY_KEY_UNKNOWN' })
  expect(await problems('a')).toEqual([])
})

test('what a rotation left that was broken off while a former key was written is no key, and is in nobody’s way', async () => {
  await begun('a')
  const old = signingKey(env)
  const former = join(env.XDG_CONFIG_HOME, 'custody', `key.former-${old.verifier_key.split('+')[1]}`)
  writeFileSync(`${former}.123`, 'PRIVATE+KEY+cus', { mode: 0o600 })
  expect((await rotate('a')).former).toBe(former)
  expect(parseSigningKeys(readFileSync(former, 'utf8')).verifier_keys).toEqual(old.verifier_keys)
})

test('who has an Ed25519 key alone gets both with the next one, and from then on both are demanded', async () => {
  const old = makeSigner('old', new Uint8Array(32).fill(5))
  env = { ...env, CUSTODY_KEY: join(folder, 'key') }
  writeFileSync(env.CUSTODY_KEY as string, encodeSigningKeys('old', new Uint8Array(32).fill(5)), { mode: 0o600 })
  await begun('a')
  const { to } = await rotate('a')
  expect(to.verifier_keys.length).toBe(2)
  expect(await problems('a')).toEqual([])
  const [ed25519] = readFileSync(env.CUSTODY_KEY as string, 'utf8').split('\n')
  const ledger = await open('a')
  expect(ledger.keys.goodFor(1).map(each => each.text)).toEqual(old.verifier_keys)
  // The head with the change of keys is the first that needs both.
  expect(ledger.keys.goodFor(2).map(each => each.type)).toEqual(['ed25519', 'ed25519', 'ml-dsa-44'])
  await ledger.close()
  await expect(open('a', parseSigningKeys(ed25519!))).rejects.toMatchObject({
    code: 'CUSTODY_KEY_UNKNOWN',
    message: expect.stringMatching(/has no ML-DSA-44 key, and .* demands one$/),
  })
})

test('not while a run is held: its process would find that its key is no longer in force', async () => {
  await begun('a')
  const ledger = await open('a')
  const run = await ledger.openRun(RUN, opening())
  await expect(rotate('a')).rejects.toMatchObject({ code: 'CUSTODY_RUN_HELD' })
  await run.release()
  await ledger.close()
  await rotate('a', 'revoke')
  // Nobody can vouch for what the revoked key signed of an unsealed run; other runs continue.
  const again = await open('a')
  await expect(again.takeOver(RUN, nothingToSee)).rejects.toMatchObject({ code: 'CUSTODY_KEY_UNKNOWN' })
  await again.openRun(RUN.replace(/1$/, '2'), opening(RUN.replace(/1$/, '2')))
  await again.close()
})

test('a run is taken over with a new key, and its process ends before it has committed anything: another continues it', async () => {
  await begun('a')
  const ledger = await open('a')
  const run = await ledger.openRun(RUN, opening())
  await run.release()
  await ledger.close()
  await rotate('a')
  for (const epoch of [2, 3]) {
    const again = await open('a')
    const taken = await again.takeOver(RUN, nothingToSee)
    expect(taken.epoch).toBe(epoch)
    await taken.ledger.release()
    await again.close()
    expect(await problems('a')).toEqual([])
  }
})

test('what is remembered of a ledger is the key of its birth and its head; an older copy is refused', async () => {
  await begun('a')
  const reader = await openLedgerReader(url('a'))
  const { ledger: id } = JSON.parse((await reader.entry(0, 0))?.body ?? '') as { ledger: string }
  await reader.close()
  expect(recall(env, id)).toMatchObject({
    ...{ keys: signingKey(env).verifier_keys, in_force: signingKey(env).verifier_keys, taken: [], written: true },
    heads: [{ size: 1 }],
  })
  await rotate('a')
  expect(recall(env, id)).toMatchObject({ heads: [{ size: 1 }, { size: 2 }, { size: 3 }] })
})

test.skipIf(process.getuid?.() === 0)(
  'if nothing can be remembered, that is reported, and the ledger is written all the same',
  () => {
    signingKey(env)
    chmodSync(join(env.XDG_CONFIG_HOME, 'custody'), 0o500)
    const reported: string[] = []
    const trust = userTrust(env, why => reported.push(why))
    const heads = [{ size: 1, root: 'ab'.repeat(32), t_us: 1 }]
    for (let i = 0; i < 2; i++)
      trust.replace('id', null, { keys: ['k'], in_force: [], taken: [], written: true, heads })
    expect(reported.length).toBe(1)
    chmodSync(join(env.XDG_CONFIG_HOME, 'custody'), 0o700)
  },
)

test('keys of others are trusted from a file, once', () => {
  const mine = signingKey(env)
  const { signer } = testPorts()
  const { verifier_key } = signer
  expect(trustKeys(writeKey(verifier_key), env).map(each => each.text)).toEqual([verifier_key])
  expect(trustKeys(writeKey(verifier_key), env)).toEqual([])
  expect(trustedKeys(null, env)).toEqual([...mine.verifier_keys, verifier_key].map(parseVerifierKey))
})

function writeKey(text: string): string {
  const path = join(folder, 'their.key')
  writeFileSync(path, `${text}\n`)
  return path
}
