/**
 * Calls to outside services, from when a visit asks until it has its answer.
 *
 * K1. A call begins when its service and the budget allow it, on the run's clock, and never after `close`.
 * K2. What came back is recorded before the visit hears of it, in the same step; a recorded answer is given instead of asking
 *     again.
 * K3. What a visit hears is what the ledger keeps: canonical JSON, the same whether it was just asked or is on record.
 */
import { canonicalize } from '../../model/canonical.ts'
import {
  CALL_ERROR,
  CALL_OK,
  CALL_RECORDED,
  CALL_RECORDED_ERROR,
  CALL_THROTTLED,
  type CallCosts,
  type CallStatus,
} from '../../model/entry.ts'
import type { RecordedCall, Recordings } from '../../model/recording.ts'
import { frozen, type Json, withoutPrototypes } from '../../model/row.ts'
import type { Plan } from '../../plan/plan.ts'
import type { CallAnswer, CallFailure, CallRequest, CallResult, CallTry, CallUsage } from '../../sdk/call.ts'
import type { VisitContext } from '../../sdk/spec.ts'
import { MOST_THROTTLED, throttledDelay_ms } from '../decide/throttle.ts'
import type { News } from '../news.ts'
import type { Clock } from '../ports.ts'
import type { Recorder } from '../recorder.ts'
import { defect } from '../step.ts'
import { Budget } from './budget.ts'
import type { Asker, CallMade } from './call-fact.ts'
import { ReplayMiss } from './replay-miss.ts'
import { Service, type SharedLimits, type Waiter } from './service.ts'

/** Stands in the record of a call whose plugin threw. */
const DEFECT = 'CUSTODY_PLUGIN_DEFECT'
/** Calls of one service that may be under way, where `limits` doesn't say. */
const CONCURRENCY = 16
/** How long calls under way may still take when the run is to stop. */
const GRACE_US = 10_000_000
/** The part of the golden ratio behind the point: multiples of it spread evenly between 0 and 1. */
const SPREAD = 0.618_033_988_749_895

interface Visit {
  readonly asker: Asker
  readonly services: readonly string[]
  /** Calls so far. */
  ordinal: number
  /** Of these, those that wait to begin. */
  waiting: number
}

type Time = Pick<CallMade, 'started_us' | 'ended_us'>

interface Pending {
  readonly visit: Visit
  readonly service: Service
  readonly name: string
  readonly request: string
  readonly ordinal: number
  readonly most_nusd: number
  readonly perform: (attempt: CallTry) => Promise<CallAnswer>
  readonly resolve: (result: CallResult) => void
  readonly reject: (thrown: unknown) => void
  /** How often it was throttled. */
  throttled: number
}

export interface CallsParts {
  readonly limits: Plan['limits']
  readonly clock: Clock
  readonly recorder: Recorder
  readonly news: News
  readonly signal: AbortSignal
  /** Limits that are kept with other runs; null for limits of this run's own. */
  readonly shared: SharedLimits | null
  /** Where calls are answered from instead of being made; null to make them. */
  readonly recordings: Recordings | null
}

export class Calls {
  readonly #parts: CallsParts
  readonly #services = new Map<string, Service>()
  readonly #budget: Budget
  /** Aborted when calls under way are given up. */
  readonly #given_up = new AbortController()
  #under_way = 0
  /** Calls that were throttled and wait for their time. */
  #resting = 0
  /** Visits with calls that wait to begin. */
  #waiting_visits = 0
  #spread = 0
  #closed = false

  constructor(parts: CallsParts) {
    this.#parts = parts
    const { spend_usd } = parts.limits
    const cap_nusd = spend_usd === null ? Number.POSITIVE_INFINITY : nanoDollars(spend_usd)
    this.#budget = new Budget(cap_nusd, parts.recorder.tallies.calls?.cost_nusd ?? 0)
  }

  /** Calls that a process before this one made may still count in the minute: at most so many, the last of them then. */
  goOn(at_us: number): void {
    const { limits, recorder } = this.#parts
    const before = recorder.tallies.calls?.count ?? 0
    for (const [name, { per_minute }] of limits.services)
      if (per_minute !== null) this.#service(name).assumeBegun(Math.min(before, per_minute), at_us)
  }

