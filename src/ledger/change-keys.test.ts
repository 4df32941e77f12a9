/** Recovery keys, and keys of further machines. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { opening, RUN, testPorts } from '../../test/support/ledger.ts'
import type { Signer } from '../format/signing-key.ts'
import { verifyLedger } from '../read/verify/verify.ts'
import { addRequestedKey, readRequest, requestKey } from './key-request.ts'
import { signingKey } from './keys/keys.ts'
import { trustedKeys, trustKeys, userTrust } from './keys/known-ledgers.ts'
import { makeKeyFile, recoveryKeys, useForRecovery } from './keys/recovery.ts'
import { headKnown } from './known-head.ts'
import { openLedger, openLedgerReader } from './open.ts'
import { recoverKeys, revokeWithRecovery } from './recover-keys.ts'
import { takeAway } from './take-keys.ts'
import type { BirthOptions } from './write-port.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-keys-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A user, by the name of their configuration folder. */
const user = (name: string) => ({ XDG_CONFIG_HOME: join(folder, name) })
const url = (ledger: string) => `sqlite:${join(folder, ledger)}`
const portsOf = (name: string, chance = name) => ({
  ...testPorts(chance, signingKey(user(name))),
  trust: userTrust(user(name), expect.unreachable),
})
const begin = async (ledger: string, name: string, birth: BirthOptions = {}) =>
  (await openLedger(url(ledger), { ...portsOf(name, `${ledger} ${name}`), birth }, { create: true })).close()
const open = (name: string, changes_keys = false, ledger = 'a') =>
  openLedger(url(ledger), portsOf(name), { create: false, changes_keys })

/** What `verify` finds with a user's keys. */
async function problems(name: string): Promise<readonly string[]> {
  const reader = await openLedgerReader(url('a'))
  const { ledger } = await verifyLedger(reader, { keys: trustedKeys(null, user(name)) })
  await reader.close()
  return ledger.checks.flatMap(each => each.problems)
}

/** `name` trusts the keys of `whom`. */
function trust(name: string, whom: string): void {
  const path = join(folder, 'keys')
  writeFileSync(path, signingKey(user(whom)).verifier_keys.join('\n'))
  trustKeys(path, user(name))
}

async function request(name: string) {
  const reader = await openLedgerReader(url('a'))
  try {
    return await requestKey(reader, signingKey(user(name)), userTrust(user(name), expect.unreachable))
  } finally {
    await reader.close()
  }
}

async function add(name: string, text: unknown): Promise<void> {
  const path = join(folder, 'request')
  writeFileSync(path, JSON.stringify(text))
  const ledger = await open(name)
  try {
    await addRequestedKey(ledger, signingKey(user(name)), readRequest(path))
  } finally {
    await ledger.close()
  }
}

test('a second machine asks, the first one adds, both write; neither’s private key moves', async () => {
  await begin('a', 'one')
  signingKey(user('two'))
  await expect(request('two')).rejects.toMatchObject({ code: 'CUSTODY_KEY_UNKNOWN' })
  trust('two', 'one')
  await add('one', await request('two'))
  for (const name of ['one', 'two']) {
    const ledger = await open(name)
    await ledger.openRun(RUN.replace(/1$/, name === 'one' ? '1' : '2'), opening())
    await ledger.close()
    expect(await problems(name)).toEqual([])
  }
  await expect(request('two')).rejects.toMatchObject({ code: 'CUSTODY_KEY' })
})

test('a request is good for one place of one ledger, and for the keys that signed it', {
  tags: ['proof'],
}, async () => {
  await begin('a', 'one')
  trust('two', 'one')
  const asked = await request('two')
  const refusals: ReadonlyArray<readonly [unknown, string]> = [
    [{ ...asked, ledger: 'another' }, 'CUSTODY_KEY_REQUEST'],
    [{ ...asked, index: 2 }, 'CUSTODY_KEY_REQUEST'],
    [{ ...asked, root: 'ab'.repeat(32) }, 'CUSTODY_KEY_REQUEST'],
    [{ ...asked, root: 'ab' }, 'CUSTODY_KEY_REQUEST'],
    [{ ...asked, format: 'custody-key-request/2' }, 'CUSTODY_KEY_REQUEST'],
    [null, 'CUSTODY_KEY_REQUEST'],
    // One of two algorithms, other keys, none.
    [{ ...asked, signatures: asked.signatures.slice(1) }, 'CUSTODY_KEY'],
    [{ ...asked, signatures: asked.signatures.slice(0, 1) }, 'CUSTODY_KEY'],
    [{ ...asked, keys: signingKey(user('three')).verifier_keys }, 'CUSTODY_KEY'],
    [{ ...asked, keys: ['nonsense'] }, 'CUSTODY_KEY'],
    [{ ...asked, keys: [], signatures: [] }, 'CUSTODY_KEY'],
  ]
  for (const [each, code] of refusals) await expect(add('one', each)).rejects.toMatchObject({ code })
  const ledger = await open('one')
  await ledger.openRun(RUN, opening())
  await ledger.close()
  await expect(add('one', asked)).rejects.toMatchObject({
    code: 'CUSTODY_KEY_REQUEST',
    message: expect.stringMatching(/has gone on since the request was made: its own log has 2 entries, and had 1$/),
  })
})

