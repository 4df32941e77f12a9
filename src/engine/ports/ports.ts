/** What the engine needs from outside. A simulation gives its own, and so drives everything. */

/** How much time passes here. What time it is, for whatever is recorded or judged by others, only the ledger says (`RecordedTime`). */
export interface Clock {
  /** Whole microseconds since some moment of this process. It never goes back, and stands still while the machine sleeps. */
  monotonic_us(): number
  /** Calls back once, not before `delay_us` have passed, monotonic. Returns a function that calls it off. */
  wake(delay_us: number, callback: () => void): () => void
  /** Called where nothing can happen before the next callback: a clock that isn’t real can jump there. */
  idle?(): void
}

/** The time of day by the clock of all who write a ledger, as one of them sees it: whole microseconds since the Unix epoch. */
export interface RecordedTime {
  /** When this process took the run: nothing that it records lies before. */
  readonly began_us: number
  /** May jump, forward and back. */
  now_us(): number
}

/** A timer that is set for longer rings at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The machine's. */
export function systemClock(): Clock {
  const monotonic_us = () => Math.floor(performance.now() * 1000)
  return {
    monotonic_us,
    wake: (delay_us, callback) => {
      const due_us = monotonic_us() + delay_us
      const wait = (left_us: number) =>
        setTimeout(ring, Math.min(LONGEST_TIMER_MS, Math.ceil(Math.max(0, left_us) / 1000)))
      // Timers count whole milliseconds, and may so be early by less than one.
      const ring = () => {
        const left_us = due_us - monotonic_us()
        if (left_us > 0) timer = wait(left_us)
        else callback()
      }
      let timer = wait(delay_us)
      return () => clearTimeout(timer)
    },
  }
}
