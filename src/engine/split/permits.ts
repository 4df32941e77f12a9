/**
 * What the splits of a run that one process works on may ask of services and spend, whichever of its threads work on them. It is in one thread, and
 * hears from others by messages; those of a thread come in the order in which it sent them.
 *
 *   a split's session ── place? money? ──► Permits ── place, money ──► the session begins a call
 *            └───────── ended, not needed, spent, given back ────────►
 *
 * PERMITS-1. Of each service no more places are out than `concurrency`. In any minute no more calls count than `per_minute`: a call does from when its place
 *     is given out until a minute after it has come back.
 * PERMITS-2. Money: RUN-MONEY-1, RUN-MONEY-2.
 * PERMITS-3. First come, first served, and each split asks for one place of a service at a time: none has another one before all that asked meanwhile have one.
 * PERMITS-4. What a split still has when it is left comes back: its calls count as ended then, and what they may cost as spent.
 */
import type { Plan } from '../../plan/plan.ts'
import type { Spent } from '../calls/elsewhere.ts'
import type { SharedLimits } from '../calls/service.ts'
import { serviceLimits } from '../calls/service-limits.ts'
import type { Clock } from '../ports/ports.ts'
import type { SpentBudget } from '../ports/workers.ts'
import { type Cost, type Given, RunMoney } from './run-money.ts'
import { type PlaceSeeker, ServicePlaces } from './service-places.ts'

/** What a split's session says. */
export type PermitAsked =
  /** It wants a place for its next call. */
  | { readonly kind: 'place'; readonly service: string }
  /** A place comes back; `is_used`: with a call that was made. */
  | { readonly kind: 'back'; readonly service: string; readonly is_used: boolean }
  /** `limit_by`: what its limit has become less by, or more, where a call cost more than it was said to. */
  | { readonly kind: 'money'; readonly spent: Spent; readonly limit_by: number }

/** What it is answered, some time. */
export type PermitSaid =
  | { readonly kind: 'place'; readonly service: string }
  | { readonly kind: 'wait'; readonly service: string; readonly us: number }
  | { readonly kind: 'failed'; readonly service: string; readonly thrown: unknown }
  /** Its limit is more by so much. `is_last`: that is less than it needs, and all there is. */
  | { readonly kind: 'money'; readonly nusd: number; readonly is_last: boolean }

export interface PermitsParts {
  readonly limits: Plan['limits']
  /** In nano-dollars; null: there is no limit. */
  readonly budget_nusd: number | null
  /** What is on record, by split; of no meaning where there is no limit. */
  readonly costs: ReadonlyMap<number, Cost>
  /** Whether a process before this one may have asked as often as it was allowed. */
  readonly assumes: boolean
  readonly clock: Pick<Clock, 'monotonic_us' | 'wake'>
  /** Limits that are kept with other runs. */
  readonly shared: SharedLimits | null
}

interface Client {
  readonly tell: (said: PermitSaid) => void
  /** By service, its places. */
  readonly places: Map<string, number>
  /** By service that it waits for. */
  readonly seeks: Map<string, PlaceSeeker>
}

export class Permits {
  readonly #parts: PermitsParts
  readonly #money: RunMoney | null
  readonly #services = new Map<string, ServicePlaces>()
  readonly #clients = new Map<number, Client>()

  constructor(parts: PermitsParts) {
    const { budget_nusd, costs } = parts
    this.#parts = parts
    this.#money = budget_nusd === null ? null : new RunMoney(budget_nusd, costs)
  }

  /** A split has stopped for want of money: what that is to the run, which has lost what all of its splits have. */
  spentBudget(of_split: SpentBudget | null): SpentBudget | null {
    if (of_split === null) return null
    const lost_nusd = [...this.#parts.costs.values()].reduce((sum, { lost }) => sum + lost, 0)
    return { ...of_split, lost_usd: lost_nusd / 1e9 }
  }

  /** Somebody works on a split. */
  join(part: number, tell: Client['tell']): void {
    this.#clients.set(part, { tell, places: new Map(), seeks: new Map() })
  }

  /** Of no meaning from one that has left. */
  ask(part: number, asked: PermitAsked): void {
    const client = this.#clients.get(part)
    if (client === undefined) return
    switch (asked.kind) {
      case 'place':
        return this.#seek(client, asked.service)
      case 'back': {
        const { service, is_used } = asked
        client.places.set(service, (client.places.get(service) ?? 0) - 1)
        return this.#of(service).giveBack(is_used)
      }
      case 'money':
        if (this.#money !== null) this.#give(this.#money.change(part, asked.spent, asked.limit_by))
    }
  }

  /** Nobody works on it any more. */
  leave(part: number): void {
    const client = this.#clients.get(part)
    if (client === undefined) return
    this.#clients.delete(part)
    for (const [service, seeker] of client.seeks) this.#of(service).withdraw(seeker)
    for (const [service, places] of client.places) for (let i = 0; i < places; i++) this.#of(service).giveBack(true)
    this.#give(this.#money?.leave(part) ?? [])
  }

  /** By what is on record of a split that somebody else has closed. */
  settle(part: number, cost: Cost): void {
    this.#money?.settle(part, cost)
  }

  close(): void {
    for (const each of this.#services.values()) each.close()
  }

  #give(given: readonly Given[]): void {
    for (const { part, nusd, is_last } of given) this.#clients.get(part)?.tell({ kind: 'money', nusd, is_last })
  }

  #seek({ tell, places, seeks }: Client, service: string): void {
    if (seeks.has(service)) return
    const seeker: PlaceSeeker = {
      take: () => {
        seeks.delete(service)
        places.set(service, (places.get(service) ?? 0) + 1)
        tell({ kind: 'place', service })
      },
      wait: us => tell({ kind: 'wait', service, us }),
      fail: thrown => {
        seeks.delete(service)
        tell({ kind: 'failed', service, thrown })
      },
    }
    seeks.set(service, seeker)
    this.#of(service).ask(seeker)
  }

  #of(name: string): ServicePlaces {
    const known = this.#services.get(name)
    if (known !== undefined) return known
    const { limits, clock, shared, assumes } = this.#parts
    const made = new ServicePlaces({ name, limits: serviceLimits(limits, name), clock, shared }, assumes)
    this.#services.set(name, made)
    return made
  }
}