test('a recovery key puts another key in force, and all others out of it; once more changes nothing', async () => {
  const offline = join(folder, 'offline')
  useForRecovery(user('one'), makeKeyFile(offline))
  await begin('a', 'one', { recovery: recoveryKeys(user('one')) })
  trust('two', 'one')
  const recover = () => recoverKeys(user('two'), offline, 'revoke', () => open('two', true))
  signingKey(user('two'))
  const { to, gone } = await recover()
  expect([to.verifier_keys, gone]).toEqual([
    signingKey(user('two')).verifier_keys,
    signingKey(user('one')).verifier_keys,
  ])
  expect((await recover()).gone).toEqual([])
  await expect(open('one')).rejects.toMatchObject({ code: 'CUSTODY_KEY_UNKNOWN' })
  await (await open('two')).close()
  // Whoever trusts the keys of the birth trusts whom these named.
  expect([await problems('one'), await problems('two')]).toEqual([[], []])
  // A key that was revoked never comes back: its user gets another.
  const { to: again } = await recoverKeys(user('one'), offline, 'retire', () => open('one', true))
  expect(gone).not.toContain(again.verifier_key)
  expect(await problems('two')).toEqual([])
})

test('a key is revoked by another that is in force, or with the recovery key; never by itself, and for ever', async () => {
  const offline = join(folder, 'offline')
  useForRecovery(user('one'), makeKeyFile(offline))
  await begin('a', 'one', { recovery: recoveryKeys(user('one')) })
  for (const name of ['two', 'three']) {
    trust(name, 'one')
    await add('one', await request(name))
  }
  const [one, two, three] = ['one', 'two', 'three'].map(name => signingKey(user(name)))
  const revoke = async (name: string, whom: string, by = name) => {
    const ledger = await open(name, true)
    try {
      return await takeAway(ledger, 'revoke', whom, signingKey(user(by)))
    } finally {
      await ledger.close()
    }
  }
  const addedAgain = async (by: string, signer: Signer) => {
    const ledger = await open(by)
    try {
      await ledger.changeKeys('add', signer.verifier_keys, [signingKey(user(by)), signer])
    } finally {
      await ledger.close()
    }
  }
  // Alone it can’t: whoever stole it could take the others’ place.
  await expect(revoke('one', one!.name)).rejects.toMatchObject({
    code: 'CUSTODY_KEY',
    message: /and stays so|that is in force/,
  })
  expect(await revoke('two', one!.name)).toEqual({ gone: one!.verifier_keys, entry: 3, signer: two!.name })
  await expect(revoke('two', one!.name)).rejects.toMatchObject({ message: /it was revoked in entry 3 of/ })
  await expect(open('one')).rejects.toMatchObject({ code: 'CUSTODY_KEY_UNKNOWN' })
  await expect(request('one')).rejects.toMatchObject({ code: 'CUSTODY_KEY', message: /was revoked in entry 3/ })
  const back = addedAgain('two', one!)
  await expect(back).rejects.toMatchObject({ code: 'CUSTODY_KEY', message: /is added, and was revoked before/ })
  // With the recovery key the others stay; who has the stolen one gets another.
  const recovered = await revokeWithRecovery(user('three'), offline, three!.name, () => open('three', true))
  expect(recovered).toMatchObject({ gone: three!.verifier_keys, entry: 5 })
  const ledger = await open('three')
  expect(ledger.keys.in_force.map(each => each.name)).toEqual([
    ...[two!.name, two!.name, recovered.signer, recovered.signer],
  ])
  await ledger.close()
  expect([await problems('one'), await problems('two'), await problems('three')]).toEqual([[], [], []])
})

test('no other key recovers a ledger, and a recovery key writes none', async () => {
  const [offline, other] = [join(folder, 'offline'), join(folder, 'other')]
  const signer = makeKeyFile(offline)
  makeKeyFile(other)
  await begin('a', 'one', { recovery: signer.verifier_keys })
  const recover = (file: string) => recoverKeys(user('one'), file, 'retire', () => open('one', true))
  await expect(recover(other)).rejects.toMatchObject({ code: 'CUSTODY_KEY', message: /is no recovery key of/ })
  await expect(recover(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'CUSTODY_KEY' })
  await expect(openLedger(url('a'), { ...portsOf('one'), signer }, { create: false })).rejects.toMatchObject({
    code: 'CUSTODY_KEY_UNKNOWN',
  })
  const ledger = await open('one')
  const added = ledger.changeKeys('add', signer.verifier_keys, [signingKey(user('one')), signer])
  await expect(added).rejects.toMatchObject({ code: 'CUSTODY_KEY', message: /is added, and is a recovery key/ })
  await ledger.close()
  expect(() => makeKeyFile(offline)).toThrow(/there is a file already/)
})

test('all keys are lost: a new ledger names the old one’s id and last head', async () => {
  await begin('a', 'one')
  const reader = await openLedgerReader(url('a'))
  const succeeds = await headKnown(reader, userTrust(user('one'), expect.unreachable))
  await reader.close()
  await begin('b', 'one', { succeeds })
  const next = await openLedgerReader(url('b'))
  expect(JSON.parse((await next.entry(0, 0))?.body ?? '')).toMatchObject({ succeeds: { ...succeeds, size: 1 } })
  expect((await verifyLedger(next, { keys: trustedKeys(null, user('one')) })).ok).toBe(true)
  await next.close()
})
