/** What the engine needs from outside. A simulation gives its own, and so drives everything. */

export interface Clock {
  /** Whole microseconds since the Unix epoch; never goes back within a run. */
  now_us(): number
  /** Calls back once, not before `delay_us` have passed. Returns a function that calls it off. */
  wake(delay_us: number, callback: () => void): () => void
}

/** The machine's clock, made monotonic. */
export function systemClock(): Clock {
  const origin_us = Math.floor(performance.timeOrigin * 1000)
  return {
    now_us: () => origin_us + Math.floor(performance.now() * 1000),
    wake: (delay_us, callback) => {
      const timer = setTimeout(callback, Math.ceil(Math.max(0, delay_us) / 1000))
      return () => clearTimeout(timer)
    },
  }
}
