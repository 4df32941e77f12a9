/** A call that a visit has asked for, and that hasn't come to anything yet. */
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import type { CallAnswer, CallFailure, CallResult, CallTry } from '../../sdk/call.ts'
import type { RowError } from '../../sdk/spec.ts'
import { defect, describe } from '../ports/plugin-defect.ts'
import { type Asker, type CallMade, senderOf } from '../record/call-fact.ts'
import type { Recorder } from '../record/recorder.ts'
import type { Stack } from '../token/fork-frames.ts'
import type { Service, Waiter } from './service.ts'
import type { Visit } from './visit.ts'

/** `refused`: rows that a request which was taken was taken without, by their places in it from 0. */
export type Performed = CallAnswer & { readonly refused?: ReadonlyMap<number, CallFailure> }
export type Perform = (attempt: CallTry) => Promise<Performed>
export type Time = Pick<CallMade, 'started_us' | 'ended_us'>

/** One who asks, and what. */
export interface Asked {
  readonly visit: Visit
  /** Canonical text. */
  readonly request: string
  readonly ordinal: number
}

/** A call, from when it is asked for until its visit hears of it. */
export interface OpenCall {
  /** Several, where rows are sent together. */
  readonly asked: readonly [Asked, ...Asked[]]
  readonly service: Service<Stack>
  readonly name: string
  readonly most_nusd: number
  readonly perform: Perform
  /** Can't be taken back. */
  readonly outbound: boolean
  /** Both are called while events is applied. */
  readonly resolve: (result: CallEnd, ended_us: number, stack: Stack) => void
  readonly reject: (thrown: unknown, ended_us: number, stack: Stack) => void
  /** Of some request nobody knows whether it was taken. */
  doubted: boolean
  /** How it waited for what is under way now. */
  waiter: Waiter | null
  /** How often it was throttled, and how many calls the service had answered when that was first so. */
  throttled: number
  answers_before: number
}

/** @throws TypeError if it never began. */
export function waiterOf({ waiter, name }: OpenCall): Waiter {
  if (waiter === null) throw new TypeError(`a call of ${name} is under way that never began`)
  return waiter
}

/** Its service has one less under way, and learns nothing from it. */
export function leaves(pending: OpenCall): void {
  pending.service.left(waiterOf(pending))
}

/** Records that it is about to be sent, for each of its rows. */
export function intend({ asked }: OpenCall, recorder: Recorder): void {
  const { length: rows } = asked
  const first = senderOf(asked[0].visit.asker)
  for (const [i, { visit, request }] of asked.entries())
    recorder.calls.intend(visit.asker, request, rows === 1 ? null : { first, place: i + 1, rows })
}

/** A plugin may throw at once, too. */
export async function performed({ perform }: OpenCall, signal: AbortSignal): Promise<Performed> {
  return perform({ signal })
}

/** What a call came to. */
export type CallEnd = Answered | CallError

/** `refused`: as of `Performed`. */
export type Answered = Extract<CallResult, { kind: 'answer' }> & { readonly refused?: ReadonlyMap<number, RowError> }

/** The result of a request; `missed`: a replay has no record of it. */
export type SendResult = CallEnd | { readonly kind: 'missed'; readonly message: string }

/** The result of a request for one of its rows. */
export type RowResult = SendResult | { readonly kind: 'refused'; readonly error: RowError }

/** `place`: of the row in the request, from 0. */
export function resultFor(result: SendResult, place: number): RowResult {
  const error = result.kind === 'answer' ? result.refused?.get(place) : undefined
  return error === undefined ? result : { kind: 'refused', error }
}

export interface CallError extends RowError {
  /** The service is down: that uses up no attempt. */
  readonly uncounted?: true
  /** Some request of the call may have been taken. */
  readonly doubted?: true
}

/** Gets the result. */
export type Settle = (result: SendResult, ended_us: number, stack: Stack) => void

export interface Asking {
  readonly asker: Asker
  readonly request: Json
}

/** What is to be sent in one request, by whom and to which service. */
export interface Sending {
  /** All at one node. */
  readonly asking: readonly [Asking, ...Asking[]]
  /** Of that node. */
  readonly services: readonly string[]
  readonly service: string
  readonly perform: Perform
}

/** @throws CustodyError CUSTODY_PLUGIN_DEFECT if it isn't JSON. */
export function requestText({ node }: Asker, request: Json): string {
  try {
    return canonicalize(request)
  } catch (thrown) {
    throw defect(node.name, `makes a request that isn’t JSON: ${describe(thrown)}`, thrown)
  }
}
