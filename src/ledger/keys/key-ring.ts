/**
 * Which keys are in force in a ledger, by its log 0: the birth's, as changed by `key` entries.
 *
 * KEY-RING-1. A key is good for heads of log 0 that have its term: more entries than `from`, at most `until`. Of each type that is good, one
 *     must have signed.
 * KEY-RING-2. A run's head is good under an Ed25519 key that was in force where log 0 last spoke of the run: its `opened`, `taken_over` or
 *     `sealed`.
 * KEY-RING-3. A change counts only if of each type that is in force one has signed it that is so before and after it, or else a recovery
 *     key; and each key that it adds. So neither an old key alone nor a broken algorithm changes anything.
 * KEY-RING-4. A type that is in force stays so; a key that was revoked never comes back; a recovery key is never in force.
 */
import type { KeyChange, LedgerEntry } from '../../format/ledger-entry.ts'
import type { KeyType } from '../../format/signatures.ts'
import type { Signer } from '../../format/signing-key.ts'
import { birthText, checkStatement, keyChangeText } from '../../format/statement.ts'
import { KEY_TYPE_NAMES, NoteError, parseVerifierKey, type VerifierKey } from '../../format/verifier-key.ts'
import type { TakenKey } from './trust.ts'

interface Term {
  readonly key: VerifierKey
  /** seq of the entry that brought it in. */
  readonly from: number
  /** seq of the one that took it away; Infinity while it is in force. */
  until: number
  revoked: boolean
}

/** Where a `key` entry stands, without its content. */
export interface ChangePlace {
  readonly ledger: string
  readonly index: number
  /** Root of log 0 before it. */
  readonly root: string
}

export type Birth = Extract<LedgerEntry, { readonly k: 'birth' }>

export class KeyRing {
  readonly birth: readonly VerifierKey[]
  readonly recovery: readonly VerifierKey[]
  readonly #terms: Term[]

  /** @throws NoteError if the birth names something else than keys, or its keys haven't signed it. */
  constructor(born: Birth) {
    this.birth = distinctKeys(born.keys)
    this.recovery = distinctKeys(born.recovery ?? [])
    const wrong = problemOfBirth(born, this.birth, this.recovery)
    if (wrong !== null) throw new NoteError(wrong)
    this.#terms = this.birth.map(key => termOf(key, 0))
  }

  /** Keys that a head of log 0 with `size` entries may be signed with: one of each type must. */
  goodFor(size: number): VerifierKey[] {
    return this.#terms.filter(({ from, until }) => from < size && size <= until).map(({ key }) => key)
  }

  /** Those that are in force after all changes so far. */
  get in_force(): VerifierKey[] {
    return this.goodFor(Number.MAX_SAFE_INTEGER)
  }

  /**
   * Keys that a run's head may be signed with if log 0 last spoke of it in entry `seq`. `since`: for the head of a split, of which log 0 never
   * speaks, the entry that opened its run.
   */
  goodForRun(seq: number, sealed: boolean, since = seq): VerifierKey[] {
    return this.#terms
      .filter(({ from, until, revoked }) => from <= seq && since < until && (sealed || !revoked))
      .map(({ key }) => key)
      .filter(({ type }) => type === 'ed25519')
  }

  /** Those that aren't any more, in the order in which they came in. */
  get taken(): readonly TakenKey[] {
    return this.#terms
      .filter(({ until }) => until < Number.POSITIVE_INFINITY)
      .map(({ key, until, revoked }) => ({ key: key.text, index: until, revoked }))
  }

  wasRevoked(key: string): boolean {
    return this.#terms.some(each => each.revoked && each.key.text === key)
  }

