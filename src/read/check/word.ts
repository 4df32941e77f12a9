/**
 * Whose word a proof or a record is, and by when it existed: the ledger's keys, witnesses and timestamp authorities, as far as the reader trusts
 * them (docs/proof-format.md).
 *
 * WORD-1. Whom to trust is never taken from the file.
 * WORD-2. A policy that is demanded counts as a whole: where it isn't met nothing is anybody's word, the ledger's keys' neither.
 * WORD-3. Each cosignature and each timestamp is a claim of its own, so that with one of them taken away the others say the same as before.
 */
import { fromBase64 } from '../../format/base64.ts'
import { type Checkpoint, checkpointIn } from '../../format/checkpoint.ts'
import { headNote } from '../../format/head-note.ts'
import { openNote, readNote } from '../../format/note.ts'
import {
  isAbout,
  isReached,
  ownWitness,
  ownWitnessText,
  type Policy,
  type PolicyWitness,
  type Quorum,
  witnessedBy,
} from '../../format/policy.ts'
import { type CheckedTimestamp, checkTimestamp, isByTrusted, LAST_SECOND } from '../../format/timestamp-check.ts'
import { utf8, type VerifierKey } from '../../format/verifier-key.ts'
import { counted } from '../../model/number-text.ts'
import type { Check, Report } from '../verify/check.ts'
import { missing, type RevokedKey, revokedJson } from '../verify/keys.ts'
import { otherHistory, restingKeys, restingText } from './revoked.ts'
import { type AsOf, type SignedHead, type Trusting, timeText } from './trusting.ts'

export interface CheckOptions extends Trusting {
  /** A head that the reader has, and that the ledger's own log is to extend. */
  readonly since?: Checkpoint | null
}

export interface Claim {
  readonly what: string
  /** Whose word it is: keys of the ledger, as `name+hash`; a witness; a timestamp authority. */
  readonly by: string
}

export type TrustKind = 'key' | 'policy' | 'none'

export interface Word {
  /** Keys in force that have signed the head, each as `name+hash`. */
  readonly signed_by: readonly string[]
  readonly trust: TrustKind
  /** null as well without trust. */
  readonly as_of: AsOf | null
  /** Revoked keys on which alone its trust rests; none without trust. */
  readonly rests_on: readonly RevokedKey[]
  /** What witnesses and authorities say; none without trust. */
  readonly claims: readonly Claim[]
  /** What isn't proven of trust and times, in sentences. */
  readonly open: readonly string[]
  /** Whether there is a policy that says which witnesses are known. */
  readonly knows_witnesses: boolean
}

export interface WordChecks {
  readonly signatures: Check
  readonly witnesses: Check
  readonly trust: Check
  readonly timestamps: Check
}

/**
 * @param tokens timestamps of it, in base64
 * @returns null if the keys in force haven't signed it; then nothing can be built on it.
 */
export function checkWord(
  head: SignedHead,
  tokens: readonly string[],
  trusting: Trusting,
  checks: WordChecks,
): Word | null {
  const signers = signersOf(head.note, head.good, checks.signatures)
  if (signers.length === 0) return null
  const { policy: demanded = null, known = null, authorities = [] } = trusting
  const policy = demanded ?? (known !== null && isAbout(known, signers) ? known : null)
  const cosigned = policy === null ? [] : cosignersOf(head, policy, checks.witnesses)
  const dated = timestampsOf(head, tokens, checks.timestamps)
  const other_history = otherHistory(head, trusting)
  const lacking = [
    ...lackingIn({ ...trusting, demanded }, head, signers, cosigned, checks.witnesses.ok),
    ...(other_history === null ? [] : [other_history]),
  ]
  for (const each of lacking) checks.trust.add(each)
  const signed_by = [...new Set(signers.map(({ name, hash }) => `${name}+${hash}`))]
  const trust = lacking.length > 0 ? 'none' : demanded === null ? 'key' : 'policy'
  const known_of = { signed_by, trust, knows_witnesses: policy !== null } as const
  if (trust === 'none')
    return { ...known_of, as_of: null, rests_on: [], claims: [], open: [untrusted(demanded, other_history !== null)] }
  const { size } = checkpointIn(head.note)
  const believed = dated.filter(each => isByTrusted(each, authorities))
  const as_of = earliest([quorumTime(policy, cosigned), ...believed.map(asOfTimestamp)])
  const rests_on = restingKeys(head, signers, trusting)
  return {
    ...{ ...known_of, as_of, rests_on },
    claims: [...cosigned.map(each => cosignerClaim(each, size)), ...believed.map(each => timestampClaim(each, size))],
    open: [
      ...(rests_on.length === 0 ? [] : [restingText(rests_on, as_of)]),
      ...untimed(as_of),
      ...dated.filter(each => !believed.includes(each)).map(untrustedTimestamp),
      ...unknownSigners(head, policy),
      ...forgeable(signers, as_of, policy, cosigned),
    ],
  }
}

