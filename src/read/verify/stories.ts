/**
 * Rows, or batches, of which something is open. A sort, a join or an aggregate can hold all rows of a run to its end, so that only those are
 * in memory that were followed last: most go on within a few commits. What is known of the others lies as a text on a shelf (I12).
 *
 * The text is made from what was checked, so nothing is read twice from a ledger that somebody may change meanwhile.
 */
import type { SubjectEntry } from '../../format/entry.ts'
import { parseJson } from '../../model/json.ts'
import type { Shelf } from './shelf.ts'
import { type SubjectFacts, SubjectState } from './subject.ts'

type Subject = SubjectEntry['subject']

/** So many are kept as they are, and up to twice as many before the others become texts. */
export const KEPT_WHOLE = 5_000

export class Stories {
  readonly #subjectOf: (number: number) => Subject
  readonly #kept_whole: number
  /** Those that are no texts; who was followed last comes last. */
  readonly #whole = new Map<number, SubjectState>()
  readonly #shelf: Shelf

  constructor(subjectOf: (number: number) => Subject, kept_whole: number, shelf: Shelf) {
    this.#subjectOf = subjectOf
    this.#kept_whole = kept_whole
    this.#shelf = shelf
  }

  get(number: number): SubjectState | undefined {
    const whole = this.#whole.get(number)
    if (whole !== undefined) return whole
    const text = this.#shelf.take(number)
    return text === null ? undefined : this.#set(number, this.#restored(number, text))
  }

  /** As it is, for whoever doesn't follow it. */
  look(number: number): SubjectState | undefined {
    const whole = this.#whole.get(number)
    if (whole !== undefined) return whole
    const text = this.#shelf.look(number)
    return text === null ? undefined : this.#restored(number, text)
  }

  begin(number: number): SubjectState {
    return this.#set(number, new SubjectState(this.#subjectOf(number)))
  }

  /** Something of it stays open after an entry. */
  rest(number: number): void {
    const state = this.#whole.get(number)
    if (state === undefined) return
    this.#whole.delete(number)
    this.#whole.set(number, state)
    // Many at once: what is gone from the front of a map is passed over each time.
    if (this.#whole.size > 2 * this.#kept_whole) this.#putAway(this.#kept_whole)
  }

  end(number: number): void {
    this.#whole.delete(number)
  }

  /** All that are open, in order of their numbers; none is followed meanwhile. */
  *open(): Iterable<SubjectState> {
    this.#putAway(0)
    for (const [number, text] of this.#shelf.all()) yield this.#restored(number, text)
  }

  close(): void {
    this.#shelf.close()
  }

  /** All but the last `kept`. */
  #putAway(kept: number): void {
    for (const [number, state] of this.#whole) {
      if (this.#whole.size <= kept) break
      this.#shelf.put(number, JSON.stringify(state.facts))
      this.#whole.delete(number)
    }
  }

  #restored(number: number, text: string): SubjectState {
    return new SubjectState(this.#subjectOf(number), parseJson(text) as SubjectFacts)
  }

  #set(number: number, state: SubjectState): SubjectState {
    this.#whole.set(number, state)
    return state
  }
}
