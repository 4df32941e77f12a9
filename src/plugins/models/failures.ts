/**
 * What went wrong with a call to a model, told apart by code, with whether another attempt could help. Nobody's words are
 * passed on before secrets are taken out of them.
 */
import type { APICallError } from '@ai-sdk/provider'
import { type Json, withoutPrototypes } from '../../model/row.ts'
import type { CallFailure } from '../../sdk/call.ts'
import type { Masks } from '../masks.ts'
import { retryAfter } from '../retry-after.ts'

/** Codes of calls, and of what is made of their answers. */
export const LLM_ERRORS = {
  LLM_TEMPLATE: 'A template needs something that the row doesn’t have.',
  LLM_CONTENT_FILTER: 'The provider’s filter blocked the prompt or the answer.',
  LLM_REFUSAL: 'The model refused to answer.',
  LLM_LENGTH: 'The answer was cut off at `max_output_tokens`, or at the model’s own limit.',
  LLM_INVALID_OUTPUT: 'The answer is empty, or doesn’t fit the schema, and neither did a repaired one.',
  LLM_MALFORMED: 'What the service sent can’t be read as its kind of response. Another attempt could help.',
  LLM_RATE_LIMITED: 'The service asked for fewer requests. Another attempt could help.',
  LLM_QUOTA: 'The account’s quota is used up.',
  LLM_SERVER: 'The service failed (HTTP 5xx). Another attempt could help.',
  LLM_NETWORK: 'The service couldn’t be reached, or the connection broke. Another attempt could help.',
  LLM_TIMEOUT: 'There was no complete answer within `timeout`. Another attempt could help.',
  LLM_AUTH: 'The service refused the key (HTTP 401 or 403).',
  LLM_BAD_REQUEST:
    'The service refused the request: an unknown model, a prompt that is too long, a schema that it can’t use.',
  LLM_UNSUPPORTED: 'The model doesn’t take a setting that the options have.',
} as const

export type LlmErrorCode = keyof typeof LLM_ERRORS

const RETRYABLE: readonly LlmErrorCode[] = [
  'LLM_MALFORMED',
  'LLM_RATE_LIMITED',
  'LLM_SERVER',
  'LLM_NETWORK',
  'LLM_TIMEOUT',
]

export function failure(code: LlmErrorCode, message: string): CallFailure {
  return { kind: 'failure', code, message, retryable: RETRYABLE.includes(code) }
}

/** In UTF-16 units: enough of a response to see what it is. */
const SHOWN_MAX = 2_000

const isApiError = (error: unknown): error is APICallError => error instanceof Error && error.name === 'AI_APICallError'

/** `whom`: the host that was asked, or a provider’s name. `gave_up`: why the request was ended from here, if it was. */
export function failureOf(error: unknown, masks: Masks, whom: string, gave_up: 'timeout' | 'run' | null): CallFailure {
  if (gave_up === 'timeout') return failure('LLM_TIMEOUT', `there was no complete answer from ${whom} in time`)
  if (gave_up === 'run') return failure('LLM_NETWORK', 'the request was given up')
  const network = networkCode(error)
  if (network !== null) {
    const code = network.endsWith('_TIMEOUT') || network === 'ETIMEDOUT' ? 'LLM_TIMEOUT' : 'LLM_NETWORK'
    return failure(code, `${whom} can’t be reached, or broke off (${network})`)
  }
  if (isApiError(error)) return error.statusCode === undefined ? unsent(error, masks) : fromStatus(error, masks)
  const name = error instanceof Error ? error.name : ''
  if (/^AI_(InvalidResponseData|NoContentGenerated|EmptyResponseBody|TypeValidation|JSONParse)Error$/.test(name))
    return failure('LLM_MALFORMED', told(error, masks))
  return unsent(error, masks)
}

const unsent = (error: unknown, masks: Masks) =>
  failure('LLM_BAD_REQUEST', `the request can’t be made: ${told(error, masks)}`)

const told = (error: unknown, masks: Masks): string =>
  masks.text(error instanceof Error ? error.message : String(error)).slice(0, SHOWN_MAX)

/** By the chain of causes: the system's or the HTTP client's code of a broken connection. */
function networkCode(error: unknown): string | null {
  for (let each = error; each instanceof Error; each = each.cause) {
    const code = (each as { readonly code?: unknown }).code
    if (typeof code === 'string' && /^(E[A-Z_]+|UND_ERR_\w+|HPE_\w+|CERT_\w+|DEPTH_ZERO_\w+)$/.test(code)) return code
    if (each instanceof TypeError && each.message === 'terminated' && each.cause === undefined) return 'terminated'
  }
  return null
}

// ── by status ───────────────────────────────────────────────────────────────────────────────────────────────────────

function fromStatus(error: APICallError, masks: Masks): CallFailure {
  const status = error.statusCode as number
  const { responseBody } = error
  const code = codeOf(status, responseBody ?? '')
  // Some services repeat parts of a key.
  if (code === 'LLM_AUTH') return failure(code, `HTTP ${status}: the service refused the key`)
  const response: Json = { status, body: parsed(responseBody ?? '', masks) }
  const message = status < 300 ? told(error, masks) : `HTTP ${status}: ${told(error, masks)}`
  const wait = retryAfter(error.responseHeaders ?? {})
  return {
    ...failure(code, message),
    response,
    ...(code === 'LLM_RATE_LIMITED' ? { throttled: true } : {}),
    ...(wait === null || !RETRYABLE.includes(code) ? {} : { retry_after_ms: wait }),
  }
}

/** Providers name these in the bodies of their errors. */
const FILTERED = /content_filter|content_policy_violation|ResponsibleAIPolicyViolation/
const NO_QUOTA = /insufficient_quota|billing_hard_limit/

function codeOf(status: number, body: string): LlmErrorCode {
  if (status === 429) return NO_QUOTA.test(body) ? 'LLM_QUOTA' : 'LLM_RATE_LIMITED'
  if (status === 402) return 'LLM_QUOTA'
  if (status === 401 || status === 403) return 'LLM_AUTH'
  if (status === 408) return 'LLM_TIMEOUT'
  if (status >= 500 || status === 409) return 'LLM_SERVER'
  if (status < 300) return 'LLM_MALFORMED'
  return FILTERED.test(body) ? 'LLM_CONTENT_FILTER' : 'LLM_BAD_REQUEST'
}

/** What came back, as JSON where it is, else as the beginning of its text. */
function parsed(body: string, masks: Masks): Json {
  const shown = masks
    .text(body)
    .slice(0, 4 * SHOWN_MAX)
    .toWellFormed()
  try {
    return withoutPrototypes(JSON.parse(shown) as Json)
  } catch {
    // A page of a gateway, or half of a response: shown as it is.
    return shown.slice(0, SHOWN_MAX)
  }
}