/** Those of the checks that there is something to be looked at for, in their order; where nothing can be built on the head all are left. */
export function wordChecks(
  { signatures, witnesses, trust, timestamps }: WordChecks,
  word: Word | null,
  tokens: readonly string[],
  { policy = null }: Trusting,
): readonly Check[] {
  if (word === null) for (const each of [signatures, witnesses, trust, timestamps]) each.leave()
  const knows_witnesses = word?.knows_witnesses ?? policy !== null
  return [signatures, ...(knows_witnesses ? [witnesses] : []), trust, ...(tokens.length > 0 ? [timestamps] : [])]
}

/** What `check --json` says of it. `dates`: whether by when it existed is said, too. */
export function wordJson(word: Word | null, dates: boolean) {
  const as_of = dates ? (word?.as_of ?? null) : null
  const rests_on = word?.rests_on ?? []
  return {
    trust: word?.trust ?? 'none',
    ...(as_of === null ? {} : { as_of: timeText(as_of.at_ms), as_of_by: as_of.by }),
    ...(rests_on.length === 0 ? {} : { rests_on: rests_on.map(revokedJson) }),
  } as const
}

/** Nothing can be built on the head. */
export const NOBODYS =
  'any of it: it isn’t signed as a ledger’s head must be, so whoever made it can have made all of it up'

/** Nobody if the signatures of the keys in force aren't all there, and good. */
function signersOf(note: string, good: readonly VerifierKey[], check: Report): readonly VerifierKey[] {
  const opened = openNote(note, good)
  if (!opened.ok) {
    check.add(`the checkpoint doesn’t hold: ${opened.message}`)
    return []
  }
  const lacking = missing(good, opened.signed_by)
  if (lacking.length === 0) return opened.signed_by
  check.add(`the checkpoint doesn’t hold: no ${lacking.join(' and no ')} key that is in force has signed it`)
  return []
}

interface Cosigner {
  readonly witness: PolicyWitness
  /** Milliseconds since the Unix epoch; null: it doesn't say when. */
  readonly at_ms: number | null
}

/** None if one of them is wrong, or the ledger is among those who are to witness it. */
function cosignersOf({ note, keys }: SignedHead, policy: Policy, check: Report): readonly Cosigner[] {
  const own = ownWitness(policy, keys.all)
  if (own !== null) {
    check.add(ownWitnessText(own))
    return []
  }
  const { by, problem } = witnessedBy(policy, note)
  if (problem !== null) check.add(problem)
  return by.map(({ witness, timestamp }) => ({
    witness,
    at_ms: timestamp === 0 || timestamp > LAST_SECOND ? null : timestamp * 1000,
  }))
}

type Dated = Extract<CheckedTimestamp, { readonly ok: true }>

