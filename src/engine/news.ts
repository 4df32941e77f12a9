/**
 * What comes from outside between two looks: answers of plugins, and things that fall due.
 *
 * M1. Answers come before what is due at the same time.
 * M2. Nothing is applied here; whoever takes it applies it, in order.
 */
import type { Stack } from './frames.ts'
import type { Clock } from './ports.ts'

/** Applies a piece of news, and puts what can go on onto the stack. */
export type Apply = (stack: Stack) => void
/** Applies an answer that came at `at_us`. */
export type ApplyAnswer<T> = (answer: T, at_us: number, stack: Stack) => void

export class News {
  /** How many tokens or batches wait for their backoff. */
  resting = 0
  /** Answers that are still to come. */
  expected = 0
  #answers: Apply[] = []
  #due: Apply[] = []
  readonly #clock: Clock
  readonly #onNews: () => void
  readonly #rests: boolean

  /** `rests`: false if nobody needs to wait for a backoff. */
  constructor(clock: Clock, onNews: () => void, rests = true) {
    this.#rests = rests
    this.#clock = clock
    this.#onNews = onNews
  }

  get any(): boolean {
    return this.#answers.length > 0 || this.#due.length > 0
  }

  /** What `promise` comes to is news when it comes, with the time of that; what it throws is thrown when that is applied. */
  answer<T>(promise: Promise<T>, apply: ApplyAnswer<T>): void {
    this.expected++
    promise.then(
      answer => {
        this.expected--
        const at_us = this.#clock.now_us()
        this.arrive(stack => apply(answer, at_us, stack))
      },
      (thrown: unknown) => {
        this.expected--
        this.arrive(() => {
          throw thrown
        })
      },
    )
  }

  arrive(apply: Apply): void {
    this.#answers.push(apply)
    this.#onNews()
  }

  fallDue(apply: Apply): void {
    this.#due.push(apply)
    this.#onNews()
  }

  /** Falls due after a backoff. */
  rest(delay_us: number, apply: Apply): void {
    this.resting++
    this.#clock.wake(this.#rests ? delay_us : 0, () =>
      this.fallDue(stack => {
        this.resting--
        apply(stack)
      }),
    )
  }

  take(): readonly Apply[] {
    const taken = this.#answers.length > 0 ? this.#answers : this.#due
    if (taken === this.#answers) this.#answers = []
    else this.#due = []
    return taken
  }
}
