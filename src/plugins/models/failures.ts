/**
 * What went wrong with a call to a model, told apart by code, with whether another attempt could help. No words of others are
 * passed on before secrets are taken out of them.
 */

import { parseJson } from '../../model/json.ts'
import { type Json, withoutPrototypes } from '../../model/row.ts'
import type { CallFailure } from '../../sdk/call.ts'
import type { Masks } from '../masks.ts'
import type { Deadline } from '../web/deadline.ts'
import { isTooDeep } from '../web/depth.ts'
import type { Broken } from '../web/exchange.ts'
import { judged, type StatusAnswer } from './statuses.ts'

/** Error codes of calls, and of reading their answers. */
export const LLM_ERRORS = {
  LLM_TEMPLATE: 'A template needs something that the row doesn’t have.',
  LLM_CONTENT_FILTER: 'The provider’s filter blocked the prompt or the answer.',
  LLM_REFUSAL: 'The model refused to answer.',
  LLM_LENGTH: 'The answer was cut off at `max_output_tokens`, or at the model’s own limit.',
  LLM_INCOMPLETE: 'The answer ended for a reason that isn’t known as a normal end, or gives none.',
  LLM_INVALID_OUTPUT: 'The answer is empty, or doesn’t fit the schema, and neither did a repaired one.',
  LLM_MALFORMED: 'What the service sent can’t be read as its kind of response. Another attempt could help.',
  LLM_RATE_LIMITED: 'The service asked for fewer requests. Another attempt could help.',
  LLM_QUOTA: 'The account’s quota, or that of a day, is used up. The run stops.',
  LLM_SERVER: 'The service failed (HTTP 5xx). Another attempt could help.',
  LLM_NETWORK: 'The service couldn’t be reached, or the connection broke. Another attempt could help.',
  LLM_TIMEOUT: 'There was no complete answer within `timeout`. Another attempt could help.',
  LLM_AUTH: 'The service refused the key (HTTP 401, or a 403 that says so). The run stops.',
  LLM_FORBIDDEN:
    'The service refused to serve, and not for the key (HTTP 403): the region, a firewall, no access to the model.',
  LLM_NO_MODEL: 'There is no such model, deployment or address. The run stops.',
  LLM_BAD_REQUEST: 'The service refused the request: a prompt that is too long, a schema that it can’t use.',
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

/** `whom`: the host that was asked, or a provider’s name. `gave_up`: why the request was ended from here, if it was. */
export function failureOf(error: unknown, masks: Masks, whom: string, gave_up: Deadline['passed']): CallFailure {
  if (gave_up === 'time')
    return { ...failure('LLM_TIMEOUT', `there was no complete answer from ${whom} in time`), outage: true }
  if (gave_up === 'stopped') return failure('LLM_NETWORK', 'the request was given up')
  return unsent(error, masks)
}

/** The failure of a request that got no answer, or one that can't be read. */
export function failureOfBroken({ code, message, reached, system_code }: Broken, whom: string): CallFailure {
  if (code === 'HTTP_TOO_LARGE') return failure('LLM_MALFORMED', message)
  // A body that can't be decompressed is a gateway's fault, and the same for all requests.
  if (code === 'HTTP_ENCODING') return { ...failure('LLM_MALFORMED', message), outage: true }
  const by_system = code === 'HTTP_NETWORK' && /^E(?!RR_)/.test(system_code ?? '')
  const said = by_system ? `${whom} can’t be reached, or broke off (${system_code})` : message
  return {
    ...failure(system_code === 'ETIMEDOUT' ? 'LLM_TIMEOUT' : 'LLM_NETWORK', said),
    outage: true,
    ...(reached === 'nothing' ? { unbilled: true } : {}),
  }
}

const unsent = (error: unknown, masks: Masks): CallFailure => ({
  ...failure('LLM_BAD_REQUEST', `the request can’t be made: ${messageOf(error, masks)}`),
  unbilled: true,
})

const messageOf = (error: unknown, masks: Masks): string =>
  masks.text(error instanceof Error ? error.message : String(error)).slice(0, SHOWN_MAX)

// ── by status ───────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * The failure that a status stands for: that of the answer, or one that its body names. `message`: what the service says of
 * it, without secrets.
 */
export function failureOfStatus(answer: StatusAnswer, masks: Masks, message: string): CallFailure {
  const { status } = answer
  const body = masks.text(answer.body)
  const { code, why, ...rest } = judged({ ...answer, body })
  const said = why ?? message
  // Some services repeat parts of a key.
  const response = code === 'LLM_AUTH' ? {} : { response: { status, body: parsed(body) } }
  return { ...failure(code, status < 300 ? said : `HTTP ${status}: ${said}`), ...rest, ...response }
}

/** What came back: as JSON if it is JSON, else as the beginning of its text. */
function parsed(body: string): Json {
  const shown = body.slice(0, 4 * SHOWN_MAX).toWellFormed()
  try {
    const value = withoutPrototypes(parseJson(shown) as Json)
    return isTooDeep(value) ? shown.slice(0, SHOWN_MAX) : value
  } catch {
    // A page of a gateway, or half of a response: shown as it is.
    return shown.slice(0, SHOWN_MAX)
  }
}
