/** What the engine needs from outside. A simulation gives its own, and so drives everything. */

/**
 * Time, in two readings that may part: while the machine sleeps only the time of day moves, and whoever sets it moves nothing else.
 * What is recorded and what others judge by is the time of day; how long something takes is monotonic.
 */
export interface Clock {
  /** The time of day: whole microseconds since the Unix epoch. It may jump, forward and back. */
  wall_us(): number
  /** Whole microseconds since some moment of this process. It never goes back, and stands still while the machine sleeps. */
  monotonic_us(): number
  /** Calls back once, not before `delay_us` have passed, monotonic. Returns a function that calls it off. */
  wake(delay_us: number, callback: () => void): () => void
  /** Called where nothing can happen before the next callback: a clock that isn’t real can jump there. */
  idle?(): void
}

/** A timer that is set for longer rings at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The machine's clocks. */
export function systemClock(): Clock {
  const monotonic_us = () => Math.floor(performance.now() * 1000)
  return {
    wall_us: () => Date.now() * 1000,
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
