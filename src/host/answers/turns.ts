/** Whose turn it is: some at a time, some more wait for theirs in their order, and whoever comes then is refused. */
import { TooManyError } from '../too-many.ts'

export interface TurnsOptions {
  readonly at_once: number
  readonly waiting: number
  /** For who is refused: what there is too much of. */
  readonly what: string
  /** After which another try makes sense. */
  readonly wait_ms: number
}

export class Turns {
  readonly #options: TurnsOptions
  readonly #waiting = new Set<() => void>()
  #at_work = 0

  constructor(options: TurnsOptions) {
    this.#options = options
  }

  /** Does `work` when it is its turn. @throws TooManyError; the signal's reason, if it was given up before; what `work` throws. */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const { at_once, waiting, what, wait_ms } = this.#options
    if (this.#at_work < at_once) this.#at_work++
    else if (this.#waiting.size < waiting) await this.#handedOn(signal)
    else throw new TooManyError(`${what}: ${at_once} are at work, and ${waiting} wait already`, wait_ms)
    try {
      return await work()
    } finally {
      this.#next()
    }
  }

  /** Until somebody else is done, and hands their turn on. */
  #handedOn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const onTurn = () => {
        signal.removeEventListener('abort', onGivenUp)
        resolve()
      }
      const onGivenUp = () => {
        this.#waiting.delete(onTurn)
        reject(signal.reason)
      }
      this.#waiting.add(onTurn)
      signal.addEventListener('abort', onGivenUp, { once: true })
    })
  }

  #next(): void {
    for (const onTurn of this.#waiting) {
      this.#waiting.delete(onTurn)
      return onTurn()
    }
    this.#at_work--
  }
}
