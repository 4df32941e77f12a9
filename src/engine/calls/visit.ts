/**
 * The calls of one attempt of a visit, or of a batch: how many there were, and which of them are still to come back.
 *
 * VISIT-1. An attempt isn't over before all its calls have come back, whatever its plugin has returned meanwhile: what is recorded
 *     of a call belongs to an attempt that is under way. After it, none can be made.
 */
import type { VisitContext } from '../../sdk/spec.ts'
import type { Asker } from '../record/call-fact.ts'

/** What plugins get, with what only the engine uses of it. */
export interface CallingContext extends VisitContext {
  /** The plugin has returned: resolves when its calls have all come back. null if none is to come. */
  readonly callsBack?: () => Promise<void> | null
  /** Whether one of its calls is under way, or waits to begin. */
  readonly isCalling?: () => boolean
}

export class Visit {
  readonly asker: Asker
  readonly services: readonly string[]
  /** Calls that wait to begin. */
  waiting = 0
  #calls: number
  #open = 0
  #over = false
  #onBack: (() => void) | null = null

  /** `made`: how many calls there were before. */
  constructor(asker: Asker, services: readonly string[], made = 0) {
    this.#calls = made
    this.asker = asker
    this.services = services
  }

  get isCalling(): boolean {
    return this.#open > 0
  }

  get over(): boolean {
    return this.#over
  }

  /** Another call: its number within the attempt, from 1. */
  next(): number {
    return ++this.#calls
  }

  opens(): void {
    this.#open++
  }

  /** A call has come back, and its plugin hears of it. */
  closes(): void {
    if (--this.#open === 0) this.#onBack?.()
  }

  back(): Promise<void> | null {
    if (this.#open === 0) {
      this.#over = true
      return null
    }
    return new Promise(resolve => {
      this.#onBack = () => {
        this.#over = true
        resolve()
      }
    })
  }
}
