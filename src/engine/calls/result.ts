/** What a plugin says of a call, as the ledger keeps it. */
import {
  CALL_RECORDED,
  CALL_RECORDED_ERROR,
  CALL_RECORDED_REFUSED,
  type CallCosts,
  type CallStatus,
} from '../../format/entry.ts'
import type { RecordedCall } from '../../format/recording.ts'
import { canonicalize } from '../../model/canonical.ts'
import { parseJson } from '../../model/json.ts'
import { IN_DOUBT } from '../../model/outcome.ts'
import { frozen, isObject, type Json, withoutPrototypes } from '../../model/row.ts'
import type { CallAnswer, CallFailure, CallUsage } from '../../sdk/call.ts'
import type { RowError } from '../../sdk/spec.ts'
import { notOnRecord } from '../record/on-record.ts'
import type { CallEnd, CallError, OpenCall, Performed } from './open-call.ts'

export interface Reported {
  /** Canonical: the response, or the failure. */
  readonly text: string
  readonly costs: CallCosts
}

/** A row that was refused. `text`: of its failure, canonical. */
export interface Refusal {
  readonly text: string
  readonly error: RowError
}

/** By place in the request. */
export type Refusals = ReadonlyMap<number, Refusal>

/** Which rows of a request that was taken were refused. @throws NotJsonError if nothing can be made of what came back of one. */
export function refusalsOf(answer: Performed): Refusals {
  const refused = answer.kind === 'answer' ? (answer.refused ?? []) : []
  return new Map(
    Array.from(refused, ([place, failure]) => [place, { text: failureText(failure), error: errorOf(failure) }]),
  )
}

export const NOTHING: CallCosts = { input_tokens: 0, output_tokens: 0, cost_nusd: 0 }

/**
 * `most_nusd`: the most that it can have cost, which it is taken to have cost if it doesn't say.
 * @throws TypeError, NotJsonError if nothing can be made of it.
 */
export function reportedOf(answer: CallAnswer, most_nusd: number): Reported {
  const kind: unknown = answer?.kind
  if (kind !== 'answer' && kind !== 'failure') throw new TypeError('it is neither an answer nor a failure')
  const costs = costsOf(answer, most_nusd)
  if (answer.kind === 'answer') return { text: canonicalize(answer.response), costs }
  const { code, message, retryable } = answer
  if (typeof code !== 'string' || typeof message !== 'string' || typeof retryable !== 'boolean')
    throw new TypeError('it is a failure without a code, a message or whether it can be retried')
  return { text: failureText(answer), costs }
}

/** A response as plugins hear it: from its canonical text, whether it was just asked or is on record. */
export function heard(text: string): Json {
  // cast: JSON.parse makes JSON, or throws.
  return frozen(withoutPrototypes(parseJson(text) as Json))
}

/** The most that a call can cost, in whole nano-dollars, rounded up: a budget must hold. @throws TypeError if it is no sum. */
export function mostOf(usd = 0): number {
  if (!isCount(usd, MOST_USD)) throw new TypeError(`at_most_usd is ${String(usd)}`)
  return nanoDollars(usd)
}

const nanoDollars = (usd: number): number => Math.max(0, Math.ceil(usd * 1e9 - 1e-6))

type Failed = Pick<CallFailure, 'code' | 'message' | 'retryable' | 'response'>

export function failureText({ code, message, retryable, response }: Failed): string {
  const failure = { code, message: message.toWellFormed(), retryable }
  return canonicalize(response === undefined ? failure : { ...failure, response })
}

/** A failure as `failureText` wrote it. @throws CustodyError CUSTODY_VERIFY_FAILED if it isn't one. */
function failureOnRecord(value: Json): Failed & { readonly kind: 'failure' } {
  const { code, message, retryable } = isObject(value) ? value : {}
  if (typeof code !== 'string' || typeof message !== 'string' || typeof retryable !== 'boolean')
    return notOnRecord('failure of a call that failed')
  return { kind: 'failure', code, message, retryable }
}

const ON_RECORD = { answer: CALL_RECORDED, error: CALL_RECORDED_ERROR, refused: CALL_RECORDED_REFUSED } as const

export function statusOnRecord(kind: RecordedCall['kind']): CallStatus {
  return ON_RECORD[kind]
}

/** What a call is given that is on record. @throws CustodyError CUSTODY_VERIFY_FAILED if it is no failure where it should be. */
export function resultOnRecord(kind: RecordedCall['kind'], response: Json): CallEnd {
  if (kind === 'answer') return { kind, response }
  const error = errorOf(failureOnRecord(response))
  return kind === 'error' ? error : { kind: 'answer', response, refused: new Map([[0, error]]) }
}

export function errorOf(failure: CallFailure): RowError {
  const { code, message, retryable } = failure
  return { kind: 'error', code, message, retryable, retry_after_ms: waitOf(failure) ?? 0 }
}

/** What is heard of a call that came back as this failure, and isn't made again. */
export function failed(pending: OpenCall, failure: CallFailure): CallError {
  pending.doubted ||= failure.code === IN_DOUBT
  const error = errorOf(failure)
  return pending.doubted ? { ...error, doubted: true } : error
}

/** How long the service asked to wait, if that is a time at all. */
export function waitOf({ retry_after_ms }: CallFailure): number | null {
  return isCount(retry_after_ms, LONGEST_WAIT_MS) ? retry_after_ms : null
}

const LONGEST_WAIT_MS = 366 * 86_400_000

/** What comes from a service is no defect of a plugin, whatever it is: numbers that none can be are as if they weren't there. */
function costsOf(answer: CallAnswer, most_nusd: number): CallCosts {
  const usage: CallUsage = answer.usage ?? {}
  const unbilled = answer.kind === 'failure' && answer.unbilled === true
  const cost_usd = isCount(usage.cost_usd, MOST_USD) ? usage.cost_usd : null
  return {
    input_tokens: tokensOf(usage.input_tokens),
    output_tokens: tokensOf(usage.output_tokens),
    cost_nusd: cost_usd !== null ? nanoDollars(cost_usd) : unbilled ? 0 : most_nusd,
  }
}

const tokensOf = (reported: unknown): number => (isCount(reported, MOST) ? Math.round(reported) : 0)

/** Sums of dollars stay exact as nano-dollars, even when many are added up. */
const MOST_USD = 100_000
/** Counts may add up to many times that, and still be exact. */
const MOST = 1_000_000_000

function isCount(reported: unknown, most: number): reported is number {
  return typeof reported === 'number' && reported >= 0 && reported <= most
}
