/** The clock of one session: at its end nothing rings any more, or a process would live on until the last alarm has rung. */
import type { Clock } from './ports.ts'

export class SessionClock implements Clock {
  readonly #clock: Clock
  readonly #alarms = new Set<() => void>()
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now_us(): number {
    return this.#clock.now_us()
  }

  wake(delay_us: number, callback: () => void): () => void {
    if (this.#closed) return () => undefined
    const callOff = this.#clock.wake(delay_us, () => {
      this.#alarms.delete(callOff)
      callback()
    })
    this.#alarms.add(callOff)
    return () => {
      this.#alarms.delete(callOff)
      callOff()
    }
  }

  close(): void {
    this.#closed = true
    for (const callOff of this.#alarms) callOff()
    this.#alarms.clear()
  }
}
