/**
 * The services of a run as one split has them, while others are worked on elsewhere: what it may ask and spend is its share of what the run may, and
 * that it asks for again and again (shares.ts).
 *
 * RUN-SERVICES-1. A share is used for a lease from when it was asked for, and no longer: whoever is cut off begins no call after that. Of the monotonic
 *     clock and the time of day the one counts by which more has passed: one stands still while the machine sleeps, and the other may be set back.
 * RUN-SERVICES-2. While it is asked for, no call begins: what was reported of it is what there is. Where the answer is lost nobody knows what it was, and
 *     none begins until there is another one.
 */
import type { Elsewhere, Spent } from '../../engine/calls/elsewhere.ts'
import type { SharedLimits } from '../../engine/calls/service.ts'
import type { Clock } from '../../engine/ports/ports.ts'
import type { Answer, Asked, Left } from './shares.ts'

export interface RunServicesParts {
  readonly part: number
  /** Of the split's lease. */
  readonly epoch: number
  readonly lease_us: number
  /** What the run may cost, in nano-dollars; null: there is no limit. */
  readonly budget: number | null
  readonly clock: Clock
  /** This machine’s time of day: it advances while the machine sleeps. */
  readonly day_us: () => number
  /** Null: there is nothing to share any more, or another process has the split. Rejects where the database is away. */
  readonly ask: (asked: Asked) => Promise<Answer | null>
  readonly leave: (left: Left) => Promise<void>
}

interface Used {
  in_flight: number
  waiting: number
  /** When it was last said how many wait: that holds for a while. */
  said_us: number
  starts: number
  /** Since they were last reported. */
  ended: number
  /** How many waited when its share was last asked for. */
  reported: number
}

/** Several calls that begin or end at once are one question. */
const TOGETHER_US = 20_000
/** Of the time between two questions: others wait for what has come back since. */
const SOONER = 0.25
const AGAIN_AFTER_FAILURE_US = 500_000
const nothing = () => undefined
/** Whoever waits looks that often at least. */
const LOOK_AGAIN_US = 1_000_000

export class RunServices implements SharedLimits, Elsewhere {
  readonly #parts: RunServicesParts
  readonly #used = new Map<string, Used>()
  readonly #listeners: Array<Parameters<Elsewhere['onMore']>[0]> = []
  #money: Spent = { spent_nusd: 0, at_risk_nusd: 0, next_nusd: 0 }
  /** Null: none that can be used. */
  #answer: Answer | null = null
  /** Whether the last answer had less money than was asked for. */
  #is_short = false
  /** When what `#answer` says was asked for, by both clocks. */
  #asked = { us: 0, day_us: 0 }
  #asking: Promise<void> | null = null
  #next: { readonly at_us: number; readonly callOff: () => void } | null = null
  #joined = false
  #is_over = false

  constructor(parts: RunServicesParts) {
    this.#parts = parts
  }

  // ── what the engine asks ──────────────────────────────────────────────────────────────────────────────────────────

