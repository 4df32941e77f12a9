/** The state of one who browses, as it is now: events in, and whoever shows it is called. Ink and the plain mode both stand on it. */
import type { LedgerAnswers } from '../../host/answers/ledger-answers.ts'
import { Asking } from './asking.ts'
import type { Changed, State, Target } from './state.ts'
import { begin, type Event, type Surroundings, step } from './step.ts'

export class Browsing {
  readonly #asking: Asking
  readonly #around: () => Surroundings
  readonly #shows = new Set<() => void>()
  #state: State

  /** `around`: as it is now, since windows change. */
  constructor(answers: Pick<LedgerAnswers, 'ask'>, first: Target, around: () => Surroundings) {
    this.#around = around
    this.#asking = new Asking(answers, around().cwd, event => this.take(event))
    const { state, effects } = begin(first)
    this.#state = state
    for (const effect of effects) this.#asking.do(effect)
  }

  get state(): State {
    return this.#state
  }

  readonly take = (event: Event): void => {
    const { state, effects }: Changed = step(this.#state, event, this.#around())
    this.#state = state
    for (const effect of effects) this.#asking.do(effect)
    for (const show of this.#shows) show()
  }

  /** Returns what ends it. */
  readonly onChange = (show: () => void): (() => void) => {
    this.#shows.add(show)
    return () => this.#shows.delete(show)
  }

  /** Resolves when all that was asked is answered. */
  idle(): Promise<void> {
    return this.#asking.idle()
  }

  close(): Promise<void> {
    return this.#asking.close()
  }
}
