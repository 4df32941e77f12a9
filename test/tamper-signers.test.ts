/** Forgers who have one algorithm of two, one key of several, or a recovery key; and what `verify` and whoever writes say of it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpointText } from '../src/format/checkpoint.ts'
import { noteOf } from '../src/format/note.ts'
import { makeSigner, type Signer } from '../src/format/signing-key.ts'
import { parseVerifierKey } from '../src/format/verifier-key.ts'
import { signedBirth, signedChange } from '../src/ledger/keys/key-ring.ts'
import { trustIn } from '../src/ledger/keys/trust.ts'
import { openLedger } from '../src/ledger/open.ts'
import { LogZero } from '../src/ledger/write/log-zero.ts'
import { canonicalize } from '../src/model/canonical.ts'
import { isCustodyError } from '../src/model/error.ts'
import { type Body, Forger } from './support/forger.ts'
import { opening, RUN, sealFacts, T0, testPorts, totals } from './support/ledger.ts'

const seed = (byte: number) => new Uint8Array(32).fill(byte)
const owner = makeSigner('owner', seed(1), seed(2))
const next = makeSigner('next', seed(3), seed(4))
const offline = makeSigner('offline', seed(5), seed(6))
/** Who can forge Ed25519: the owner's, and a pair of their own. */
const half = makeSigner('owner', seed(1))
const thief = makeSigner('thief', seed(7), seed(8))
const trusted = owner.verifier_keys.map(parseVerifierKey)
let forger: Forger

beforeAll(async () => {
  forger = await Forger.of(async url => {
    const ports = { ...testPorts('signers', owner), birth: { recovery: offline.verifier_keys } }
    const ledger = await openLedger(url, ports, { create: true })
    const run = await ledger.openRun(RUN, opening())
    await run.seal(sealFacts(totals(0, 0, 0)))
    await ledger.close()
  })
})
afterAll(() => forger.close())

const place = () => {
  const { size: index, root } = forger.treeOf(0)
  return { ledger: `${forger.body(0, 0).ledger}`, index, root }
}
function append(facts: object): void {
  const { index } = place()
  forger.run(
    'INSERT INTO entries (log, seq, body) VALUES (0, ?, ?)',
    index,
    canonicalize({ ...facts, z: '00'.repeat(16) } as Body),
  )
}
const change = (word: 'add' | 'retire' | 'revoke', keys: readonly string[], signers: readonly Signer[], at = place()) =>
  append({ k: 'key', ...signedChange(word, keys, at, signers), t: T0 * 2 })
/** Log 0's head as these sign it. */
function sign(...signers: readonly Signer[]): void {
  const { ledger, index: size, root } = place()
  const head = { origin: `custody/${ledger}/0`, size, root }
  forger.run(
    'UPDATE heads SET note = ? WHERE log = 0',
    noteOf(
      checkpointText(head),
      signers.flatMap(each => each.signHead(head)),
    ),
  )
}

/** What `verify` says of log 0, and whether a writer would continue it; the two never differ. */
async function said(tamper: () => void, keys = trusted): Promise<string> {
  const problems = (await forger.problems(tamper, keys)).filter(each => each.startsWith('ledger: '))
  const code = await forger.within(tamper, async () => {
    try {
      await LogZero.read(forger.reader, trustIn(keys))
      return 'taken'
    } catch (error) {
      if (isCustodyError(error)) return error.code
      throw error
    }
  })
  expect(code === 'taken', `${code}: ${problems}`).toBe(problems.length === 0)
  return problems.join('\n')
}

const add = (signers: readonly Signer[], keys = next.verifier_keys) => change('add', keys, signers)

test('as must be', async () => {
  expect(await said(() => sign(owner))).toBe('')
  const rotated = () => {
    add([owner, next])
    change('revoke', owner.verifier_keys, [next])
    sign(next)
  }
  expect(await said(rotated)).toBe('')
  expect(await said(rotated, next.verifier_keys.map(parseVerifierKey))).toBe('')
  expect(
    await said(() => {
      add([offline, next])
      change('revoke', owner.verifier_keys, [next])
      sign(next)
    }),
  ).toBe('')
})

