/**
 * Which keys may have signed which heads, by log 0: the birth's, and what each change of keys makes of it. A key is good for heads
 * of log 0 that have more entries than the one that brought it in, and don't have the one that took it away; for a run's head, if
 * it is one of Ed25519 and was in force where log 0 last spoke of the run. Of each type that is good, one must have signed.
 */
import type { KeyChange, LedgerEntry } from '../../format/ledger-entry.ts'
import { birthText, checkStatement, keyChangeText } from '../../format/statement.ts'
import {
  KEY_TYPE_NAMES,
  KEY_TYPES,
  keyLabel,
  NoteError,
  parseVerifierKey,
  type VerifierKey,
} from '../../format/verifier-key.ts'
import { entryName } from './check.ts'

interface Use {
  readonly key: VerifierKey
  readonly added_at: number
  taken_at: number | null
  revoked: boolean
}

/** A key that was revoked, and the entry of log 0 that says so. */
export interface RevokedKey {
  readonly key: VerifierKey
  readonly index: number
}

/** As `--json` has it. */
export interface RevokedJson {
  /** `name+hash` */
  readonly key: string
  /** Of the ledger's own log. */
  readonly entry: number
}

export function revokedJson({ key: { name, hash }, index }: RevokedKey): RevokedJson {
  return { key: `${name}+${hash}`, entry: index }
}

/** Keys that a head can be checked with; `others` were in force at another time, and why they don't count is said. */
export interface HeadKeys {
  readonly good: readonly VerifierKey[]
  readonly others: ReadonlyArray<{ readonly key: VerifierKey; readonly why: string }>
}

type Birth = Extract<LedgerEntry, { readonly k: 'birth' }>

/** A statement that doesn't hold, in words. */
class Refused extends Error {}

export class KeysInForce {
  readonly #uses: Use[] = []
  #recovery: readonly VerifierKey[] = []
  /** By the name of their signer; null: whosever they are. */
  readonly #trusted: ReadonlyMap<string, readonly VerifierKey[]> | null

  /**
   * `trusted` are the verifier's keys: the ledger's count if one signer's are among the birth's, or signed that they were added;
   * one key of each type, if the verifier has several of that signer. 'any': they count whosever they are, for readers who say whose word
   * it is that they pass on.
   */
  constructor(trusted: readonly VerifierKey[] | 'any') {
    this.#trusted = trusted === 'any' ? null : Map.groupBy(trusted, each => each.name)
  }

  /** Gives what is wrong. */
  birth(born: Birth): string | null {
    return problemOf(() => {
      const keys = parsedKeys(born.keys)
      const recovery = parsedKeys(born.recovery ?? [])
      if (!keys.some(each => each.type === 'ed25519')) throw new Refused('it names no Ed25519 key')
      const signed_by = signersOf(birthText(born), born.signatures, keys)
      for (const { text } of keys) if (!signed_by.has(text)) throw new Refused(`${keyLabel(text)} hasn’t signed it`)
      for (const { text } of recovery)
        if (born.keys.includes(text)) throw new Refused(`${keyLabel(text)} is in force, and is its recovery key, too`)
      if (recovery.length > 0 && missing(keys, recovery).length > 0)
        throw new Refused('its recovery keys aren’t of all types that are in force')
      this.#recovery = recovery
      for (const key of keys) this.#add(key, 0)
    })
  }