/** None if one of them is wrong. */
function timestampsOf({ note, good }: SignedHead, tokens: readonly string[], check: Check): readonly Dated[] {
  const own = utf8(headNote(note, good) ?? '')
  const found: Dated[] = []
  for (const [i, token] of tokens.entries()) {
    const checked = checkTimestamp(fromBase64(token) ?? new Uint8Array(), own)
    if (checked.ok) found.push(checked)
    else check.add(`${tokens.length === 1 ? 'its timestamp' : `timestamp ${i + 1}`} doesn’t hold: ${checked.message}`)
  }
  return check.ok ? found : []
}

const NO_KEY = ', and you trust no such key'

/** Whether that is all that a problem of `trust` says. */
export function isNoKey(problem: string): boolean {
  return problem.endsWith(NO_KEY)
}

interface Demands extends Trusting {
  readonly demanded: Policy | null
}

/** What is lacking for the reader's trust, in sentences. */
function lackingIn(
  { trusted, demanded }: Demands,
  head: SignedHead,
  signers: readonly VerifierKey[],
  cosigned: readonly Cosigner[],
  witnesses_hold: boolean,
): readonly string[] {
  const names = [...new Set(signers.map(({ name, hash }) => `${name}+${hash}`))].join(' and ')
  const lacking: string[] = []
  const must_have_keys = trusted !== null || (demanded?.logs.length ?? 0) === 0
  if (must_have_keys && !head.keys.isTrustedBy(trusted ?? [])) lacking.push(`it is signed by ${names}${NO_KEY}`)
  if (demanded === null) return lacking
  if (!isAbout(demanded, signers)) lacking.push(`it is signed by ${names}, and the policy names another log`)
  const witnesses = new Set(cosigned.map(each => each.witness))
  if (!witnesses_hold) lacking.push('a witness of the policy, or a cosignature by one, is a wrong one')
  else if (!isReached(demanded.quorum, witnesses))
    lacking.push(
      `the policy demands ${quorumText(demanded.quorum)}, and ${witnesses.size === 0 ? 'none of its witnesses has' : `of its witnesses only ${[...witnesses].map(each => each.name).join(' and ')} ${witnesses.size === 1 ? 'has' : 'have'}`} cosigned the head`,
    )
  return lacking
}

/** `2 of (acme, regulator)` */
function quorumText(quorum: Quorum): string {
  switch (quorum.kind) {
    case 'none':
      return 'nobody'
    case 'witness':
      return quorum.witness.name
    case 'group':
      return `${quorum.threshold} of (${quorum.members.map(quorumText).join(', ')})`
  }
}

function untrusted(demanded: Policy | null, is_other_history: boolean): string {
  if (is_other_history)
    return 'any of it: it isn’t the history that you saw, so whoever had a key that was revoked there can have made all of it up'
  return demanded === null
    ? 'any of it: no key that you trust has signed it, so whoever made it can have made all of it up'
    : 'any of it: what you demand of its head isn’t there, so whoever made it can have made all of it up'
}

/** When as many as the policy demands had cosigned, beside `others`; of nobody demanded, one. */
function quorumTime(
  policy: Policy | null,
  cosigned: readonly Cosigner[],
  others: ReadonlySet<PolicyWitness> = new Set(),
): AsOf | null {
  if (policy === null) return null
  const timed = cosigned.flatMap(({ witness, at_ms }) => (at_ms === null ? [] : [{ witness, at_ms }]))
  timed.sort((a, b) => a.at_ms - b.at_ms)
  for (const { at_ms } of timed) {
    const witnesses = new Set(timed.filter(each => each.at_ms <= at_ms).map(each => each.witness))
    if (isReached(policy.quorum, witnesses.union(others))) return { at_ms, by: [...witnesses].map(witnessText) }
  }
  return null
}

/**
 * What of that is there even for whoever can make up all but ML-DSA-44: as many as are demanded have such keys, or it takes some of them whoever else
 * has signed.
 */
