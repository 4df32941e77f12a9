/**
 * Calls to outside services, from when a visit asks until it has its answer.
 *
 * DISPATCHER-1. A call begins when its service and the budget allow it, on the run's clock, and never after `close`. One that can't be
 *     taken back is made only when it is durably on record that it will be.
 * DISPATCHER-2. What came back is recorded before the visit hears of it, in the same step; a recorded answer is given instead of asking
 *     again.
 * DISPATCHER-3. What a visit hears is what the ledger keeps: canonical JSON, the same whether it was just asked or is on record.
 * DISPATCHER-4. What a plugin says of a call that nothing can be made of is a defect of the plugin.
 * DISPATCHER-5. A visit hears nothing of what isn't its own: of a service that is down, or turns everybody away. Its call is made again, with no
 *     attempt used up, or the run stops, and whoever resumes it makes the call.
 */
import {
  CALL_ERROR,
  CALL_OK,
  CALL_REFUSED,
  CALL_THROTTLED,
  type CallCosts,
  type CallStatus,
} from '../../format/entry.ts'
import type { RecordedCall, Recordings } from '../../format/recording.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import type { Plan } from '../../plan/plan.ts'
import type { CallAnswer, CallFailure, CallRequest, CallResult } from '../../sdk/call.ts'
import type { EventQueue } from '../order/event-queue.ts'
import type { AtPoint } from '../ports/crash-points.ts'
import { defect, describe } from '../ports/plugin-defect.ts'
import type { RunClock } from '../ports/run-clock.ts'
import type { Asker } from '../record/call-fact.ts'
import type { Recorder } from '../record/recorder.ts'
import type { Stack } from '../token/fork-frames.ts'
import { Budget, capOf } from './budget.ts'
import type { Elsewhere } from './elsewhere.ts'
import {
  type Asked,
  type Asking,
  intend,
  leaves,
  type OpenCall,
  type Perform,
  type Performed,
  performed,
  requestText,
  type Sending,
  type Settle,
  type Time,
  waiterOf,
} from './open-call.ts'
import { type Letter, Outbox } from './outbox.ts'
import { ReplayMiss } from './replay-miss.ts'
import {
  failed,
  failureText,
  heard,
  mostOf,
  NOTHING,
  type Refusals,
  type Reported,
  refusalsOf,
  reportedOf,
  resultOnRecord,
  statusOnRecord,
  waitOf,
} from './result.ts'
import type { Held, SharedLimits, Waiter } from './service.ts'
import { lastOf, type ServiceState, stopError } from './service-state.ts'
import { Services } from './services.ts'
import { throttledDelay_ms } from './throttle.ts'
import { isMadeAgain, type Trouble, troubleOf } from './trouble.ts'
import { type CallingContext, Visit } from './visit.ts'

/** Stands in the record of a call whose plugin threw. */
const DEFECT = 'CUSTODY_PLUGIN_DEFECT'
/** How long calls under way may still take when the run is to stop. */
const GRACE_US = 10_000_000
/** The part of the golden ratio behind the point: multiples of it spread evenly between 0 and 1. */
const SPREAD = 0.618_033_988_749_895

export interface CallDispatcherParts {
  readonly limits: Plan['limits']
  readonly clock: RunClock
  readonly recorder: Recorder
  readonly events: EventQueue
  readonly signal: AbortSignal
  /** Limits that are kept with other runs; null for limits of this run's own. */
  readonly shared: SharedLimits | null
  readonly atPoint: AtPoint
  /** Reported when a service pauses, and when it is back. */
  readonly onService: (state: ServiceState) => void
  /** Null: no other session of the run asks services. */
  readonly elsewhere: Elsewhere | null
  /** The most that calls may have cost that were under way when a process before this one was gone, in nano-dollars. */
  readonly lost_nusd: number
  /** Where calls are answered from instead of being made; null to make them. */
  readonly recordings: Recordings | null
  /** Where answers are looked up before a call is made, by a run that repeats rows of another; null to make all calls. */
  readonly answered: Recordings | null
}