  /** All that others may spend. */
  get cost_nusd(): number {
    const { budget } = this.#parts
    return budget === null ? 0 : budget - (this.#answer?.limit ?? 0)
  }

  get may_pay(): boolean {
    return this.#answer?.is_exhausted !== true
  }

  onMore(look: (looked: () => void) => void): void {
    this.#listeners.push(look)
  }

  begin(service: string, _: unknown, waiting: number): number {
    const used = this.#of(service)
    Object.assign(used, { waiting, said_us: this.#now_us() })
    const share = this.#usable?.services[service]
    const may_start = share?.starts === null || used.starts > 0
    if (share !== undefined && used.in_flight < share.places && may_start) {
      used.in_flight++
      used.starts--
      used.waiting--
      return 0
    }
    const is_used_up = !may_start && (share?.starts ?? 0) > 0
    if (used.reported === 0 || is_used_up) this.#soon(TOGETHER_US)
    const { wait_us = 0 } = this.#answer?.services[service] ?? {}
    return Math.max(LOOK_AGAIN_US, wait_us - this.#passed_us)
  }

  end(service: string): void {
    const used = this.#of(service)
    used.in_flight--
    used.ended++
    const answer = this.#answer
    if (answer?.services[service]?.is_wanted !== true) return
    this.#soon(Math.max(TOGETHER_US, answer.again_us * SOONER - this.#passed_us))
  }

  spends(spent: Spent): void {
    this.#money = spent
    const { spent_nusd, at_risk_nusd, next_nusd } = spent
    const { budget } = this.#parts
    if (budget === null || next_nusd === 0 || this.#is_short) return
    if (spent_nusd + at_risk_nusd + next_nusd > (this.#answer?.limit ?? 0)) this.#soon(TOGETHER_US)
  }

  // ── the share ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The split isn't worked on any more: what is left comes back. Never rejects: what isn't said runs out. */
  async leave(is_closed: boolean): Promise<void> {
    this.#is_over = true
    this.#next?.callOff()
    await this.#asking
    if (!this.#joined) return
    await Promise.allSettled([this.#parts.leave({ ...this.#report(this.#now_us()), is_closed })])
  }

  #now_us(): number {
    return this.#parts.clock.monotonic_us()
  }

  /** Since the answer that there is was asked for. */
  get #passed_us(): number {
    const { us, day_us } = this.#asked
    return Math.max(this.#now_us() - us, this.#parts.day_us() - day_us)
  }

  /** (RUN-SERVICES-1, RUN-SERVICES-2) */
  get #usable(): Answer | null {
    return this.#asking === null && this.#passed_us < this.#parts.lease_us ? this.#answer : null
  }

  #of(service: string): Used {
    const none = { in_flight: 0, waiting: 0, said_us: 0, starts: 0, ended: 0, reported: 0 }
    const known = this.#used.get(service) ?? none
    this.#used.set(service, known)
    return known
  }

  #soon(after_us: number): void {
    if (this.#is_over || this.#asking !== null) return
    const at_us = this.#now_us() + after_us
    if (this.#next !== null && this.#next.at_us <= at_us) return
    this.#next?.callOff()
    const callOff = this.#parts.clock.wake(after_us, () => {
      this.#next = null
      this.#asking = this.#ask()
    })
    this.#next = { at_us, callOff }
  }

  /** Never rejects. */
  async #ask(): Promise<void> {
    const { clock, day_us, ask } = this.#parts
    const at = { us: clock.monotonic_us(), day_us: day_us() }
    const asked = this.#report(at.us)
    let after_us = AGAIN_AFTER_FAILURE_US
    this.#joined = true
    this.#is_short = false
    try {
      this.#answer = await ask(asked)
      this.#asked = at
      if (this.#answer !== null) after_us = this.#heard(this.#answer, asked)
    } catch {
      // The database is away: calls wait until it is there again, or whoever works on the split hears of it.
      this.#answer = null
    }
    this.#asking = null
    this.#soon(after_us)
    for (const look of this.#listeners) look(nothing)
  }

  #report(now_us: number): Asked {
    const { part, epoch, lease_us } = this.#parts
    const { spent_nusd: spent, at_risk_nusd: at_risk, next_nusd: wants } = this.#money
    const services = Array.from(this.#used, ([name, used]) => {
      const waiting = now_us - used.said_us > 2 * LOOK_AGAIN_US ? 0 : used.waiting
      const { in_flight, ended } = used
      return [name, { in_flight, waiting, ended, starts: Math.max(0, used.starts) }] as const
    })
    return { part, epoch, lease_us, spent, at_risk, wants, services: Object.fromEntries(services) }
  }

  /** Gives when to ask again. */
  #heard({ services, limit, again_us }: Answer, asked: Asked): number {
    for (const [name, used] of this.#used) {
      used.ended -= asked.services[name]?.ended ?? 0
      used.starts = services[name]?.starts ?? 0
      used.reported = asked.services[name]?.waiting ?? 0
    }
    const { spent, at_risk, wants } = asked
    this.#is_short = limit !== null && limit < spent + at_risk + wants
    const is_idle = wants === 0 && Object.values(asked.services).every(each => each.in_flight + each.waiting === 0)
    return is_idle ? this.#parts.lease_us / 4 : again_us
  }
}
