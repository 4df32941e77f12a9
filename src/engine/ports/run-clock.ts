/**
 * The clock of one session of a run: the time that the ledger has and the machine's monotonic clock, made one line of stamps.
 *
 * RUN-CLOCK-1. Stamps never go back, and begin no earlier than the run's last entry, whatever the ledger's clock says. They go on as the
 *     monotonic clock does, so that none is later than the latest time that was read and what has passed since.
 * RUN-CLOCK-2. Where the ledger's time is ahead of them, because the machine slept or a clock was set, they jump to it. The run's own clock
 *     stands still in such a jump, as it does while the run is down: no timeout, rest or age counts it. Each is recorded.
 * RUN-CLOCK-3. How long something took is what lies between its stamps without the standstills. It is never negative.
 *
 * At the session's end nothing rings any more, or a process would live on until the last alarm has rung.
 */
import type { Clock, RecordedTime } from './ports.ts'

/** Stamps between which the run's clock stood still. */
export type Standstill = readonly [from_us: number, to_us: number]

/** What the parts of a run know of time. */
export interface RunClock extends Pick<Clock, 'monotonic_us' | 'wake' | 'idle'> {
  /** The time for what is recorded. */
  now_us(): number
  /** How long it was between two stamps, on the run's clock. */
  ran_us(from_us: number, to_us: number): number
}

interface Before {
  readonly last_us: number
  readonly stood: readonly Standstill[]
}

const NOTHING_BEFORE: Before = { last_us: 0, stood: [] }

/** How far the ledger's time may be ahead of stamps: what two clocks drift apart in half a day is no jump. */
const JUMP_US = 1_000_000
/** How often the ledger's time is looked at: no more often than a time of day ticks. */
const LOOK_EVERY_US = 1000

export class SessionClock implements RunClock {
  readonly #clock: Clock
  readonly #time: RecordedTime
  readonly #last_us: number
  /** What stamps are ahead of the monotonic clock. */
  #ahead_us: number
  #looked_us: number
  /** What `next_us` gave last. */
  #given_us: number
  /** In order. */
  readonly #stood: Standstill[]
  #stood_until_us: number
  /** Those of this session that are jumps, in order. */
  readonly jumps: Standstill[] = []
  readonly #alarms = new Set<() => void>()
  #closed = false

  /** `time`: of the ledger that has the run. `before`: the time of the run's last entry, and when its clock had stood still, in order. */
  constructor(clock: Clock, time: RecordedTime, { last_us, stood }: Before = NOTHING_BEFORE) {
    this.#clock = clock
    this.#time = time
    this.#last_us = last_us
    this.#given_us = last_us
    // The time first: if this process is stopped in between, stamps are behind, and never ahead.
    const begins_us = Math.max(last_us, time.began_us, time.now_us())
    this.#looked_us = clock.monotonic_us()
    this.#ahead_us = begins_us - this.#looked_us
    this.#stood = [...stood]
    this.#stood_until_us = stood.at(-1)?.[1] ?? 0
  }

  now_us(): number {
    return Math.max(this.#ticked_us(), this.#given_us)
  }

  /** The time now, or a bit later: never the same twice. */
  next_us(): number {
    this.#given_us = Math.max(this.now_us(), this.#given_us + 1)
    return this.#given_us
  }

  /** Stamps from here on aren't before this one, of another session: a moment ahead, where both have the same time. */
  reach(us: number): void {
    this.#given_us = Math.max(this.#given_us, us)
  }

  monotonic_us(): number {
    return this.#clock.monotonic_us()
  }

  ran_us(from_us: number, to_us: number): number {
    let ran_us = to_us - from_us
    if (from_us < this.#stood_until_us)
      for (const [from, to] of this.#stood) ran_us -= Math.max(0, Math.min(to, to_us) - Math.max(from, from_us))
    return Math.max(0, ran_us)
  }

  /** The run was down since its last entry, and goes on now. @returns now. */
  goOn(): number {
    const now_us = this.now_us()
    // Jumps of this session so far lie within.
    this.#stood.length -= this.jumps.length
    this.jumps.length = 0
    this.#stand(this.#last_us, now_us)
    return now_us
  }

  wake(delay_us: number, callback: () => void): () => void {
    if (this.#closed) return () => undefined
    const ticked_us = this.#ticked_us()
    const callOff = this.#clock.wake(delay_us + Math.max(0, this.#given_us - ticked_us), () => {
      this.#alarms.delete(callOff)
      callback()
    })
    this.#alarms.add(callOff)
    return () => {
      this.#alarms.delete(callOff)
      callOff()
    }
  }

  idle(): void {
    this.#clock.idle?.()
  }

  close(): void {
    this.#closed = true
    for (const callOff of this.#alarms) callOff()
    this.#alarms.clear()
  }

  #ticked_us(): number {
    const monotonic_us = this.#clock.monotonic_us()
    if (monotonic_us - this.#looked_us < LOOK_EVERY_US) return monotonic_us + this.#ahead_us
    return this.#look()
  }

  #look(): number {
    const time_us = this.#time.now_us()
    this.#looked_us = this.#clock.monotonic_us()
    const now_us = Math.max(this.#looked_us + this.#ahead_us, this.#given_us)
    if (time_us - now_us > JUMP_US) {
      this.#stand(now_us, time_us)
      this.jumps.push([now_us, time_us])
      this.#ahead_us = time_us - this.#looked_us
    }
    return this.#looked_us + this.#ahead_us
  }

  #stand(from_us: number, to_us: number): void {
    if (to_us <= from_us) return
    this.#stood.push([from_us, to_us])
    this.#stood_until_us = to_us
  }
}