/** What happens where nothing is on record. */
type Miss = (ended_us: number, stack: Stack) => void

export class CallDispatcher {
  readonly #parts: CallDispatcherParts
  readonly #services: Services<Stack>
  readonly #budget: Budget
  /** Aborted when calls under way are given up. */
  readonly #given_up = new AbortController()
  /** What waits to be on record before it is sent. */
  readonly outbox = new Outbox()
  /** Visits with calls that wait to begin. */
  waiting_visits = 0
  #in_flight = 0
  #spread = 0
  #closed = false
  /** Something is to be looked at when all that has come is applied. */
  #looks = false
  /** The run is about to stop because of a service. */
  #stops = false

  constructor(parts: CallDispatcherParts) {
    this.#parts = parts
    const { limits, recorder, elsewhere, events, lost_nusd } = parts
    this.#budget = new Budget(capOf(limits.spend_usd), recorder.totals.calls?.cost_nusd ?? 0, lost_nusd, elsewhere)
    this.#services = new Services({
      ...parts,
      totals: parts.recorder.totals,
      allows: most_nusd => this.#budget.allows(most_nusd),
      stop: error => events.fallDue(() => this.#stop(error)),
    })
    elsewhere?.onMore(looked => events.fallDue(() => this.#services.pumpAll(looked)))
  }

  /** Continues after a process that may have made calls up to `at_us`. */
  goOn(at_us: number): void {
    this.#services.goOn(at_us)
  }

  /** What a visit at a node with services gets, and a source; `made`: how many calls it has made before. */
  context(asker: Asker, services: readonly string[], made = 0): CallingContext {
    const visit = new Visit(asker, services, made)
    asker.answers.beginAttempt()
    return {
      attempt: asker.attempt,
      signal: this.#parts.signal,
      call: (service, request, perform) => this.#call(visit, service, request, perform),
      callsBack: () => visit.back(),
      isCalling: () => visit.isCalling,
    }
  }

  /** Calls that were begun and have not come back, unless they were given up. */
  get in_flight(): number {
    return this.#given_up.signal.aborted ? 0 : this.#in_flight
  }

  /** The most that calls may cost of which nothing is on record, in nano-dollars. */
  get at_risk_nusd(): number {
    return this.#budget.at_risk_nusd
  }

  /** Visits that can't go on for want of budget, if that is all that calls wait for; else 0. */
  get unaffordable(): number {
    return this.#in_flight > 0 || this.#services.anyWaits || this.#budget.mayGrow ? 0 : this.waiting_visits
  }

  /** The least of what calls that wait for budget can cost at most; null if none waits. */
  get next_call_usd(): number | null {
    const nusd = this.#services.next_call_nusd
    return nusd === null ? null : nusd / 1e9
  }

  /** Nothing begins any more; what is under way has some time to come back. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#services.close()
    this.outbox.clear()
    const { clock, events } = this.#parts
    if (this.#in_flight > 0) clock.wake(GRACE_US, () => events.fallDue(() => this.giveUp()))
  }

  /** What is under way is given up. */
  giveUp(): void {
    this.#given_up.abort()
  }

  /**
   * Has something sent, once that is durably on record. `settle` gets the result as events, or that a replay has no record of it.
   * @throws CustodyError CUSTODY_PLUGIN_DEFECT if its service isn't one of the node's, or the request no JSON.
   */
  send({ asking: [first, ...others], services, service: name, perform }: Sending, settle: Settle): void {
    const { node } = first.asker
    if (!services.includes(name))
      throw defect(node.name, `sends to ${name}, which isn’t among the services that it declares`)
    const asked = ({ asker, request }: Asking): Asked => {
      const visit = new Visit(asker, services)
      return { visit, request: requestText(asker, request), ordinal: visit.next() }
    }
    this.#enter({
      ...{ asked: [asked(first), ...others.map(asked)], service: this.#services.of(name), name },
      ...{ perform, outbound: true, most_nusd: 0, waiter: null, throttled: 0, answers_before: 0, resolve: settle },
      doubted: false,
      reject: (thrown, ended_us, stack) => {
        if (!(thrown instanceof ReplayMiss)) throw defect(node.name, `threw ${describe(thrown)}`, thrown)
        settle({ kind: 'missed', message: thrown.message }, ended_us, stack)
      },
    })
  }

