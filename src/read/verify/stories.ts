/**
 * Rows, or batches, of which something is open. A sort, a join or an aggregate can hold all rows of a run to its end, so that of
 * most of them there is no more in memory than a text (I12): all that is known of a row fits into a few hundred bytes, and objects that
 * say the same take ten times as much. Those that were followed last stay as they are: most go on within a few commits.
 *
 * The text is made from what was checked, so nothing is read twice from a ledger that somebody may change meanwhile.
 */
import type { SubjectEntry } from '../../format/entry.ts'
import { type SubjectFacts, SubjectState } from './subject.ts'

type Subject = SubjectEntry['subject']

/** So many are kept as they are, and up to twice as many before the others become texts. */
export const KEPT_WHOLE = 5_000

export class Stories {
  readonly #subjectOf: (number: number) => Subject
  readonly #kept_whole: number
  /** By number; a text is that of a state's facts. */
  readonly #states = new Map<number, SubjectState | string>()
  /** Those that are no texts; who was followed last comes last. */
  readonly #whole = new Set<number>()

  constructor(subjectOf: (number: number) => Subject, kept_whole: number) {
    this.#subjectOf = subjectOf
    this.#kept_whole = kept_whole
  }

  get(number: number): SubjectState | undefined {
    const known = this.#states.get(number)
    return typeof known === 'string' ? this.#set(number, this.#restored(number, known)) : known
  }

  begin(number: number): SubjectState {
    return this.#set(number, new SubjectState(this.#subjectOf(number)))
  }

  /** Something of it stays open after an entry. */
  rest(number: number): void {
    this.#whole.delete(number)
    this.#whole.add(number)
    // Many at once: what is gone from the front of a set is passed over each time.
    if (this.#whole.size <= 2 * this.#kept_whole) return
    for (const each of this.#whole) {
      if (this.#whole.size <= this.#kept_whole) break
      const state = this.#states.get(each)
      if (state instanceof SubjectState) this.#states.set(each, JSON.stringify(state.facts))
      this.#whole.delete(each)
    }
  }

  end(number: number): void {
    this.#states.delete(number)
    this.#whole.delete(number)
  }

  /** All that are open, in order of their first entries. */
  *open(): Iterable<SubjectState> {
    for (const [number, known] of this.#states) yield typeof known === 'string' ? this.#restored(number, known) : known
  }

  #restored(number: number, text: string): SubjectState {
    return new SubjectState(this.#subjectOf(number), JSON.parse(text) as SubjectFacts)
  }

  #set(number: number, state: SubjectState): SubjectState {
    this.#states.set(number, state)
    this.#whole.add(number)
    return state
  }
}
