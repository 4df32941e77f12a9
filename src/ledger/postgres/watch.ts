/**
 * Watches over answers that take as long as they take: a server that is at work isn't hurried, a network that has become silent is noticed.
 *
 * WATCH-1. Where nothing has come for a while, the server is asked by another way whether it is at work on what it was asked. If it isn't, or can't
 *     be asked, what was asked is given up, within the time of a lease.
 */

import { RENEW_EVERY_US } from '../write/lease.ts'

/** What the server says of the one that is watched over. */
export type Said = 'at_work' | 'idle' | 'unreached'

export interface Watched {
  /** Bytes that have come, in all. */
  received(): number
  /** Asks by another way. Never rejects. */
  ask(): Promise<Said>
  /** Has all that is under way fail. */
  giveUp(): void
}

export const LOOK_AFTER_MS = RENEW_EVERY_US / 1000
/** An answer that was sent before the server was idle is here by then, or lost. */
const ON_ITS_WAY_MS = 1_000

export class Watch {
  readonly #watched: Watched
  /** How much is under way. */
  #pending = 0
  #timer: NodeJS.Timeout | null = null

  constructor(watched: Watched) {
    this.#watched = watched
  }

  /** Gives what `work` gives; the server has been asked for it. */
  async over<T>(work: Promise<T>): Promise<T> {
    if (++this.#pending === 1) this.#lookIn(LOOK_AFTER_MS, false)
    try {
      return await work
    } finally {
      if (--this.#pending === 0 && this.#timer !== null) clearTimeout(this.#timer)
    }
  }

  #lookIn(ms: number, was_idle: boolean): void {
    const before = this.#watched.received()
    this.#timer = setTimeout(() => void this.#look(before, was_idle), ms)
  }

  async #look(before: number, was_idle: boolean): Promise<void> {
    const timer = this.#timer
    const hasMore = () => this.#watched.received() > before
    const said = hasMore() ? 'at_work' : await this.#watched.ask()
    // Meanwhile all may have come, and something else may be under way.
    if (this.#pending === 0 || this.#timer !== timer) return
    if (said === 'at_work' || hasMore()) return this.#lookIn(LOOK_AFTER_MS, false)
    if (said === 'idle' && !was_idle) return this.#lookIn(ON_ITS_WAY_MS, true)
    this.#watched.giveUp()
  }
}
