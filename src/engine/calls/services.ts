/** The services that a run calls, each with its limits, and what they have in common: money, and whom to tell. */
import type { Plan } from '../../plan/plan.ts'
import type { RunClock } from '../ports/run-clock.ts'
import type { Totals } from '../record/totals.ts'
import type { Elsewhere } from './elsewhere.ts'
import { RateWindow } from './rate-window.ts'
import { type Held, type Pause, Service, type SharedLimits } from './service.ts'
import { serviceLimits } from './service-limits.ts'
import { busyError, downError, type ServiceState } from './service-state.ts'

export interface ServicesParts {
  readonly limits: Plan['limits']
  readonly clock: RunClock
  readonly totals: Totals
  /** Limits that are kept with other runs; null for limits of this run's own. */
  readonly shared: SharedLimits | null
  /** Null: no other session of the run asks services. */
  readonly elsewhere: Elsewhere | null
  /** Reported when a service pauses, and when it is back. */
  readonly onService: (state: ServiceState) => void
  allows(most_nusd: number): boolean
  /** The run can't go on because of a service. */
  stop(error: Error): void
}

export class Services<Context> {
  readonly #parts: ServicesParts
  readonly #services = new Map<string, Service<Context>>()

  constructor(parts: ServicesParts) {
    this.#parts = parts
  }

  /**
   * A process before this one may have begun as many calls in its last minute as it was allowed, up to `at_us`: those that
   * didn't come back are on no record.
   */
  goOn(at_us: number): void {
    const { clock } = this.#parts
    const ago_us = Math.max(0, clock.now_us() - at_us)
    for (const [name, { per_minute }] of this.#parts.limits.services)
      if (per_minute !== null) this.of(name).assumeEnded(per_minute, clock.monotonic_us() - ago_us)
  }

  of(name: string): Service<Context> {
    const known = this.#services.get(name)
    if (known !== undefined) return known
    const { limits, clock, shared, elsewhere, allows, stop } = this.#parts
    // Whoever keeps limits for several sessions counts the minute.
    const paceOf = (per_minute: number) => new RateWindow(elsewhere === null ? per_minute : Number.POSITIVE_INFINITY)
    const service = new Service<Context>(name, serviceLimits(limits, name), {
      ...{ clock, shared, paceOf, allows },
      tell: pause => this.#tell(name, pause),
      giveUp: why =>
        stop(
          why.kind === 'down'
            ? downError(name, why.failures, why.last)
            : busyError(name, this.#stampOf(why.until_us), clock.now_us()),
        ),
    })
    this.#services.set(name, service)
    return service
  }

  /** Whether some call waits for anything but budget. */
  get anyWaits(): boolean {
    for (const { waits, resting, isHolding } of this.#services.values())
      if (waits === 'queued' || resting > 0 || isHolding) return true
    return false
  }

  /** The least of what calls that wait for budget can cost at most, each the first of its service; null if none waits. */
  get next_call_nusd(): number | null {
    const all = [...this.#services.values()].flatMap(({ unaffordable_nusd }) => unaffordable_nusd ?? [])
    return all.length === 0 ? null : Math.min(...all)
  }

  /** Lets begin what may, but for the calls of one. */
  pumpOthers(than: Service<Context>): void {
    for (const each of this.#services.values()) if (each !== than) each.pump()
  }

  /** Lets begin what may; `pumped` is called then. */
  pumpAll(pumped: () => void): void {
    for (const each of this.#services.values()) each.pump()
    pumped()
  }

  /** Whether calls that met outages wait for somebody to tell more. */
  get anyHeld(): boolean {
    for (const { isHolding } of this.#services.values()) if (isHolding) return true
    return false
  }

  /** Calls that met outages, where nothing is left that could tell whether the service is down. */
  takeUndecided(): readonly Held<Context>[] {
    return [...this.#services.values()].flatMap(service => service.takeUndecided())
  }

  /** Nothing begins any more. */
  close(): void {
    for (const service of this.#services.values()) service.close()
  }

  /** What a monotonic time is for people. */
  #stampOf(monotonic_us: number): number {
    const { clock } = this.#parts
    return monotonic_us - clock.monotonic_us() + clock.now_us()
  }

  #tell(service: string, pause: Pause): void {
    const { clock, totals, onService } = this.#parts
    const { born, ended, read } = totals
    const facts = { service, now_us: clock.now_us(), open: born - ended, one_each: born === read }
    switch (pause.kind) {
      case 'down': {
        const { failures, next_try_us } = pause.breaker
        return onService({
          ...{ kind: 'down', ...facts, failures },
          ...{ next_try_us: this.#stampOf(next_try_us), last: pause.last },
        })
      }
      case 'left_alone':
        return onService({ kind: 'left_alone', ...facts, until_us: this.#stampOf(pause.until_us) })
      case 'paced': {
        const { until_us, assumed } = pause
        return onService({ kind: 'paced', ...facts, until_us: this.#stampOf(until_us), assumed })
      }
      case 'back':
        return onService({ kind: 'back', service })
    }
  }
}
