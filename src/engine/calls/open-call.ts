/** A call that a visit has asked for, and that hasn't come to anything yet. */
import type { Json } from '../../model/row.ts'
import type { CallAnswer, CallResult, CallTry } from '../../sdk/call.ts'
import type { RowError } from '../../sdk/spec.ts'
import type { Asker, CallMade } from '../record/call-fact.ts'
import type { Stack } from '../token/fork-frames.ts'
import type { Service, Waiter } from './service.ts'
import type { Visit } from './visit.ts'

export type Perform = (attempt: CallTry) => Promise<CallAnswer>
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
  readonly resolve: (result: CallResult | Uncounted, ended_us: number, stack: Stack) => void
  readonly reject: (thrown: unknown, ended_us: number, stack: Stack) => void
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

/** A plugin may throw at once, too. */
export async function performed({ perform }: OpenCall, signal: AbortSignal): Promise<CallAnswer> {
  return perform({ signal })
}

/** The result of a request; `missed`: a replay has no record of it. */
export type SendResult = CallResult | Uncounted | { readonly kind: 'missed'; readonly message: string }

/** The service is down: that uses up no attempt. */
export interface Uncounted extends RowError {
  readonly uncounted: true
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
