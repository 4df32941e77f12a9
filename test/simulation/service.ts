/**
 * What a simulated run asks outside: services whose answers follow from the request alone, and whose latency and moods follow
 * from chance. They outlive processes, and note whoever exceeds what was agreed.
 */
import type { CallAnswer, CallFailure, CallTry } from '../../src/sdk/call.ts'
import type { VisitContext } from '../../src/sdk/spec.ts'
import type { VirtualClock } from '../support/virtual-clock.ts'
import type { Asks, Limits } from './model.ts'
import type { Random } from './random.ts'
import type { Trouble } from './trouble.ts'

/** What a request comes to: an answer, one after some attempts of the visit, or none ever. */
export type Response =
  | { readonly kind: 'answer'; readonly value: number; readonly down_for: number }
  | { readonly kind: 'refused' }
  | { readonly kind: 'busy' }

/** What is asked about a row with `n`, in order; some requests are equal. */
export function requestsOf({ requests }: Asks, n: number): number[] {
  return Array.from({ length: requests }, (_, i) => (n + 13 * (i % 3)) % 89)
}

/** How many of a visit's requests are the same as that with this ordinal. */
export function equalTo(ordinal: number, requests: number): number {
  return Math.ceil((requests - ((ordinal - 1) % 3)) / 3)
}

/** A pure function: both sides of the simulation agree by it. */
export function responseOf(service: string, about: number): Response {
  const dice = (about * 7 + service.length * 3) % 23
  if (dice === 0) return { kind: 'refused' }
  if (dice === 1) return { kind: 'busy' }
  return { kind: 'answer', value: (about * 5) % 7, down_for: dice < 5 ? dice - 1 : 0 }
}

/** In nano-dollars; an attempt that the service was down for costs, too. */
function costOf(about: number): number {
  return (about % 5) * 1_000_000
}

/** One time that a service came back to somebody. */
export interface Delivery {
  readonly service: string
  readonly about: number
  readonly kind: 'answer' | 'error' | 'throttled'
  readonly at_us: number
}

interface Asked {
  readonly service: string
  readonly about: number
  readonly most_nusd: number
}

interface InFlight {
  readonly service: string
  readonly most_nusd: number
}

const MINUTE_US = 60_000_000
const BUSY: CallFailure = {
  kind: 'failure',
  code: 'SIM_BUSY',
  message: 'busy',
  retryable: true,
  throttled: true,
  unbilled: true,
}

export class Services {
  readonly problems: string[] = []
  /** What was delivered to the process at work, in order. */
  deliveries: Delivery[] = []
  /** Never to be asked: a replay. */
  silent = false
  /** null: there is none. */
  trouble: Trouble | null = null
  readonly #random: Random
  readonly #clock: () => VirtualClock
  readonly #begun_us = new Map<string, number[]>()
  #limits: Limits = { services: {}, spend_usd: null }
  #in_flight = new Set<InFlight>()
  #spent_nusd = 0

  constructor(random: Random, clock: () => VirtualClock) {
    this.#random = random
    this.#clock = clock
  }

  get in_flight(): number {
    return this.#in_flight.size
  }

  /** Another process begins, which knows of so much that was spent. What was under way comes back to nobody. */
  agree(limits: Limits, spent_nusd: number): void {
    this.#limits = limits
    this.#spent_nusd = spent_nusd
    this.#in_flight = new Set()
    this.deliveries = []
  }

  /** Asks what a visit has to ask. @returns the sum of the answers, or the first error in the order of the requests. */
  async hear(asks: Asks, n: number, context: VisitContext) {
    const ask = (about: number) => this.#call(asks, about, context)
    const requests = requestsOf(asks, n)
    const heard: Awaited<ReturnType<typeof ask>>[] = []
    if (asks.manner === 'in_turn')
      for (const about of requests) {
        const result = await ask(about)
        heard.push(result)
        if (result.kind === 'error') break
      }
    else if (asks.manner === 'together') heard.push(...(await Promise.all(requests.map(ask))))
    else {
      // Whoever fails first is not to be told from others: all errors are alike then.
      const failed = { kind: 'error', code: 'SIM_HASTY', message: 'hasty', retryable: true } as const
      const first = requests.map(async about => {
        const result = await ask(about)
        if (result.kind === 'error') throw new HastyError()
        return result
      })
      const all = await Promise.all(first).catch((thrown: unknown) => {
        if (thrown instanceof HastyError) return null
        throw thrown
      })
      if (all === null) return failed
      heard.push(...all)
    }
    const error = heard.find(each => each.kind === 'error')
    if (error !== undefined) return error
    const values = heard.map(each => (each.kind === 'answer' ? (each.response as { value: number }).value : 0))
    return { kind: 'heard', sum: values.reduce((sum, each) => sum + each, 0) } as const
  }

