/** What the engine needs from outside. A simulation gives its own, and so drives everything. */

export interface Clock {
  /** Whole microseconds since the Unix epoch; never goes back within a run. */
  now_us(): number
  /** Calls back once, not before `delay_us` have passed. Returns a function that calls it off. */
  wake(delay_us: number, callback: () => void): () => void
}

/** A timer that is set for longer rings at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The machine's clock, made monotonic. */
export function systemClock(): Clock {
  const origin_us = Math.floor(performance.timeOrigin * 1000)
  const now_us = () => origin_us + Math.floor(performance.now() * 1000)
  return {
    now_us,
    wake: (delay_us, callback) => {
      const due_us = now_us() + delay_us
      const wait = (left_us: number) =>
        setTimeout(ring, Math.min(LONGEST_TIMER_MS, Math.ceil(Math.max(0, left_us) / 1000)))
      // Timers count whole milliseconds, and may so be early by less than one.
      const ring = () => {
        const left_us = due_us - now_us()
        if (left_us > 0) timer = wait(left_us)
        else callback()
      }
      let timer = wait(delay_us)
      return () => clearTimeout(timer)
    },
  }
}