  /** What a visit at a node with services gets. */
  context(asker: Asker, services: readonly string[]): VisitContext {
    const visit: Visit = { asker, services, ordinal: 0, waiting: 0 }
    asker.answers.beginAttempt()
    return {
      attempt: asker.attempt,
      signal: this.#parts.signal,
      call: (service, request, perform) => this.#call(visit, service, request, perform),
    }
  }

  /** Calls that were begun and have not come back, unless they were given up. */
  get under_way(): number {
    return this.#given_up.signal.aborted ? 0 : this.#under_way
  }

  /** Visits that can't go on for want of budget, if that is all that calls wait for; else 0. */
  get unaffordable(): number {
    if (this.#under_way > 0 || this.#resting > 0) return 0
    for (const service of this.#services.values()) if (service.waits === 'queued') return 0
    return this.#waiting_visits
  }

  /** Nothing begins any more; what is under way has some time to come back. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const service of this.#services.values()) service.close()
    const { clock, news } = this.#parts
    if (this.#under_way > 0) clock.wake(GRACE_US, () => news.fallDue(() => this.giveUp()))
  }

  /** What is under way is given up. */
  giveUp(): void {
    this.#given_up.abort()
  }

  #call(visit: Visit, name: string, asked: CallRequest, perform: Pending['perform']): Promise<CallResult> {
    const { answers, node } = visit.asker
    if (!visit.services.includes(name))
      return Promise.reject(defect(node.name, `calls ${name}, which isn’t among the services that it declares`))
    const request = canonicalize(asked.request)
    const ordinal = ++visit.ordinal
    const known = answers.take(name, request, ordinal)
    if (known !== null) return Promise.resolve({ kind: 'answer', response: known.response })
    return new Promise((resolve, reject) => {
      const pending = {
        ...{ visit, service: this.#service(name), name, request, ordinal, perform, resolve, reject },
        ...{ most_nusd: nanoDollars(asked.at_most_usd ?? 0), throttled: 0 },
      }
      const { recordings } = this.#parts
      if (recordings === null) this.#wait(pending, waiter => pending.service.enter(waiter))
      else this.#lookUp(pending, recordings)
    })
  }

  /** Nothing is asked: the call is what the record says, or it is missed. */
  #lookUp(pending: Pending, recordings: Recordings): void {
    const { visit, name, request, ordinal } = pending
    const { clock, news } = this.#parts
    const started_us = clock.now_us()
    const give = (found: RecordedCall | null) => {
      if (found === null) return pending.reject(new ReplayMiss(name))
      const response = canonicalize(found.response)
      const data = frozen(withoutPrototypes(JSON.parse(response) as Json))
      const answered = found.kind === 'answer'
      this.#record(pending, answered ? CALL_RECORDED : CALL_RECORDED_ERROR, response, NOTHING, {
        started_us,
        ended_us: clock.now_us(),
      })
      if (answered) visit.asker.answers.add(name, request, ordinal, data)
      pending.resolve(answered ? { kind: 'answer', response: data } : errorOf(data as unknown as CallFailure))
    }
    recordings.take(visit.asker.place(), name, request).then(
      found => news.arrive(() => give(found)),
      (thrown: unknown) => news.arrive(() => pending.reject(thrown)),
    )
  }

  #wait(pending: Pending, enter: (waiter: Waiter) => void): void {
    if (this.#closed) return
    const { visit, most_nusd } = pending
    if (visit.waiting++ === 0) this.#waiting_visits++
    enter({
      most_nusd,
      begin: () => {
        if (--visit.waiting === 0) this.#waiting_visits--
        this.#begin(pending)
      },
      fail: thrown => {
        if (--visit.waiting === 0) this.#waiting_visits--
        pending.reject(thrown)
      },
    })
  }

  #begin(pending: Pending): void {
    const { clock, news } = this.#parts
    const started_us = clock.now_us()
    this.#under_way++
    this.#budget.begin(pending.most_nusd)
    performed(pending, this.#given_up.signal).then(
      answer => {
        const time = { started_us, ended_us: clock.now_us() }
        news.arrive(() => this.#settle(pending, answer, time))
      },
      (thrown: unknown) => {
        const time = { started_us, ended_us: clock.now_us() }
        news.arrive(() => this.#broke(pending, thrown, time))
      },
    )
  }

  #settle(pending: Pending, answer: CallAnswer, time: Time): void {
    const costs = costsOf(answer.usage ?? {})
    const throttled = answer.kind === 'failure' && answer.throttled === true
    this.#ends(pending, costs)
    if (answer.kind === 'answer') {
      const response = canonicalize(answer.response)
      this.#record(pending, CALL_OK, response, costs, time)
      const data = frozen(withoutPrototypes(JSON.parse(response) as Json))
      pending.visit.asker.answers.add(pending.name, pending.request, pending.ordinal, data)
      pending.resolve({ kind: 'answer', response: data })
    } else {
      this.#record(pending, throttled ? CALL_THROTTLED : CALL_ERROR, failureText(answer), costs, time)
      if (throttled) this.#again(pending, answer, time)
      else pending.resolve(errorOf(answer))
    }
    if (!throttled) pending.service.answered()
    // What it cost less than it might have is there for others.
    for (const service of this.#services.values()) if (service !== pending.service) service.pump()
  }

  /** It was throttled: it is made again in its time, or it fails in the end. */
  #again(pending: Pending, failure: CallFailure, { started_us }: Time): void {
    const { clock, news } = this.#parts
    this.#spread = (this.#spread + SPREAD) % 1
    const { retry } = pending.visit.asker.node
    const delay_ms = throttledDelay_ms(++pending.throttled, failure.retry_after_ms, retry, this.#spread)
    const delay_us = Math.round(delay_ms * 1000)
    pending.service.throttled(started_us, delay_us)
    if (pending.throttled > MOST_THROTTLED) return pending.resolve(errorOf(failure))
    this.#resting++
    clock.wake(delay_us, () =>
      news.fallDue(() => {
        this.#resting--
        this.#wait(pending, waiter => pending.service.enterAgain(waiter))
      }),
    )
  }

  /** The plugin threw: a defect. The request may have been made all the same. */
  #broke(pending: Pending, thrown: unknown, time: Time): void {
    this.#ends(pending, NOTHING)
    pending.service.answered()
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    this.#record(pending, CALL_ERROR, failureText({ code: DEFECT, message, retryable: false }), NOTHING, time)
    pending.reject(thrown)
  }

  #ends({ most_nusd }: Pending, { cost_nusd }: CallCosts): void {
    this.#under_way--
    this.#budget.end(most_nusd, cost_nusd)
  }

  #record(pending: Pending, status: CallStatus, response: string, costs: CallCosts, time: Time): void {
    const { visit, ordinal, request, name } = pending
    const service = visit.services.indexOf(name) + 1
    this.#parts.recorder.call(visit.asker, { ordinal, service, status, request, response, costs, ...time })
  }

  #service(name: string): Service {
    const known = this.#services.get(name)
    if (known !== undefined) return known
    const { limits, clock } = this.#parts
    const service = new Service(
      name,
      { concurrency: concurrencyOf(limits, name), per_minute: limits.services.get(name)?.per_minute ?? null },
      { clock, allows: most_nusd => this.#budget.allows(most_nusd), shared: this.#parts.shared },
    )
    this.#services.set(name, service)
    return service
  }
}

