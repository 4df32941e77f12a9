/**
 * The clock of one session. It begins no earlier than the run's last entry, whatever this machine's clock says: within a run
 * time never goes back. At its end nothing rings any more, or a process would live on until the last alarm has rung.
 */
import type { Clock } from './ports.ts'

export class SessionClock implements Clock {
  readonly #clock: Clock
  /** What the machine's clock is behind. */
  readonly #behind_us: number
  /** What `next_us` gave last; of a process before this one, at most the run's last entry. */
  #given_us: number
  readonly #alarms = new Set<() => void>()
  #closed = false

  constructor(clock: Clock, last_us: number) {
    this.#clock = clock
    this.#given_us = last_us
    this.#behind_us = Math.max(0, last_us - clock.now_us())
  }

  now_us(): number {
    return Math.max(this.#ticked_us, this.#given_us)
  }

  /** The time now, or a bit later: never the same twice. */
  next_us(): number {
    this.#given_us = Math.max(this.now_us(), this.#given_us + 1)
    return this.#given_us
  }

  wake(delay_us: number, callback: () => void): () => void {
    if (this.#closed) return () => undefined
    const callOff = this.#clock.wake(delay_us + this.now_us() - this.#ticked_us, () => {
      this.#alarms.delete(callOff)
      callback()
    })
    this.#alarms.add(callOff)
    return () => {
      this.#alarms.delete(callOff)
      callOff()
    }
  }

  get #ticked_us(): number {
    return this.#clock.now_us() + this.#behind_us
  }

  close(): void {
    this.#closed = true
    for (const callOff of this.#alarms) callOff()
    this.#alarms.clear()
  }
}