function lastingTime(policy: Policy, cosigned: readonly Cosigner[]): number | null {
  const isLasting = ({ key }: PolicyWitness) => key.cosigns === 'ml-dsa-44'
  const lasting = cosigned.filter(({ witness }) => isLasting(witness))
  const others = new Set(policy.witnesses.filter(each => !isLasting(each)))
  const alone = quorumTime(policy, lasting)?.at_ms ?? null
  const needed = isReached(policy.quorum, others) ? null : (quorumTime(policy, lasting, others)?.at_ms ?? null)
  return alone === null || needed === null ? (alone ?? needed) : Math.min(alone, needed)
}

function asOfTimestamp({ by_ms, by }: Dated): AsOf {
  return { at_ms: by_ms, by: [authorityText(by)] }
}

/** All who say so. */
function earliest(found: ReadonlyArray<AsOf | null>): AsOf | null {
  let first: AsOf | null = null
  for (const each of found) {
    if (each === null || (first !== null && each.at_ms > first.at_ms)) continue
    const others: readonly string[] = first?.at_ms === each.at_ms ? first.by : []
    first = { at_ms: each.at_ms, by: [...new Set([...others, ...each.by])] }
  }
  return first
}

function witnessText({ name, key }: PolicyWitness): string {
  return `witness ${name} (${key.name}+${key.hash})`
}

function authorityText(by: string): string {
  return `timestamp authority ${by}`
}

function cosignerClaim({ witness, at_ms }: Cosigner, size: number): Claim {
  const head = `the head of ${counted(size, 'entry', 'entries')}`
  const what =
    at_ms === null
      ? `${head} extends all heads of this log that the witness had seen`
      : `${head} existed by ${timeText(at_ms)}, and extended all heads of this log that the witness had seen`
  return { what, by: witnessText(witness) }
}

function timestampClaim({ by_ms, by }: Dated, size: number): Claim {
  const what = `the head of ${counted(size, 'entry', 'entries')} existed by ${timeText(by_ms)}, when its hash was dated`
  return { what, by: authorityText(by) }
}

function untimed(as_of: AsOf | null): readonly string[] {
  return as_of === null
    ? [
        'by when this existed: no witness and no timestamp authority that you trust says so; recorded times are what the machine’s clock said',
      ]
    : [
        `when anything of it happened: recorded times are what the machine’s clock said, and others say only that all of it existed by ${timeText(as_of.at_ms)}`,
      ]
}

function untrustedTimestamp({ by, by_ms }: Dated): string {
  return `that it existed by ${timeText(by_ms)}, as a timestamp by ${by} says: you have no certificate that shows whose word that is`
}

/** Lines of the checkpoint that nothing is known of. */
function unknownSigners({ note, good }: SignedHead, policy: Policy | null): readonly string[] {
  const read = readNote(note)
  const keys = [...good, ...(policy?.witnesses.map(each => each.key) ?? [])]
  const unknown = (read.ok ? read.signatures : []).flatMap(({ name, hash }) =>
    keys.some(key => key.name === name && key.hash === hash) ? [] : [`${name}+${hash}`],
  )
  if (unknown.length === 0) return []
  return [`that ${[...new Set(unknown)].join(' and ')} has signed the head, as it says: you have no such key`]
}

/** What doesn't outlive quantum computers. */
function forgeable(
  signers: readonly VerifierKey[],
  as_of: AsOf | null,
  policy: Policy | null,
  cosigned: readonly Cosigner[],
): readonly string[] {
  const open: string[] = []
  if (!signers.some(each => each.type === 'ml-dsa-44'))
    open.push('any of it, once somebody has a large quantum computer: the ledger’s keys are Ed25519 alone')
  if (as_of === null) return open
  const lasts = policy === null ? null : lastingTime(policy, cosigned)
  if (lasts === null)
    open.push(
      `that it existed by ${timeText(as_of.at_ms)}, once somebody has a large quantum computer: that is signed with Ed25519, RSA or elliptic curves alone`,
    )
  else if (lasts > as_of.at_ms)
    open.push(
      `that it existed before ${timeText(lasts)}, once somebody has a large quantum computer: what is older is signed with Ed25519, RSA or elliptic curves alone`,
    )
  return open
}
