/**
 * Clocks that jump under a run: its machine sleeps, or somebody sets its time of day, forward or back, at any time. And what must
 * hold all the same: of the times of its entries, and of its lease.
 */
import { DecodeError, decodeRunEntry, decodeSubjectEntry, isSubjectBody } from '../../src/read/decode.ts'
import { Check, Place } from '../../src/read/verify/check.ts'
import { Times } from '../../src/read/verify/times.ts'
import type { MemoryLedger } from '../support/memory-ledger.ts'
import type { VirtualClock } from '../support/virtual-clock.ts'
import type { Random } from './random.ts'

const SECOND_US = 1_000_000
const HOUR_US = 3600 * SECOND_US
/** Within so much monotonic time a process that is at work has renewed its lease, however the time of day jumped. */
const RENEWED_WITHIN_US = 4 * SECOND_US
/** Where visits of one instant begin a microsecond apart, stamps are ahead. */
const ONE_INSTANT_US = 500
/** Stamps may be behind the time of day by so much. */
const BEHIND_US = SECOND_US

export class Jumps {
  readonly problems: string[] = []
  readonly #random: Random
  readonly #ledger: MemoryLedger
  /** Only what clocks of others can know of, too: time doesn't pass by being set. */
  readonly #only_sleep: boolean
  /** The latest that any stamp may be: the latest time of day that there was, and what has passed since. */
  #latest_us = 0
  #at_us = 0
  #jumped_us = Number.NEGATIVE_INFINITY
  #clock: VirtualClock | null = null

  constructor(random: Random, ledger: MemoryLedger, only_sleep: boolean) {
    this.#random = random
    this.#ledger = ledger
    this.#only_sleep = only_sleep
    ledger.onAppended = t => this.#checkStamp(t)
  }

  /** Another process begins, with clocks of its own. */
  begin(clock: VirtualClock): void {
    this.#clock = clock
    this.#at_us = clock.monotonic_us()
    // It takes the lease first of all.
    this.#jumped_us = clock.monotonic_us()
    clock.onLook = () => this.#maybeJump(clock)
    this.#see(clock)
  }

  /** At the end of a process: whatever it held isn't renewed any more. */
  end(): void {
    if (this.#clock !== null) this.#clock.onLook = () => undefined
    this.#clock = null
  }

  #maybeJump(clock: VirtualClock): void {
    this.#see(clock)
    this.#checkLease(clock)
    if (!this.#random.chance(0.02)) return
    this.#jumped_us = clock.monotonic_us()
    const by_us = this.#random.chance(0.3)
      ? this.#random.below(2 * SECOND_US)
      : this.#random.below(this.#random.chance(0.5) ? 10 * HOUR_US : 30 * SECOND_US)
    if (this.#random.chance(0.4)) clock.sleepDeeply(by_us)
    else clock.set(this.#only_sleep || this.#random.chance(0.5) ? -by_us : by_us)
    // Whatever wakes up takes some time.
    clock.spend(1000)
    this.#see(clock)
  }

  #see(clock: VirtualClock): void {
    this.#latest_us = Math.max(this.#latest_us + clock.monotonic_us() - this.#at_us, clock.peek_us())
    this.#at_us = clock.monotonic_us()
  }

  #checkStamp(t: number): void {
    const clock = this.#clock
    if (clock === null) return
    this.#see(clock)
    if (t > this.#latest_us + ONE_INSTANT_US)
      this.problems.push(`a stamp is ${t - this.#latest_us} µs later than any clock could be`)
    if (t < clock.peek_us() - BEHIND_US)
      this.problems.push(`a stamp is ${clock.peek_us() - t} µs behind the time of day`)
  }

  #checkLease(clock: VirtualClock): void {
    const { expires_us } = this.#ledger
    const at_work_us = clock.monotonic_us() - this.#jumped_us
    if (expires_us !== null && at_work_us > RENEWED_WITHIN_US && expires_us <= clock.peek_us())
      this.problems.push(`a process at work has a lease that ran out ${clock.peek_us() - expires_us} µs ago`)
  }
}

/** Times of all entries, as `verify` looks at them. */
export async function problemsOfTimes(ledger: MemoryLedger): Promise<string[]> {
  const check = new Check('entries')
  const times = new Times(check)
  let opened_us: number | null = null
  for await (const { seq, row, body } of ledger.entries())
    try {
      if (isSubjectBody(row, body)) {
        const entry = decodeSubjectEntry(seq, body)
        times.take(entry, new Place(seq, entry.subject))
        if (entry.time_us < (opened_us ?? 0)) check.add(`entry ${seq} is before the run's opening`)
      } else {
        const { facts } = decodeRunEntry(seq, body)
        opened_us ??= facts.t
        times.run(facts, new Place(seq))
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      check.add(error.message)
    }
  return [...check.result().problems]
}
