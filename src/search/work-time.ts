/** The time that one question may take: then it is answered with what was found until then. */
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Of work for one question, while its page isn't full. */
const PAGE_MS = 300
/** Of work for one question whose page is full: what is left is counted. */
const COUNT_MS = 100
/** For so long nothing else of this thread is let in. */
const TURN_MS = 10

export class WorkTime {
  readonly #now_ms: () => number
  readonly #signal: AbortSignal
  readonly #counts: boolean
  readonly #begun: number
  #turn: number

  /** `counts`: whether those are to be counted, too, that don't stand on the page. */
  constructor(signal: AbortSignal, counts: boolean, now_ms: () => number = () => performance.now()) {
    this.#now_ms = now_ms
    this.#signal = signal
    this.#counts = counts
    this.#begun = now_ms()
    this.#turn = this.#begun
  }

  isOver(is_full: boolean): boolean {
    if (is_full && !this.#counts) return true
    return this.#now_ms() - this.#begun >= (is_full ? COUNT_MS : PAGE_MS)
  }

  /** Lets others in, now and then. @throws what the question was given up with. */
  async pass(): Promise<void> {
    this.#signal.throwIfAborted()
    if (this.#now_ms() - this.#turn < TURN_MS) return
    await nextTurn()
    this.#turn = this.#now_ms()
    this.#signal.throwIfAborted()
  }
}
