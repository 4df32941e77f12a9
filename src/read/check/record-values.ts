/**
 * Values as a completeness record has them: those of rows and batches aren't in it, of the run's own entries those that are disclosed. Each of
 * these is compared with its commitment where that comes.
 */
import type { RunEntry } from '../../format/entry.ts'
import type { ShownValue } from '../../format/proof.ts'
import type { Json } from '../../model/row.ts'
import { type DecodedRunEntry, DecodeError } from '../decode.ts'
import type { Commits, DecodedPayload, SubjectValues } from '../values.ts'
import type { Check, Place } from '../verify/check.ts'
import type { Looked } from '../verify/look.ts'
import type { ValueCounts, ValueLooks } from '../verify/values-check.ts'
import { asPayload, type IsErased, shownValues } from './shown-values.ts'

export type OpeningEntry = Extract<RunEntry, { k: 'open' }>
export type FileEntry = Extract<RunEntry, { k: 'file' }>

export class RecordValues implements ValueLooks {
  /** null until entry 0 has come. */
  opening: OpeningEntry | null = null
  /** Entries of files of which the hash is disclosed. */
  readonly files: FileEntry[] = []
  /** Those that are what was committed to, by number. */
  readonly fitting = new Map<number, Json>()
  /** How many are disclosed that aren't. */
  altered = 0
  /** By number; those that have not come yet. */
  readonly #disclosed: Map<number, ShownValue>
  readonly #isErased: IsErased

  constructor(disclosed: readonly ShownValue[], isErased: IsErased) {
    this.#disclosed = new Map(disclosed.map(each => [each.number, each]))
    this.#isErased = isErased
  }

  /** Numbers of values that are disclosed, and that no entry commits to. */
  get left(): readonly number[] {
    return [...this.#disclosed.keys()]
  }

  readonly ofSubject = (
    commits: Commits,
    { entry }: Looked,
    values: SubjectValues,
    where: Place,
    check: Check,
  ): ValueCounts => this.#add(commits, entry.seq, null, values, where, check)

  readonly ofRun = (
    { facts, ...commits }: DecodedRunEntry,
    { entry: { seq } }: Looked,
    values: SubjectValues,
    where: Place,
    check: Check,
  ): ValueCounts => {
    if (facts.k === 'open' && seq === 0) this.opening = facts
    const own: ShownValue[] = []
    for (const [i] of commits.commitments.entries()) {
      const number = commits.first_value + i
      const shown = this.#disclosed.get(number)
      this.#disclosed.delete(number)
      if (shown !== undefined) own.push(shown)
    }
    const given = { seq, ...(own.length === 0 ? {} : { values: own }) }
    const { fitting: shown, altered } = shownValues(given, commits, this.#isErased, check)
    this.altered += altered.size
    for (const [number, value] of shown) this.fitting.set(number, value)
    if (facts.k === 'file' && shown.has(facts.hash ?? 0)) this.files.push(facts)
    return this.#add(commits, seq, shown.size === 0 ? null : asPayload(shown, commits), values, where, check)
  }

  #add(
    commits: Commits,
    seq: number,
    payload: DecodedPayload | null,
    values: SubjectValues,
    where: Place,
    check: Check,
  ): ValueCounts {
    try {
      values.add(seq, commits, payload)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      check.add(`${where}: ${error.message}`)
    }
    const erased = commits.commitments.filter((_, i) => this.#isErased(seq, i + 1)).length
    return { there: commits.commitments.length - erased, erased, unread: 0 }
  }
}
