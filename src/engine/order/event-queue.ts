/**
 * What comes from outside between two looks: answers of plugins, and things that fall due.
 *
 * EVENT-QUEUE-1. Answers come before what is due at the same time.
 * EVENT-QUEUE-2. Nothing is applied here; whoever takes it applies it, in order.
 */
import type { RunClock } from '../ports/run-clock.ts'
import type { Stack } from '../token/fork-frames.ts'

/** Applies a piece of events, and puts what can go on onto the stack. */
export type Apply = (stack: Stack) => void
/** Applies an answer that came at `at_us`. */
export type ApplyAnswer<T> = (answer: T, at_us: number, stack: Stack) => void

interface Awaited {
  readonly node: string
  readonly isCalling: () => boolean
  readonly since_us: number
}

export class EventQueue {
  /** How many tokens or batches wait for their backoff. */
  resting = 0
  /** What plugins have promised to answer, the earliest first. */
  readonly #awaited = new Set<Awaited>()
  #answers: Apply[] = []
  #due: Apply[] = []
  readonly #clock: RunClock
  readonly #onNews: () => void
  readonly #rests: boolean

  /** `rests`: false if nobody needs to wait for a backoff. */
  constructor(clock: RunClock, onNews: () => void, rests = true) {
    this.#rests = rests
    this.#clock = clock
    this.#onNews = onNews
  }

  /** Answers that are still to come. */
  get expected(): number {
    return this.#awaited.size
  }

  /** A node whose plugin hasn't answered for that long, though it isn't waiting for a call; null if there is none. */
  silent(longest_us: number): string | null {
    const before_us = this.#clock.monotonic_us() - longest_us
    for (const { node, isCalling, since_us } of this.#awaited) {
      if (since_us >= before_us) return null
      if (!isCalling()) return node
    }
    return null
  }

  get any(): boolean {
    return this.#answers.length > 0 || this.#due.length > 0
  }

  /** What `promise` comes to is events when it comes, with the time of that; what it throws is thrown when that is applied. */
  answer<T>(promise: Promise<T>, apply: ApplyAnswer<T>, node: string, isCalling = () => false): void {
    const awaited = { node, isCalling, since_us: this.#clock.monotonic_us() }
    this.#awaited.add(awaited)
    promise.then(
      answer => {
        this.#awaited.delete(awaited)
        const at_us = this.#clock.now_us()
        this.arrive(stack => apply(answer, at_us, stack))
      },
      (thrown: unknown) => {
        this.#awaited.delete(awaited)
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
