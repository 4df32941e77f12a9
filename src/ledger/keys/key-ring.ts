/**
 * Which keys are in force in a ledger, by its log 0: the birth's, as changed by `key` entries.
 *
 * KEY-RING-1. A key is good for heads of log 0 that have its term: more entries than `from`, at most `until`.
 * KEY-RING-2. A run's head is good under a key that was in force where log 0 last spoke of the run: its `opened`, `taken_over` or `sealed`.
 * KEY-RING-3. A change counts only with the signatures of one that is in force before and after it, and of each key that it adds.
 */
import type { KeyChange } from '../../format/ledger-entry.ts'
import {
  keyChangeText,
  noteOf,
  openNote,
  parseVerifierKey,
  type Signer,
  signatureOf,
  type VerifierKey,
} from '../../format/note.ts'

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
  readonly t: number
}

export class KeyRing {
  readonly birth: VerifierKey
  readonly #terms: Term[]

  /** @throws NoteError if `birth` is no verifier key. */
  constructor(birth: string) {
    this.birth = parseVerifierKey(birth)
    this.#terms = [{ key: this.birth, from: 0, until: Number.POSITIVE_INFINITY, revoked: false }]
  }

  /** Keys that a head of log 0 with `size` entries may be signed with. */
  goodFor(size: number): VerifierKey[] {
    return this.#terms.filter(({ from, until }) => from < size && size <= until).map(({ key }) => key)
  }

  /** Keys that a run's head may be signed with if log 0 last spoke of it in entry `seq`. */
  goodForRun(seq: number, sealed: boolean): VerifierKey[] {
    return this.#terms
      .filter(({ from, until, revoked }) => from <= seq && seq < until && (sealed || !revoked))
      .map(({ key }) => key)
  }

  /** All that ever were in force. */
  get all(): readonly VerifierKey[] {
    return this.#terms.map(({ key }) => key)
  }

  /** Takes a `key` entry in. Gives what is wrong with it; then nothing has changed. */
  take({ change, keys, signatures }: KeyChange, { ledger, index, root, t }: ChangePlace): string | null {
    const before = this.goodFor(index)
    const named = keys.map(parseVerifierKey)
    const text = keyChangeText({ ledger, index, root, change, keys, t })
    const signed = (key: VerifierKey) => openNote(noteOf(text, signatures), [key]).ok
    const stay = change === 'add' ? before : before.filter(key => !named.some(each => each.text === key.text))
    if (!stay.some(signed)) return 'no key that is in force has signed the change of keys'
    if (change === 'add') {
      if (!named.every(signed)) return 'a key is added that hasn’t signed the change'
      for (const key of named) this.#terms.push({ key, from: index, until: Number.POSITIVE_INFINITY, revoked: false })
      return null
    }
    for (const { text: gone } of named) {
      const term = this.#terms.find(each => each.key.text === gone && each.until === Number.POSITIVE_INFINITY)
      if (term === undefined) return `${gone} is taken away, and isn’t in force`
      term.until = index
      term.revoked = change === 'revoke'
    }
    return null
  }
}

/** A change with its signatures. */
export function signedChange(
  change: KeyChange['change'],
  keys: readonly string[],
  place: ChangePlace,
  signers: readonly Signer[],
): KeyChange {
  const text = keyChangeText({ ...place, change, keys })
  return { change, keys, signatures: signers.map(each => signatureOf(each.sign(text))) }
}
