/**
 * Which keys may have signed which heads, by log 0: the birth's, and what each change of keys makes of it. A key is good for heads
 * of log 0 that have more entries than the one that brought it in, and don't have the one that took it away; for a run's head, if
 * it was in force where log 0 last spoke of the run.
 */
import type { KeyChange } from '../../format/ledger-entry.ts'
import { keyChangeText, NoteError, noteOf, openNote, parseVerifierKey, type VerifierKey } from '../../format/note.ts'
import { entryName } from './check.ts'

interface Use {
  readonly key: VerifierKey
  readonly added_at: number
  taken_at: number | null
  revoked: boolean
}

/** Keys that a head can be checked with; `others` were in force at another time, and why they don't count is said. */
export interface HeadKeys {
  readonly good: readonly VerifierKey[]
  readonly others: ReadonlyArray<{ readonly key: VerifierKey; readonly why: string }>
}

export class KeysInForce {
  readonly #uses: Use[] = []
  readonly #trusted: ReadonlySet<string>
  #is_trusted: boolean

  /**
   * `trusted` are the verifier's keys: the ledger's count if one of them is the birth's, or signed that it was added. 'any': they
   * count whosever they are, for readers who say whose word it is that they pass on.
   */
  constructor(trusted: readonly string[] | 'any') {
    this.#trusted = new Set(trusted === 'any' ? [] : trusted)
    this.#is_trusted = trusted === 'any'
  }

  /** Gives what is wrong. */
  birth(key: string): string | null {
    return problemOf(() => this.#add(parseVerifierKey(key), 0))
  }

  /** An entry `index` of log 0, whose root was `root` before it. Gives what is wrong; then nothing has changed. */
  change(ledger: string, index: number, root: string, facts: KeyChange & { readonly t: number }): string | null {
    return problemOf(() => {
      const { change, keys, signatures, t } = facts
      if (keys.length === 0) return 'it changes no key'
      const named = keys.map(parseVerifierKey)
      const note = noteOf(keyChangeText({ ledger, index, root, change, keys, t }), signatures)
      const has_signed = (key: VerifierKey) => openNote(note, [key]).ok
      const leaves = (use: Use) => change !== 'add' && keys.includes(use.key.text)
      if (!this.#uses.some(use => use.taken_at === null && !leaves(use) && has_signed(use.key)))
        return 'no key that was in force, and stays so, has signed it'
      if (change === 'add') {
        const silent = named.find(key => !has_signed(key))
        if (silent !== undefined) return `${silent.text} is added, and hasn’t signed it`
        for (const key of named) this.#add(key, index)
        return null
      }
      for (const key of keys) {
        const use = this.#uses.find(each => each.key.text === key && each.taken_at === null)
        if (use === undefined) return `${key} is taken away, and isn’t in force`
        use.taken_at = index
        use.revoked = change === 'revoke'
      }
      return null
    })
  }

  /** For a head of log 0 with so many entries. */
  ofLogZero(size: number): HeadKeys {
    return this.#split(({ added_at, taken_at }) => added_at < size && (taken_at === null || size <= taken_at))
  }

  /** For the head of a run that log 0 spoke of last in entry `seq`. */
  ofRun(seq: number, sealed: boolean): HeadKeys {
    return this.#split(
      ({ added_at, taken_at, revoked }) =>
        added_at <= seq && (taken_at === null || seq < taken_at) && (sealed || !revoked),
    )
  }

  #split(isGood: (use: Use) => boolean): HeadKeys {
    // Without anybody's word that the first key is the right one no key is.
    if (!this.#is_trusted) return { good: [], others: [] }
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

  #add(key: VerifierKey, added_at: number): null {
    this.#uses.push({ key, added_at, taken_at: null, revoked: false })
    if (this.#trusted.has(key.text)) this.#is_trusted = true
    return null
  }
}

function problemOf(work: () => string | null): string | null {
  try {
    return work()
  } catch (error) {
    if (error instanceof NoteError) return error.message
    throw error
  }
}