  #call(visit: Visit, name: string, asked: CallRequest, perform: Perform): Promise<CallResult> {
    const { answers, node } = visit.asker
    if (visit.over) return Promise.reject(defect(node.name, `calls ${name} after it has returned`))
    if (!visit.services.includes(name))
      return Promise.reject(defect(node.name, `calls ${name}, which isn’t among the services that it declares`))
    const request = canonicalize(asked.request)
    const most_nusd = mostOf(asked.at_most_usd)
    const ordinal = visit.next()
    const known = answers.take(name, request, ordinal)
    if (known !== null) return Promise.resolve({ kind: 'answer', response: known.response })
    const { promise, resolve, reject } = Promise.withResolvers<CallResult>()
    visit.opens()
    this.#enter({
      asked: [{ visit, request, ordinal }],
      ...{ service: this.#services.of(name), name, perform, most_nusd, waiter: null, throttled: 0, answers_before: 0 },
      ...{ outbound: false, doubted: false },
      resolve: result => {
        resolve(result)
        visit.closes()
      },
      reject: thrown => {
        reject(thrown)
        visit.closes()
      },
    })
    return promise
  }

  #enter(pending: OpenCall): void {
    const { recordings, answered } = this.#parts
    const ask = () => this.#wait(pending, waiter => pending.service.enter(waiter))
    if (recordings !== null)
      this.#lookUp(
        pending,
        // What a source was refused, it asked for until it was answered; a visit is given its errors, too.
        asked => recordings.take(asked, pending.asked[0].visit.asker.subject === null ? 'answer' : undefined),
        (ended_us, stack) => pending.reject(new ReplayMiss(pending.name), ended_us, stack),
      )
    else if (answered !== null && !pending.outbound) this.#lookUp(pending, asked => answered.take(asked, 'answer'), ask)
    else ask()
  }

  /** Nothing is asked if the record has what the call comes to. Rows are on record one by one. */
  #lookUp(pending: OpenCall, take: Recordings['take'], miss: Miss): void {
    const { name } = pending
    const [{ visit, request, ordinal }] = pending.asked
    const { clock, events } = this.#parts
    const started_us = clock.now_us()
    const give = (found: RecordedCall | null, stack: Stack) => {
      const ended_us = clock.now_us()
      if (found === null) return miss(ended_us, stack)
      const response = canonicalize(found.response)
      const data = heard(response)
      this.#record(pending, statusOnRecord(found.kind), response, NOTHING, { started_us, ended_us })
      if (found.kind === 'answer') visit.asker.answers.add(name, request, ordinal, data)
      pending.resolve(resultOnRecord(found.kind, data), ended_us, stack)
    }
    const { place, attempt } = visit.asker
    take({ place: place(), attempt, ordinal, service: name, request }).then(
      found => events.arrive(stack => give(found, stack)),
      (thrown: unknown) => events.arrive(stack => pending.reject(thrown, clock.now_us(), stack)),
    )
  }

  #wait(pending: OpenCall, enter: (waiter: Waiter) => void): void {
    if (this.#closed) return
    const { most_nusd } = pending
    const [{ visit }] = pending.asked
    const { clock, events } = this.#parts
    if (visit.waiting++ === 0) this.waiting_visits++
    const waiter: Waiter = {
      most_nusd,
      begin: () => {
        if (--visit.waiting === 0) this.waiting_visits--
        this.#begin(pending)
      },
      fail: thrown => {
        if (--visit.waiting === 0) this.waiting_visits--
        events.arrive(stack => pending.reject(thrown, clock.now_us(), stack))
      },
    }
    pending.waiter = waiter
    enter(waiter)
  }

  #begin(pending: OpenCall): void {
    this.#in_flight++
    this.#budget.begin(pending.most_nusd)
    if (pending.outbound) return this.#announce(pending)
    this.#parts.atPoint('before_call')
    this.#perform(pending)
  }

  /** It is sent when the next commit, which has its intent, is durable. */
  #announce(pending: OpenCall): void {
    const { events, recorder } = this.#parts
    const letter: Letter = {
      intend: () => intend(pending, recorder),
      send: () => {
        if (!this.#given_up.signal.aborted) this.#perform(pending)
      },
      drop: () => {
        this.#ends(pending, NOTHING)
        leaves(pending)
      },
    }
    events.fallDue(() => {
      if (this.#closed) letter.drop()
      else this.outbox.add(letter)
    })
  }

  #perform(pending: OpenCall): void {
    const { clock, events } = this.#parts
    const started_us = clock.now_us()
    performed(pending, this.#given_up.signal).then(
      answer => {
        const time = { started_us, ended_us: clock.now_us() }
        events.arrive(stack => this.#settle(pending, answer, time, stack))
      },
      (thrown: unknown) => {
        const time = { started_us, ended_us: clock.now_us() }
        events.arrive(stack => this.#broke(pending, thrown, time, stack))
      },
    )
  }

  #settle(pending: OpenCall, answer: Performed, time: Time, stack: Stack): void {
    let reported: Reported
    let refusals: Refusals
    try {
      reported = reportedOf(answer, pending.most_nusd)
      refusals = refusalsOf(answer)
    } catch (thrown) {
      const what = thrown instanceof Error ? thrown.message : String(thrown)
      const { node } = pending.asked[0].visit.asker
      const misreport = defect(node.name, `says of a call to ${pending.name} what nothing can be made of: ${what}`)
      return this.#broke(pending, misreport, time, stack)
    }
    const { text, costs } = reported
    const trouble = troubleOf(answer)
    const throttled = trouble === 'throttled' && this.#isMadeAgain(pending, answer)
    this.#ends(pending, costs)
    const status = answer.kind === 'answer' ? CALL_OK : throttled ? CALL_THROTTLED : CALL_ERROR
    this.#record(pending, status, text, costs, time, refusals)
    if (answer.kind === 'answer') this.#answered(pending, heard(text), refusals, time, stack)
    else this.#failed(pending, answer, trouble, throttled, time, stack)
    // What it cost less than it might have is there for others.
    this.#services.pumpOthers(pending.service)
    this.#lookAtHeld()
  }

  #answered(pending: OpenCall, response: Json, refusals: Refusals, { ended_us }: Time, stack: Stack): void {
    for (const [place, { visit, request, ordinal }] of pending.asked.entries())
      if (!refusals.has(place)) visit.asker.answers.add(pending.name, request, ordinal, response)
    const refused = new Map(Array.from(refusals, ([place, { error }]) => [place, error]))
    pending.resolve({ kind: 'answer', response, refused }, ended_us, stack)
    for (const each of pending.service.answered(waiterOf(pending))) each.hear(stack, true)
  }

  /** `again`: it was throttled, and is made again. */
  #failed(pending: OpenCall, answer: CallFailure, trouble: Trouble, again: boolean, time: Time, stack: Stack): void {
    const { service } = pending
    switch (trouble) {
      case 'stops':
        leaves(pending)
        return this.#stop(stopError(pending.name, pending.asked[0].visit.asker.node.name, answer))
      case 'throttled':
        if (!again) pending.resolve(failed(pending, answer), time.ended_us, stack)
        for (const each of this.#throttled(pending, answer, again, time)) each.hear(stack, true)
        return
      case 'outage':
        return this.#metOutage(pending, answer, time, stack)
      case null:
        pending.resolve(failed(pending, answer), time.ended_us, stack)
        for (const each of service.answered(waiterOf(pending))) each.hear(stack, true)
    }
  }

  /** What may have been done must not be done twice: then the visit hears of it at once. */
  #metOutage(pending: OpenCall, answer: CallFailure, { ended_us }: Time, stack: Stack): void {
    const { service, outbound } = pending
    const { answers } = pending.asked[0].visit.asker
    const error = failed(pending, answer)
    const held: Held<Stack> = {
      hear: (to, suspect) => {
        answers.isSuspect ||= suspect
        pending.resolve(error, ended_us, to)
      },
      // Others come first: should it be the row after all, one of them may find the service up.
      again: () => this.#wait(pending, waiter => service.enter(waiter)),
    }
    const surely = answer.outage === 'surely'
    const counts = surely || !answers.isSuspect
    const holds = service.holds && answer.retryable && (counts || service.isDown)
    service.metOutage(waiterOf(pending), holds ? held : null, { counts, surely, last: lastOf(answer) })
    if (holds) return
    pending.resolve(outbound && service.isDown ? { ...error, uncounted: true } : error, ended_us, stack)
  }

  /** Of calls that met outages, when all that has come is applied: whether anything is left that could show more. */
  #lookAtHeld(): void {
    if (this.#looks || !this.#services.anyHeld) return
    this.#looks = true
    this.#parts.events.fallDue(stack => {
      this.#looks = false
      for (const each of this.#services.takeUndecided()) each.hear(stack, false)
    })
  }

  /** The run stops, with what waits as it is. */
  #stop(error: Error): void {
    if (this.#closed || this.#stops) return
    this.#stops = true
    throw error
  }

  #isMadeAgain(pending: OpenCall, answer: CallAnswer): boolean {
    const { service, throttled: times } = pending
    if (times === 0) pending.answers_before = service.answers
    return isMadeAgain({
      times,
      says_when: answer.kind === 'failure' && waitOf(answer) !== null,
      answers_others: service.answers > pending.answers_before,
      others_wait: service.hasOthers,
    })
  }

  /** The service asked to be left alone; `again`: the call is made again in its time. */
  #throttled(pending: OpenCall, answer: CallFailure, again: boolean, { started_us }: Time) {
    const { clock, events } = this.#parts
    const { service } = pending
    this.#spread = (this.#spread + SPREAD) % 1
    const { retry } = pending.asked[0].visit.asker.node
    const wait_ms = waitOf(answer)
    const delay_ms = throttledDelay_ms(++pending.throttled, wait_ms, retry, this.#spread)
    const delay_us = Math.round(delay_ms * 1000)
    if (again) {
      service.resting++
      clock.wake(delay_us, () =>
        events.fallDue(() => {
          service.resting--
          this.#wait(pending, waiter => service.enterAgain(waiter))
        }),
      )
    }
    // One call may wait longer than the service asked for; others needn't.
    return service.throttled(waiterOf(pending), started_us, Math.round((wait_ms ?? delay_ms) * 1000))
  }

  /**
   * The plugin threw: a defect. The request may have been made all the same; if it can't be taken back, it stays on record as
   * unanswered.
   */
  #broke(pending: OpenCall, thrown: unknown, time: Time, stack: Stack): void {
    // It may have reached the service.
    const costs = { ...NOTHING, cost_nusd: pending.most_nusd }
    this.#ends(pending, costs)
    leaves(pending)
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    if (!pending.outbound)
      this.#record(pending, CALL_ERROR, failureText({ code: DEFECT, message, retryable: false }), costs, time)
    pending.reject(thrown, time.ended_us, stack)
  }

  #ends({ most_nusd }: OpenCall, { cost_nusd }: CallCosts): void {
    this.#in_flight--
    this.#budget.end(most_nusd, cost_nusd)
  }

  #record(
    pending: OpenCall,
    of_all: CallStatus,
    text: string,
    costs: CallCosts,
    time: Time,
    refusals?: Refusals,
  ): void {
    const { recorder, atPoint } = this.#parts
    for (const [place, { visit, ordinal, request }] of pending.asked.entries()) {
      const service = visit.services.indexOf(pending.name) + 1
      const refusal = refusals?.get(place)
      const status = refusal === undefined ? of_all : CALL_REFUSED
      const response = refusal?.text ?? text
      recorder.calls.call(visit.asker, { ordinal, service, status, request, response, costs, ...time })
    }
    atPoint('after_call')
  }
}