  #call({ service }: Asks, about: number, { call, attempt }: VisitContext) {
    let in_a_row = 0
    const most_nusd = 2 * costOf(about)
    return call(service, { request: { about, of: service }, at_most_usd: most_nusd / 1e9 }, ({ signal }) => {
      const response = responseOf(service, about)
      // In bad times who is turned away isn't so by chance, too.
      const busy = this.trouble === null && (response.kind === 'busy' || (in_a_row < 4 && this.#random.chance(0.1)))
      if (busy) in_a_row++
      return this.#perform({ service, about, most_nusd }, signal, () => {
        const bad = this.trouble?.at(service, this.#clock().passed_us()) ?? null
        if (bad !== null) return bad
        // Of a request that it will never take it says so in the end.
        if (busy && in_a_row <= 5) return this.#throttling()
        if (response.kind === 'busy') return { ...BUSY, throttled: false }
        if (response.kind === 'answer' && attempt > response.down_for)
          return { kind: 'answer', response: { value: response.value }, usage: usageOf(about) }
        const retryable = response.kind === 'answer'
        const failure = { kind: 'failure', code: retryable ? 'SIM_DOWN' : 'SIM_REFUSED', message: 'no' } as const
        const wait = retryable && this.#random.chance(0.3) ? { retry_after_ms: this.#random.between(0, 3000) } : {}
        return { ...failure, retryable, ...wait, usage: usageOf(about) }
      })
    })
  }

  #throttling(): CallAnswer {
    return this.#random.chance(0.5) ? BUSY : { ...BUSY, retry_after_ms: this.#random.between(0, 4000) }
  }

  async #perform(asked: Asked, signal: CallTry['signal'], answer: () => CallAnswer): Promise<CallAnswer> {
    const { service, about, most_nusd } = asked
    const in_flight = { service, most_nusd }
    const all = this.#in_flight
    all.add(in_flight)
    this.#check(service)
    const longest_us = this.#random.chance(0.1) ? 8_000_000 : 300_000
    const { promise: given_up, resolve: giveUp } = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => giveUp())
    await Promise.race([this.#clock().sleep(this.#random.below(longest_us)), given_up])
    all.delete(in_flight)
    const result = answer()
    const throttled = result.kind === 'failure' && result.throttled === true
    // A call that was given up delivers nothing.
    if (!signal.aborted) {
      const kind = result.kind === 'answer' ? 'answer' : throttled ? 'throttled' : 'error'
      this.deliveries.push({ service, about, kind, at_us: this.#clock().monotonic_us() })
    }
    if (result.kind === 'answer' || result.unbilled !== true) this.#spent_nusd += costOf(about)
    return result
  }

  /** A call has begun: is it allowed? */
  #check(service: string): void {
    const problem = (what: string) => this.problems.push(`${service}: ${what}`)
    if (this.silent) problem('it was asked, in a replay')
    const now_us = this.#clock().passed_us()
    const begun = this.#begun_us.get(service) ?? []
    this.#begun_us.set(service, begun)
    begun.push(now_us)
    const { concurrency = 16, per_minute } = this.#limits.services[service] ?? {}
    const busy = [...this.#in_flight].filter(each => each.service === service).length
    if (busy > concurrency) problem(`${busy} calls are under way where ${concurrency} may be`)
    const recent = begun.filter(at_us => at_us >= now_us - MINUTE_US).length
    if (per_minute !== undefined && recent > per_minute) problem(`${recent} calls of ${per_minute} in a minute`)
    const reserved_nusd = [...this.#in_flight].reduce((sum, each) => sum + each.most_nusd, 0)
    const { spend_usd } = this.#limits
    if (spend_usd !== null && this.#spent_nusd + reserved_nusd > Math.round(spend_usd * 1e9))
      problem(`${this.#spent_nusd} + ${reserved_nusd} of ${spend_usd * 1e9} nano-dollars`)
  }
}

class HastyError extends Error {}

function usageOf(about: number) {
  return { input_tokens: about, output_tokens: 1, cost_usd: costOf(about) / 1e9 }
}
