/**
 * Times of a run: its entries never go back, nothing ended after the commit that tells of it, and a visit's duration is what lies
 * between its start and its end without the times at which the run's clock stood still.
 */
import type { RunEntry, SubjectEntry, VisitFact } from '../../format/entry.ts'
import { grouped } from '../../model/number-text.ts'
import type { Check, Place } from './check.ts'

/** Shorter visits that say of no standstill have none: no jump is as short. */
const LONG_US = 1_000_000

/** Whether the run's clock may have stood still in a visit that began after it did last. */
export function mayHaveStood({ stood_us, duration_us }: Pick<VisitFact, 'stood_us' | 'duration_us'>): boolean {
  return stood_us > 0 || duration_us >= LONG_US
}

interface Timed {
  readonly where: Place
  readonly start_us: number
  readonly end_us: number
  readonly stood_us: number
}

export class Times {
  readonly #check: Check
  #last_us = 0
  /** Of the run's last entry but for those that stand before the commit that they belong to. */
  #previous_us = 0
  /** When the run was down or its clock jumped, in order. */
  readonly #stood: (readonly [number, number])[] = []
  #stood_until_us = 0
  /** Of the commit that is read: when what it tells of ended at last, and visits in which the clock may have stood still. */
  #ended: { readonly where: Place; readonly us: number } | null = null
  #visits: Timed[] = []

  constructor(check: Check) {
    this.#check = check
  }

  take({ time_us, visits }: SubjectEntry, where: Place): void {
    let last_us = time_us
    for (const visit of visits) {
      const start_us = time_us + visit.start_us
      const { stood_us, duration_us } = visit
      const end_us = start_us + duration_us + stood_us
      if (end_us > last_us) last_us = end_us
      if (mayHaveStood(visit) || start_us < this.#stood_until_us)
        this.#visits.push({ where, start_us, end_us, stood_us })
    }
    if (this.#ended === null || last_us > this.#ended.us) this.#ended = { where, us: last_us }
  }

  /** Whether the clock can't have stood still in a visit that began then. */
  isAfterAll(start_us: number): boolean {
    return start_us >= this.#stood_until_us
  }

  /** The same of entries in no visit of which the clock stood still; `us`: when what they tell of ended at last. */
  takeAll(us: number, where: Place): void {
    if (this.#ended === null || us > this.#ended.us) this.#ended = { where, us }
  }

  run(facts: RunEntry, where: Place): void {
    const { t, k } = facts
    if (t < this.#last_us) this.#check.add(`${where}: its time lies before that of the run's entry before it`)
    this.#last_us = t
    if (k === 'publish' || k === 'file' || k === 'calls') return
    if (k === 'resume') this.#stand(this.#previous_us, t)
    if (k === 'commit' || k === 'stop')
      for (const [from, to] of facts.jumps ?? []) {
        if (from < Math.max(this.#previous_us, this.#stood_until_us) || to <= from || to > t)
          this.#check.add(`${where}: the clock can't have jumped from ${grouped(from)} to ${grouped(to)}`)
        this.#stand(from, to)
      }
    this.#previous_us = t
    if (this.#ended !== null && this.#ended.us > t)
      this.#check.add(`${this.#ended.where} tells of a time after that of the commit that it belongs to`)
    this.#ended = null
    for (const each of this.#visits) {
      const stood_us = this.#stoodWithin(each)
      if (stood_us !== each.stood_us)
        this.#check.add(
          `${each.where}: it says that the run's clock stood still for ${grouped(each.stood_us)} µs of a visit, and it did for ${grouped(stood_us)} µs`,
        )
    }
    this.#visits = []
  }

  #stand(from_us: number, to_us: number): void {
    this.#stood.push([from_us, to_us])
    this.#stood_until_us = Math.max(this.#stood_until_us, to_us)
  }

  #stoodWithin({ start_us, end_us }: Timed): number {
    let all_us = 0
    for (const [from, to] of this.#stood) all_us += Math.max(0, Math.min(to, end_us) - Math.max(from, start_us))
    return all_us
  }
}
