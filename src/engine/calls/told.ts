/** What a plugin says of a call, as the ledger keeps it. */
import { canonicalize } from '../../model/canonical.ts'
import type { CallCosts } from '../../model/entry.ts'
import { frozen, type Json, withoutPrototypes } from '../../model/row.ts'
import type { CallAnswer, CallFailure, CallResult, CallUsage } from '../../sdk/call.ts'

export interface Told {
  /** Canonical: the response, or the failure. */
  readonly text: string
  readonly costs: CallCosts
}

export const NOTHING: CallCosts = { input_tokens: 0, output_tokens: 0, cost_nusd: 0 }

/** @throws TypeError, NotJsonError if nothing can be made of it. */
export function toldOf(answer: CallAnswer): Told {
  const kind: unknown = answer?.kind
  if (kind !== 'answer' && kind !== 'failure') throw new TypeError('it is neither an answer nor a failure')
  const costs = costsOf(answer.usage ?? {})
  if (answer.kind === 'answer') return { text: canonicalize(answer.response), costs }
  const { code, message, retryable, retry_after_ms } = answer
  if (typeof code !== 'string' || typeof message !== 'string' || typeof retryable !== 'boolean')
    throw new TypeError('it is a failure without a code, a message or whether it can be retried')
  checkCount('retry_after_ms', retry_after_ms, Number.MAX_SAFE_INTEGER)
  return { text: failureText(answer), costs }
}

/** A response as plugins hear it: from its canonical text, whether it was just asked or is on record. */
export function heard(text: string): Json {
  return frozen(withoutPrototypes(JSON.parse(text) as Json))
}

/** Whole nano-dollars, rounded up: a budget must hold. @throws TypeError if it is no sum. */
export function nanoDollars(name: string, usd: number | undefined): number {
  checkCount(name, usd, MOST_USD)
  return Math.max(0, Math.ceil((usd ?? 0) * 1e9 - 1e-6))
}

type Failed = Pick<CallFailure, 'code' | 'message' | 'retryable' | 'response'>

export function failureText({ code, message, retryable, response }: Failed): string {
  const told = { code, message: message.toWellFormed(), retryable }
  return canonicalize(response === undefined ? told : { ...told, response })
}

export function errorOf({ code, message, retryable, retry_after_ms }: CallFailure): CallResult {
  return { kind: 'error', code, message, retryable, retry_after_ms: retry_after_ms ?? 0 }
}

function costsOf({ input_tokens, output_tokens, cost_usd }: CallUsage): CallCosts {
  checkCount('input_tokens', input_tokens)
  checkCount('output_tokens', output_tokens)
  const cost_nusd = nanoDollars('cost_usd', cost_usd)
  return { input_tokens: Math.round(input_tokens ?? 0), output_tokens: Math.round(output_tokens ?? 0), cost_nusd }
}

/** Sums of dollars stay exact as nano-dollars, even when many are added up. */
const MOST_USD = 100_000
/** Counts may add up to many times that, and still be exact. */
const MOST = 1_000_000_000

function checkCount(name: string, told: number | undefined, most = MOST): void {
  if (told !== undefined && !(told >= 0 && told <= most)) throw new TypeError(`${name} is ${String(told)}`)
}