test('a head needs both algorithms, whichever is missing, and keys whose range has its size', async () => {
  expect(await said(() => sign(half))).toMatch(/no ML-DSA-44 key that is in force has signed it$/)
  const ml_dsa_alone = () => {
    const { ledger, index: size, root } = place()
    const head = { origin: `custody/${ledger}/0`, size, root }
    forger.run('UPDATE heads SET note = ? WHERE log = 0', noteOf(checkpointText(head), owner.signHead(head).slice(1)))
  }
  expect(await said(ml_dsa_alone)).toMatch(/no Ed25519 key that is in force has signed it$/)
  // Ed25519 of one that is in force, ML-DSA-44 of one that isn't: foreign signatures count for nothing.
  expect(await said(() => sign(half, thief))).toMatch(/no ML-DSA-44 key that is in force/)
  expect(await said(() => sign(offline))).toMatch(/can't be trusted: it is signed by offline/)
  const rotated = (...signers: readonly Signer[]) => {
    add([owner, next])
    change('retire', owner.verifier_keys, [next])
    sign(...signers)
  }
  expect(await said(() => rotated(owner))).toMatch(/until it was retired in entry 4, and so not/)
  expect(await said(() => rotated(makeSigner('next', seed(3)), owner))).toMatch(/no ML-DSA-44 key that is in force/)
})

test.each<[string, () => void, RegExp]>([
  [
    'Ed25519 of the old key alone',
    () => add([half, next]),
    /no ML-DSA-44 key that was in force, and stays so, has signed it/,
  ],
  ['the new key alone', () => add([next]), /no Ed25519 and no ML-DSA-44 key that was in force/],
  [
    'one algorithm of the new key',
    () => add([owner, makeSigner('next', seed(3))]),
    /next\+\w+ is added, and hasn’t signed it/,
  ],
  ['somebody who has no say', () => add([owner, next, thief]), /thief\+\w+ has signed it, and has no say in it/],
  [
    'one algorithm of the recovery key',
    () => add([makeSigner('offline', seed(5)), next]),
    /no Ed25519 and no ML-DSA-44 key/,
  ],
  [
    'an algorithm of each',
    () => add([half, makeSigner('offline', seed(5)), next]),
    /no ML-DSA-44 key that was in force/,
  ],
  ['a recovery key for itself', () => add([owner, offline], offline.verifier_keys), /is added, and is a recovery key/],
  [
    'another place',
    () => change('add', next.verifier_keys, [owner, next], { ...place(), index: 1 }),
    /is not one of it/,
  ],
  [
    'another root',
    () => change('add', next.verifier_keys, [owner, next], { ...place(), root: 'ab'.repeat(32) }),
    /is not one of it/,
  ],
  [
    'another ledger',
    () => change('add', next.verifier_keys, [owner, next], { ...place(), ledger: RUN }),
    /is not one of it/,
  ],
  [
    'the last key of a type',
    () => change('retire', owner.verifier_keys.slice(1), [offline]),
    /takes the last ML-DSA-44 key away/,
  ],
  ['nobody in force', () => change('revoke', owner.verifier_keys, [offline]), /takes the last Ed25519 key away/],
])('a change of keys that has %s is none', async (_, tamper, why) => {
  const problems = await said(() => {
    tamper()
    sign(owner, next)
  })
  expect(problems).toMatch(why)
})

test('a change isn’t repeated, a retired key changes nothing, a revoked one never comes back', async () => {
  const replay = () => {
    add([owner, next])
    const { z: _, ...entry } = forger.body(0, 3)
    change('retire', next.verifier_keys, [owner])
    append(entry)
    sign(owner)
  }
  expect(await said(replay)).toMatch(/entry 5: the signature of owner\+\w+ is not one of it/)
  const back = (word: 'retire' | 'revoke', signers: readonly Signer[]) => () => {
    add([owner, next])
    change(word, owner.verifier_keys, [next])
    add(signers, owner.verifier_keys)
    sign(next, owner)
  }
  expect(await said(back('retire', [owner]))).toMatch(/no Ed25519 and no ML-DSA-44 key that was in force/)
  expect(await said(back('retire', [next, owner]))).toBe('')
  expect(await said(back('revoke', [next, owner]))).toMatch(/owner\+\w+ is added, and was revoked/)
})

test('a birth that names the owner’s keys is theirs only if they signed it', async () => {
  const { ledger, t, recovery: _, z, ...born } = forger.body(0, 0)
  const facts = { k: 'birth', format: 1, ledger: `${ledger}`, t: Number(t) } as const
  const births: ReadonlyArray<readonly [Body, RegExp]> = [
    [
      { ...born, ledger, t, z, recovery: [...thief.verifier_keys] } as Body,
      /the signature of owner\+\w+ is not one of it/,
    ],
    [
      { ...signedBirth(facts, thief), keys: [...owner.verifier_keys, ...thief.verifier_keys], z } as unknown as Body,
      /the signature of thief\+\w+ is not one of it/,
    ],
    // Ed25519 is broken: whoever trusts both keys isn't content with one.
    [{ ...signedBirth(facts, half), z } as unknown as Body, /is signed by/],
  ]
  for (const [body, why] of births) {
    const tamper = () => {
      forger.put(0, 0, body)
      sign(half, thief)
    }
    expect(await said(tamper)).toMatch(why)
  }
  // Whoever trusts the Ed25519 key alone gets what that gives.
  const [, , [body]] = births as [unknown, unknown, readonly [Body]]
  const tamper = () => {
    forger.put(0, 0, body)
    sign(half)
  }
  expect(await said(tamper, trusted.slice(0, 1))).toBe('')
})
