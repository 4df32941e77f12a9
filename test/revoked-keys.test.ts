/** A key was revoked: what checkers say of heads above that entry and below it, by what they know of it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toBase64 } from '../src/format/base64.ts'
import { parseCertificate } from '../src/format/certificate.ts'
import { checkpointIn, checkpointText } from '../src/format/checkpoint.ts'
import { makeCosigner } from '../src/format/cosigning-key.ts'
import { headNote } from '../src/format/head-note.ts'
import { parsePolicy } from '../src/format/policy.ts'
import { proofText } from '../src/format/proof.ts'
import { makeSigner } from '../src/format/signing-key.ts'
import { parseVerifierKey, utf8 } from '../src/format/verifier-key.ts'
import { openLedger, openWitnessing } from '../src/ledger/open.ts'
import { type CheckedProof, checkProof } from '../src/read/check/check-proof.ts'
import type { CheckOptions } from '../src/read/check/word.ts'
import { proveRow } from '../src/read/prove/prove.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { party, token } from './support/authority.ts'
import { Forger } from './support/forger.ts'
import { testPorts } from './support/ledger.ts'
import { headOf, madeProof } from './support/made-evidence.ts'
import { provenRun } from './support/proven-run.ts'
import { RICH, runModel, simulatedRun } from './support/simulated-ledger.ts'

const heir = makeSigner('heir', new Uint8Array(32).fill(8))
const HEIR = heir.verifier_keys.map(parseVerifierKey)
const tsa = party('TSA')
/** Before and after `test` was revoked, by `heir`, in entry 4. */
let [below, above] = [] as Forger[] as [Forger, Forger]
beforeAll(async () => {
  below = await Forger.of(url => runModel(url, RICH, 1))
  above = await Forger.of(async url => {
    await runModel(url, RICH, 1)
    const { signer } = testPorts()
    const ledger = await openLedger(url, testPorts('revoking'), { create: false, changes_keys: true })
    await ledger.changeKeys('add', heir.verifier_keys, [signer, heir])
    await ledger.changeKeys('revoke', signer.verifier_keys, [heir])
    await ledger.close()
  })
})
afterAll(() => {
  for (const each of [below, above]) each.close()
})

const REVOKED_AT = 4
const stolen = () => below.keys
const revokedIn = () => stolen().map(key => ({ key, index: REVOKED_AT }))
const check = (from: Forger, options: Partial<CheckOptions> = {}) =>
  checkProof(madeProof(from, 1, 1), { trusted: stolen(), ...options })
const entries = ({ rests_on }: Pick<CheckedProof, 'rests_on'>) => rests_on?.map(each => each.entry)
const wrong = ({ checks }: CheckedProof) =>
  checks.flatMap(({ name, problems }) => problems.map(each => `${name}: ${each}`))

test('above: nothing holds by the revoked key, and who trusts it alone hears that all rests on it', async () => {
  const forged = above.copy()
  forged.change(() => void forged.resign(0, forged.signer))
  expect(wrong(await check(forged))).toEqual([
    expect.stringMatching(
      /^signatures: the checkpoint doesn’t hold: it is signed by test\+\w+, and that is none of the trusted keys$/,
    ),
  ])
  expect((await verifyLedger(forged.reader, { keys: stolen() })).ok).toBe(false)
  forged.close()
  const [by_stolen, by_heir, by_both] = await Promise.all([
    check(above),
    check(above, { trusted: HEIR }),
    check(above, { trusted: [...stolen(), ...HEIR] }),
  ])
  expect([by_stolen, by_heir, by_both].map(each => [each.ok, entries(each)])).toEqual([
    ...[
      [true, [REVOKED_AT]],
      [true, undefined],
      [true, undefined],
    ],
  ])
  expect(by_stolen.proven).toEqual(by_heir.proven)
  expect(by_stolen.not_proven[0]).toMatch(
    /rests on test\+\w+ alone, which was revoked in entry 4 .* only a later head, or a cosig/,
  )
  expect(entries(await verifyLedger(above.reader, { keys: stolen() }))).toEqual([REVOKED_AT])
  expect(await verifyLedger(above.reader, { keys: HEIR })).not.toHaveProperty('rests_on')
})

test('below: only who knows of the revocation from elsewhere hears it; what is proven is the same', async () => {
  const [unknowing, knowing] = [await check(below), await check(below, { revokedIn })]
  expect([unknowing.ok, unknowing.rests_on, knowing.ok, entries(knowing)]).toEqual([
    true,
    undefined,
    true,
    [REVOKED_AT],
  ])
  expect(knowing.proven).toEqual(unknowing.proven)
  expect(knowing.not_proven.slice(1)).toEqual(unknowing.not_proven)
  // So it is by a policy that names the key.
  const policy = parsePolicy(utf8(`log ${below.signer.verifier_key}\nquorum none\n`))
  expect(entries(await check(below, { trusted: null, policy, revokedIn }))).toEqual([REVOKED_AT])
  expect(await check(below, { trusted: null, policy })).not.toHaveProperty('rests_on')
})

test('a timestamp narrows it to thefts before that', async () => {
  const proof = JSON.parse(madeProof(below, 1, 1))
  const own = utf8(headNote(headOf(below), stolen()) ?? '')
  const stamp = toBase64(token(tsa, own, { time: '20270115081000Z' }))
  const dated = proofText({ ...proof, timestamps: [stamp] })
  const options = { trusted: stolen(), authorities: [parseCertificate(tsa.certificate)], revokedIn }
  const { as_of, not_proven } = await checkProof(dated, options)
  expect([as_of, not_proven[0]]).toEqual([
    '2027-01-15T08:10:00.000Z',
    expect.stringMatching(/that all of it existed by 2027-01-15T08:10:00.000Z excludes that, if the theft was later$/),
  ])
})

test('a history that goes on without the entry that revoked a key is another one, to whoever knows that', async () => {
  const forged = await Forger.of(async url => {
    await runModel(url, RICH, 1)
    await runModel(url, RICH, 2)
  })
  expect(await check(forged)).toMatchObject({ ok: true, trust: 'key' })
  const known = await check(forged, { revokedIn })
  expect([known.ok, known.trust, known.proven, wrong(known)]).toEqual([
    ...[false, 'none', []],
    [
      expect.stringMatching(
        /^trust: as you saw this ledger, entry 4 of its own log revoked test\+\w+; .* it is another history$/,
      ),
    ],
  ])
  expect(known.not_proven[0]).toMatch(/it isn’t the history that you saw/)
  expect(await check(above, { revokedIn })).toMatchObject({ ok: true, trust: 'key' })
  forged.close()
})

test('no evidence is handed over that lacks the revocation, whoever has cosigned a head before', async () => {
  const witnessed = async (from: Forger) => {
    const copy = from.copy()
    const note = headOf(below)
    const head = checkpointIn(note)
    const lines = makeCosigner('w.example', { ed25519: new Uint8Array(32).fill(1) })
      .cosign(checkpointText(head), head, 1_800_000_000)
      .map(each => `— ${each}\n`)
    const ledger = await openWitnessing(copy.url)
    await ledger.keepWitnessed({ size: head.size, note: `${note}${lines.join('')}` })
    await ledger.close()
    const run = await provenRun(copy.reader, { log: 1, run: simulatedRun(1) })
    const made = await proveRow(copy.reader, run, 1, { withhold: [], only_exact: false, include_shared: false })
    copy.close()
    return [made.head.size, made.head.cosigners]
  }
  expect(await witnessed(below)).toEqual([3, 1])
  expect(await witnessed(above)).toEqual([5, 0])
})