  /** Takes a `key` entry in. Gives what is wrong with it; then nothing has changed. @throws NoteError if it names no keys. */
  take(entry: KeyChange, place: ChangePlace): string | null {
    const problem = this.problemOf(entry, place)
    if (problem !== null) return problem
    const { change, keys } = entry
    if (change === 'add') this.#terms.push(...keys.map(key => termOf(parseVerifierKey(key), place.index)))
    else
      for (const term of this.#terms)
        if (term.until === Number.POSITIVE_INFINITY && keys.includes(term.key.text)) {
          term.until = place.index
          term.revoked = change === 'revoke'
        }
    return null
  }

  /** What is wrong with a `key` entry; null if it may be taken in. @throws NoteError if it names no keys. */
  problemOf({ change, keys, signatures }: KeyChange, place: ChangePlace): string | null {
    const before = this.goodFor(place.index)
    const named = distinctKeys(keys)
    if (named.length === 0) return 'it changes no key'
    const added = change === 'add' ? named : []
    const text = keyChangeText({ ...place, change, keys })
    const statement = checkStatement(text, signatures, [...before, ...this.recovery, ...added])
    if (!statement.ok) return statement.message
    const stay = before.filter(key => change === 'add' || !isAmong(key, named))
    const lacking = [stay, this.recovery].map(of => lackingTypes(before, among(statement.signed_by, of)))
    if (lacking.every(each => each.length > 0)) return `${unsigned(lacking[0]!)}, nor a recovery key alone`
    return change === 'add' ? this.#wrongToAdd(named, statement.signed_by) : wrongToTake(named, before, stay)
  }

  #wrongToAdd(named: readonly VerifierKey[], signed_by: readonly VerifierKey[]): string | null {
    for (const key of named) {
      if (isAmong(key, this.in_force)) return `${nameOf(key)} is added, and is in force`
      if (isAmong(key, this.recovery)) return `${nameOf(key)} is added, and is a recovery key`
      if (this.wasRevoked(key.text)) return `${nameOf(key)} is added, and was revoked before`
      if (!isAmong(key, signed_by)) return `${nameOf(key)} is added, and hasn’t signed that`
    }
    return null
  }
}

function problemOfBirth(born: Birth, keys: readonly VerifierKey[], recovery: readonly VerifierKey[]): string | null {
  if (!keys.some(each => each.type === 'ed25519')) return 'the ledger was born without an Ed25519 key'
  if (recovery.some(each => isAmong(each, keys))) return 'a key of the birth is its recovery key, too'
  if (recovery.length > 0 && lackingTypes(keys, recovery).length > 0)
    return 'the recovery keys aren’t of all types that are in force'
  const statement = checkStatement(birthText(born), born.signatures, keys)
  if (!statement.ok) return statement.message
  const silent = keys.find(each => !isAmong(each, statement.signed_by))
  return silent === undefined ? null : `${nameOf(silent)} hasn’t signed the birth`
}

function wrongToTake(
  named: readonly VerifierKey[],
  before: readonly VerifierKey[],
  stay: readonly VerifierKey[],
): string | null {
  const absent = named.find(each => !isAmong(each, before))
  if (absent !== undefined) return `${nameOf(absent)} is taken away, and isn’t in force`
  const [last] = lackingTypes(before, stay)
  return last === undefined ? null : `no ${KEY_TYPE_NAMES[last]} key would be in force any more`
}

/** The types of `of` that none of `signed_by` has. */
export function lackingTypes(of: readonly VerifierKey[], signed_by: readonly VerifierKey[]): readonly KeyType[] {
  return [...new Set(of.map(each => each.type))].filter(type => !signed_by.some(each => each.type === type))
}

/** A sentence about types that have no signature. */
export function unsigned(types: readonly KeyType[]): string {
  return `no ${types.map(each => KEY_TYPE_NAMES[each]).join(' and no ')} key that is in force has signed it`
}

function termOf(key: VerifierKey, from: number): Term {
  return { key, from, until: Number.POSITIVE_INFINITY, revoked: false }
}

function distinctKeys(texts: readonly string[]): readonly VerifierKey[] {
  if (new Set(texts).size < texts.length) throw new NoteError('a key is named twice')
  return texts.map(parseVerifierKey)
}

function among(keys: readonly VerifierKey[], others: readonly VerifierKey[]): VerifierKey[] {
  return keys.filter(each => isAmong(each, others))
}

function isAmong(key: VerifierKey, keys: readonly VerifierKey[]): boolean {
  return keys.some(each => each.text === key.text)
}

function nameOf({ name, hash }: VerifierKey): string {
  return `${name}+${hash}`
}

/** What is wrong, also where keys can't be read. */
export function problemOf(look: () => string | null): string | null {
  try {
    return look()
  } catch (error) {
    if (error instanceof NoteError) return error.message
    throw error
  }
}

/** A birth with its signature by each of the signer's keys. */
export function signedBirth(facts: Omit<Birth, 'signatures' | 'keys'>, signer: Signer): Birth {
  const unsigned_birth = { ...facts, keys: signer.verifier_keys }
  return { ...unsigned_birth, signatures: signer.signStatement(birthText(unsigned_birth)) }
}

/** A change with its signatures. */
export function signedChange(
  change: KeyChange['change'],
  keys: readonly string[],
  place: ChangePlace,
  signers: readonly Signer[],
): KeyChange {
  const text = keyChangeText({ ...place, change, keys })
  return { change, keys, signatures: signers.flatMap(each => each.signStatement(text)) }
}
