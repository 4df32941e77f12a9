/** What somebody could do with a key that isn't in force, and with times; and what `verify` says of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeSigner, type Signer } from '../src/format/signing-key.ts'
import { parseVerifierKey } from '../src/format/verifier-key.ts'
import { signedChange } from '../src/ledger/keys/key-ring.ts'
import { canonicalize } from '../src/model/canonical.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { type Body, Forger, problemTexts } from './support/forger.ts'
import { T0 } from './support/ledger.ts'
import { RICH, runModel } from './support/simulated-ledger.ts'

const intruder = makeSigner('test', new Uint8Array(32).fill(7))
let forger: Forger

/** One run that is sealed, and one that was stopped. */
beforeAll(async () => {
  forger = await Forger.of(async url => {
    await runModel(url, RICH, 1)
    await runModel(url, RICH, 2, { after_us: 30_000, next: 'nothing' })
  })
})
afterAll(() => forger.close())

describe('a key was changed for another', () => {
  const next = makeSigner('next', new Uint8Array(32).fill(8))
  /** An entry of log 0, behind all others. */
  const append = (facts: Body) => {
    const [{ n } = {}] = forger.all('SELECT count(*) AS n FROM entries WHERE log = 0')
    const body = canonicalize({ ...facts, z: '00'.repeat(16) })
    forger.run('INSERT INTO entries (log, seq, body) VALUES (0, ?, ?)', Number(n), body)
  }
  const change = (word: 'add' | 'retire' | 'revoke', key: Signer, signers: readonly Signer[]) => {
    const { size: index, root } = forger.treeOf(0)
    const t = T0 * 2
    const place = { ledger: `${forger.body(0, 0).ledger}`, index, root }
    append({ k: 'key', ...signedChange(word, [key.verifier_key], place, signers), t } as unknown as Body)
  }
  const rotate = (word: 'retire' | 'revoke') => {
    change('add', next, [forger.signer, next])
    change(word, forger.signer, [next])
  }
  const problemsAfter = async (...tamper: Array<() => void>) =>
    (await forger.problems(() => tamper.forEach(each => void each()))).join('\n')

  test('as must be: the new one signs from then on', async () => {
    expect(
      await problemsAfter(
        () => rotate('retire'),
        () => forger.resign(0, next),
      ),
    ).toBe('')
  })
  test('a retired key still signs', async () => {
    expect(
      await problemsAfter(
        () => rotate('retire'),
        () => forger.resign(0, forger.signer),
      ),
    ).toMatch(
      /^ledger: log 0: its checkpoint can't be trusted: it is signed by test\+\w+, which was in force from entry 0 of log 0 on, until it was retired in entry \d+, and so not/m,
    )
  })
  test('an open run was signed with a key that was revoked since; sealed runs are bound by log 0', async () => {
    const revoked = await problemsAfter(
      () => rotate('revoke'),
      () => forger.resign(0, next),
    )
    expect(revoked).toMatch(/^checkpoint: its checkpoint can't be trusted: .* until it was revoked in entry \d+/)
    expect(revoked.split('\n').length).toBe(1)
  })
  test('a run was signed with a key that came later', async () => {
    const problems = await problemsAfter(
      () => rotate('retire'),
      () => forger.resign(0, next),
      () => forger.resign(1, next),
    )
    expect(problems).toMatch(/^checkpoint: .* it is signed by next\+\w+, which was in force from entry \d+ of log 0 on/)
  })
  test('neither the old nor the new one need have signed', async () => {
    const by_other = () => forger.resign(0, next)
    expect(await problemsAfter(() => change('add', next, [next]), by_other)).toMatch(
      /^ledger: log 0: entry \d+: no Ed25519 key that was in force, and stays so, has signed it$/m,
    )
    expect(await problemsAfter(() => change('add', next, [forger.signer]), by_other)).toMatch(
      /^ledger: log 0: entry \d+: next\+.* is added, and hasn’t signed it$/m,
    )
    // Nobody takes away the last one, or what isn't there.
    expect(await problemsAfter(() => change('retire', forger.signer, [forger.signer]))).toMatch(
      /no Ed25519 key that was in force, and stays so/,
    )
    expect(await problemsAfter(() => change('retire', next, [forger.signer]))).toMatch(
      /is taken away, and isn’t in force/,
    )
  })
  test('a change of keys was signed for another place', async () => {
    const place = { ledger: `${forger.body(0, 0).ledger}`, index: 1, root: 'ab'.repeat(32) }
    const facts = { k: 'key', ...signedChange('add', [next.verifier_key], place, [forger.signer, next]), t: T0 * 2 }
    expect(
      await problemsAfter(
        () => append(facts as unknown as Body),
        () => forger.resign(0, next),
      ),
    ).toMatch(/^ledger: log 0: entry \d+: the signature of test\+\w+ is not one of it$/m)
  })
  test('one key that is trusted is enough, whichever it is', async () => {
    const tamper = () => {
      rotate('retire')
      forger.resign(0, next)
    }
    for (const trusted of [forger.signer, next])
      expect(await forger.problems(tamper, [parseVerifierKey(trusted.verifier_key)])).toEqual([])
    expect((await forger.problems(tamper, [parseVerifierKey(intruder.verifier_key)])).length).toBeGreaterThan(0)
  })
})
test('times that log 0 contradicts', async () => {
  const shifted = async (log: number, kind: string, by: number) => {
    const [{ seq } = {}] = forger.all(
      `SELECT seq FROM entries WHERE log = ? AND json_extract(body, '$.k') = ? ORDER BY seq`,
      ...[log, kind],
    )
    const problems = await forger.problems(() => {
      const body = forger.body(log, Number(seq))
      forger.put(log, Number(seq), { ...body, t: Number(body.t) + by })
      forger.rebuild(forger.signer)
    })
    return problems.join('\n')
  }
  expect(await shifted(1, 'open', -1)).toMatch(/^log 0: entry 0 tells of a time before the run was opened$/m)
  expect(await shifted(1, 'seal', 3_600_000_000)).toMatch(/^log 0: the seal tells of a time after that at which log 0/)
  expect(await shifted(0, 'opened', -3_600_000_000)).toMatch(
    /^ledger: log 0: entry 1: its time lies before that of the entry before it$/m,
  )
})
test('the ledger is older than what is remembered of it, or has another history', async () => {
  const { size: now, root } = forger.treeOf(0)
  const verify = (known: { size: number; root: string }) =>
    verifyLedger(forger.reader, {
      keys: [],
      remembered: { keys: [forger.signer.verifier_key], written: true, heads: [known] },
    })
  expect(await verify({ size: now, root })).toMatchObject({ ok: true })
  expect(await verify({ size: now, root })).not.toHaveProperty('rolled_back')
  expect(await verify({ size: now + 2, root })).toMatchObject({ ok: true, rolled_back: { seen: now + 2, now } })
  expect(problemTexts(await verify({ size: now, root: 'ab'.repeat(32) })).join()).toMatch(/this is another history/)
})