  /** An entry `index` of log 0, whose root was `root` before it. Gives what is wrong; then nothing has changed. */
  change(ledger: string, index: number, root: string, { change, keys, signatures }: KeyChange): string | null {
    return problemOf(() => {
      const named = parsedKeys(keys)
      if (named.length === 0) throw new Refused('it changes no key')
      const is_added = change === 'add'
      const current = this.#uses.filter(each => each.taken_at === null)
      const in_force = current.map(each => each.key)
      const may_sign = [...in_force, ...this.#recovery, ...(is_added ? named : [])]
      const signed_by = signersOf(keyChangeText({ ledger, index, root, change, keys }), signatures, may_sign)
      const rest = is_added ? in_force : in_force.filter(({ text }) => !keys.includes(text))
      const has_signed = ({ text }: VerifierKey) => signed_by.has(text)
      const unsigned = missing(in_force, rest.filter(has_signed))
      if (unsigned.length > 0 && missing(in_force, this.#recovery.filter(has_signed)).length > 0)
        throw new Refused(`no ${unsigned.join(' and no ')} key that was in force, and stays so, has signed it`)
      if (is_added) {
        for (const key of named) this.#mayBeAdded(key, has_signed(key))
        for (const key of named) this.#add(key, index)
        return
      }
      const absent = named.find(({ text }) => !current.some(use => use.key.text === text))
      if (absent !== undefined) throw new Refused(`${keyLabel(absent.text)} is taken away, and isn’t in force`)
      const [last] = missing(in_force, rest)
      if (last !== undefined) throw new Refused(`it takes the last ${last} key away`)
      for (const use of current.filter(each => keys.includes(each.key.text))) {
        use.taken_at = index
        use.revoked = change === 'revoke'
      }
    })
  }

  #mayBeAdded({ text }: VerifierKey, has_signed: boolean): void {
    const uses = this.#uses.filter(each => each.key.text === text)
    if (uses.some(each => each.taken_at === null)) throw new Refused(`${keyLabel(text)} is added, and is in force`)
    if (uses.some(each => each.revoked)) throw new Refused(`${keyLabel(text)} is added, and was revoked`)
    if (this.#recovery.some(each => each.text === text))
      throw new Refused(`${keyLabel(text)} is added, and is a recovery key`)
    if (!has_signed) throw new Refused(`${keyLabel(text)} is added, and hasn’t signed it`)
  }

  /** For a head of log 0 with so many entries. */
  ofLogZero(size: number): HeadKeys {
    return this.#split(({ added_at, taken_at }) => added_at < size && (taken_at === null || size <= taken_at))
  }

  /** For the head of a run that log 0 spoke of last in entry `seq`; `since`: of one of its splits, where it was opened. */
  ofRun(seq: number, sealed: boolean, since = seq): HeadKeys {
    return this.#split(
      ({ key, added_at, taken_at, revoked }) =>
        key.type === 'ed25519' && added_at <= seq && (taken_at === null || since < taken_at) && (sealed || !revoked),
    )
  }

  #split(isGood: (use: Use) => boolean): HeadKeys {
    // Without anybody's word that the first keys are the right ones no key is.
    if (!this.#isTrusted()) return { good: [], others: [] }
    const good = this.#uses.filter(isGood).map(each => each.key)
    const others = this.#uses
      .filter(use => !isGood(use) && !good.some(key => key.text === use.key.text))
      .map(({ key, added_at, taken_at, revoked }) => ({
        key,
        why: `${key.name}+${key.hash}, which was in force from ${entryName(added_at)} of log 0 on${
          taken_at === null ? '' : `, until it was ${revoked ? 'revoked' : 'retired'} in ${entryName(taken_at)}`
        }`,
      }))
    return { good, others }
  }

  #isTrusted(): boolean {
    return this.#trusted === null || this.#isTrustedBy(this.#trusted)
  }

  /** Whether somebody who trusts these keys can trust those that are on record. */
  isTrustedBy(keys: readonly VerifierKey[]): boolean {
    return this.#isTrustedBy(Map.groupBy(keys, each => each.name))
  }

  #isTrustedBy(trusted: ReadonlyMap<string, readonly VerifierKey[]>): boolean {
    return believedOf(trusted, new Set(this.#uses.map(each => each.key.text))).length > 0
  }

  /** Those that are or were in force, and recovery keys. */
  get all(): readonly VerifierKey[] {
    return [...this.#uses.map(each => each.key), ...this.#recovery]
  }

  /** Verifier keys that were in force, and aren't any more, and by which entry. */
  get taken(): ReadonlyArray<{ readonly key: string; readonly index: number; readonly revoked: boolean }> {
    return this.#uses.flatMap(({ key, taken_at, revoked }) =>
      taken_at === null ? [] : [{ key: key.text, index: taken_at, revoked }],
    )
  }

  get revoked(): readonly RevokedKey[] {
    return this.#uses.flatMap(({ key, taken_at, revoked }) => (revoked ? [{ key, index: taken_at ?? 0 }] : []))
  }

  /** The keys on which alone it rests that somebody who trusts `keys` trusts those on record, if all were revoked; `also` were so by other knowledge. */
  restsOn(keys: readonly VerifierKey[], also: readonly RevokedKey[] = []): readonly RevokedKey[] {
    const all = this.#uses.map(each => each.key.text)
    return restingOn(keys, all, [...this.revoked, ...also])
  }

  /** The same for the verifier, whose keys these are. */
  get resting(): readonly RevokedKey[] {
    return this.#trusted === null ? [] : this.restsOn([...this.#trusted.values()].flat())
  }

  #add(key: VerifierKey, added_at: number): void {
    this.#uses.push({ key, added_at, taken_at: null, revoked: false })
  }
}

/** Of each signer whom somebody trusts, and who is believed to sign, the keys that do. `signers`: texts of keys. */
function believedOf(
  trusted: ReadonlyMap<string, readonly VerifierKey[]>,
  signers: ReadonlySet<string>,
): ReadonlyArray<readonly VerifierKey[]> {
  return [...trusted.values()]
    .map(keys => ({ keys, signing: keys.filter(({ text }) => signers.has(text)) }))
    .filter(({ keys, signing }) => signing.length > 0 && missing(keys, signing).length === 0)
    .map(each => each.signing)
}

/**
 * Keys that were revoked, if nobody is believed but by them: whoever had stolen them could have begun another history before that. None as soon as a
 * signer who is believed has a key that wasn't.
 * @param signers texts of all keys that ever were in force
 */
export function restingOn(
  trusted: readonly VerifierKey[],
  signers: readonly string[],
  revoked: readonly RevokedKey[],
): readonly RevokedKey[] {
  const believed = believedOf(
    Map.groupBy(trusted, each => each.name),
    new Set(signers),
  )
  const found = believed.map(keys => keys.flatMap(({ text }) => revoked.find(each => each.key.text === text) ?? []))
  return found.every((each, i) => each.length === believed[i]?.length) ? distinct(found.flat()) : []
}

function distinct(keys: readonly RevokedKey[]): readonly RevokedKey[] {
  return [...new Map(keys.map(each => [each.key.text, each])).values()]
}

/** The types, as people call them, that `of` has and `those` haven't. */
export function missing(of: readonly VerifierKey[], those: readonly VerifierKey[]): readonly string[] {
  const has = (keys: readonly VerifierKey[], type: string) => keys.some(each => each.type === type)
  return KEY_TYPES.filter(type => has(of, type) && !has(those, type)).map(type => KEY_TYPE_NAMES[type])
}

function parsedKeys(texts: readonly string[]): readonly VerifierKey[] {
  const keys = new Map(texts.map(text => [text, parseVerifierKey(text)]))
  if (keys.size < texts.length) throw new Refused('it names a key twice')
  return [...keys.values()]
}

/** Texts of those who have signed. */
function signersOf(text: string, signatures: readonly string[], keys: readonly VerifierKey[]): ReadonlySet<string> {
  const checked = checkStatement(text, signatures, keys)
  if (!checked.ok) throw new Refused(checked.message)
  return new Set(checked.signed_by.map(each => each.text))
}

function problemOf(work: () => void): string | null {
  try {
    work()
    return null
  } catch (error) {
    if (error instanceof NoteError || error instanceof Refused) return error.message
    throw error
  }
}
