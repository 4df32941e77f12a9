/** How services were used: how many calls at a time and in a minute, how long they waited to begin, how many failed in a row. Pure. */
import { CALL_ERROR, CALL_THROTTLED, type CallFact, isRecordedCall, type SubjectEntry } from '../../format/entry.ts'
import { Histogram } from './histogram.ts'

const MINUTE_US = 60_000_000

class ServiceUse {
  readonly #begun_us: number[] = []
  readonly #ended_us: number[] = []
  /** Whether each was an error, in the same order. */
  readonly #failed: boolean[] = []
  readonly #waits = new Histogram()
  #throttled = 0

  /** `begun_us`: on the clock of the record. What was answered from the record asked nobody. */
  add({ status, duration_us }: Pick<CallFact, 'status' | 'duration_us'>, begun_us: number): void {
    if (isRecordedCall(status)) return
    if (status === CALL_THROTTLED) this.#throttled++
    this.#begun_us.push(begun_us)
    this.#ended_us.push(begun_us + duration_us)
    this.#failed.push(status === CALL_ERROR)
  }

  /** A visit or a call that was turned away had to wait so long until its call began. */
  waited(us: number): void {
    this.#waits.add(Math.max(0, us))
  }

  json() {
    const waits = this.#waits
    return {
      ...{ calls: this.#begun_us.length, throttled: this.#throttled, most_failed_in_a_row: this.#mostInARow() },
      ...{ most_at_once: this.#mostAtOnce(), most_in_a_minute: this.#mostInAMinute() },
      wait_us: { p50: waits.quantile(0.5), p95: waits.quantile(0.95), max: waits.max },
    }
  }

  #mostAtOnce(): number {
    const begun = ascending(this.#begun_us)
    const ended = ascending(this.#ended_us)
    let [most, over] = [0, 0]
    for (const [i, at] of begun.entries()) {
      // Where one ends as another begins, its place is free.
      while ((ended[over] ?? Number.POSITIVE_INFINITY) <= at) over++
      most = Math.max(most, i + 1 - over)
    }
    return most
  }

  #mostInAMinute(): number {
    const begun = ascending(this.#begun_us)
    let [most, first] = [0, 0]
    for (const [i, at] of begun.entries()) {
      while ((begun[first] ?? at) <= at - MINUTE_US) first++
      most = Math.max(most, i + 1 - first)
    }
    return most
  }

  /** In the order in which answers came. */
  #mostInARow(): number {
    const order = [...this.#ended_us.keys()].sort((a, b) => (this.#ended_us[a] ?? 0) - (this.#ended_us[b] ?? 0))
    let [most, now] = [0, 0]
    for (const i of order) {
      now = this.#failed[i] === true ? now + 1 : 0
      most = Math.max(most, now)
    }
    return most
  }
}

const ascending = (times: readonly number[]): Float64Array => Float64Array.from(times).sort()

/** Of all services of a run, from its entries in their order. */
export class ServiceUses {
  readonly #services = new Map<string, ServiceUse>()
  /** When the first call of a visit began that isn't on record yet. */
  readonly #first_us = new Map<string, { readonly use: ServiceUse; readonly begun_us: number }>()
  /** When a call was turned away that is made again in the same place. */
  readonly #away_us = new Map<string, number>()

  /** Whether there are visits to come whose calls are on record. */
  get waits(): boolean {
    return this.#first_us.size > 0
  }

  add(
    { calls, visits, time_us }: Pick<SubjectEntry, 'calls' | 'visits' | 'time_us'>,
    serviceOf: (call: CallFact) => string,
  ): void {
    for (const call of calls) this.#call(call, time_us, serviceOf(call))
    for (const { token, node, attempt, start_us } of visits) {
      const key = `${token} ${node} ${attempt}`
      const first = this.#first_us.get(key)
      if (first === undefined) continue
      this.#first_us.delete(key)
      first.use.waited(first.begun_us - time_us - start_us)
    }
  }

  json() {
    return [...this.#services].map(([service, use]) => ({ service, ...use.json() })).filter(each => each.calls > 0)
  }

  #call(call: CallFact, time_us: number, service: string): void {
    const { token, node, attempt, ordinal, status } = call
    const use = this.#services.get(service) ?? new ServiceUse()
    this.#services.set(service, use)
    const begun_us = time_us + call.start_us
    use.add(call, begun_us)
    const visit = `${token} ${node} ${attempt}`
    const place = `${visit} ${ordinal}`
    const away_us = this.#away_us.get(place)
    if (away_us !== undefined) use.waited(begun_us - away_us)
    else if (ordinal === 1 && token !== 0) this.#first_us.set(visit, { use, begun_us })
    if (status === CALL_THROTTLED) this.#away_us.set(place, begun_us + call.duration_us)
    else this.#away_us.delete(place)
  }
}