/** How many calls of a service may be under way. */
export function concurrencyOf(limits: Plan['limits'], service: string): number {
  return limits.services.get(service)?.concurrency ?? CONCURRENCY
}

/** A plugin may throw at once, too. */
async function performed({ perform }: Pending, signal: AbortSignal): Promise<CallAnswer> {
  return perform({ signal })
}

const NOTHING: CallCosts = { input_tokens: 0, output_tokens: 0, cost_nusd: 0 }

/** What a plugin tells; what is no count is 0. */
function costsOf({ input_tokens, output_tokens, cost_usd }: CallUsage): CallCosts {
  const count = (told: number | undefined) => (told !== undefined && told > 0 ? Math.round(told) : 0)
  return {
    input_tokens: count(input_tokens),
    output_tokens: count(output_tokens),
    cost_nusd: Math.max(0, nanoDollars(cost_usd ?? 0)),
  }
}

/** Whole nano-dollars, rounded up: a budget must hold. */
function nanoDollars(usd: number): number {
  return Math.ceil(usd * 1e9 - 1e-6)
}

type Failed = Pick<CallFailure, 'code' | 'message' | 'retryable' | 'response'>

function failureText({ code, message, retryable, response }: Failed): string {
  const told = { code, message: message.toWellFormed(), retryable }
  return canonicalize(response === undefined ? told : { ...told, response })
}

function errorOf({ code, message, retryable, retry_after_ms }: CallFailure): CallResult {
  return { kind: 'error', code, message, retryable, retry_after_ms: retry_after_ms ?? 0 }
}
