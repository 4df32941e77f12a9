/** How requests to the web fail: one code each, and whether another attempt could help. No message names more than an origin. */
import type { CallFailure, StopReason } from '../../sdk/call.ts'
import type { Broken } from './exchange.ts'

export const WEB_ERRORS = {
  HTTP_STATUS_3XX: 'The answer is a redirect that isn’t followed, or another status from 300 to 399.',
  HTTP_STATUS_4XX: 'The service refuses the request: a status from 400 to 499.',
  HTTP_STATUS_5XX: 'The service fails: a status from 500 to 599.',
  HTTP_STATUS: 'The status is none that is taken for an answer.',
  HTTP_RATE_LIMITED: 'The service asks to be left alone for some time: status 429, or 503 or 529 with Retry-After.',
  HTTP_TIMEOUT: 'The answer wasn’t there in time.',
  HTTP_NETWORK: 'The connection couldn’t be made, or broke.',
  HTTP_TLS: 'The service’s certificate isn’t trusted or isn’t its own, or there is no TLS.',
  HTTP_TOO_LARGE: 'The answer is larger than `max_bytes`, decompressed.',
  HTTP_ENCODING: 'The answer is compressed in a way that can’t be read.',
  HTTP_ADDRESS_REFUSED: 'The host’s address is private, local or reserved, and `allow` doesn’t list it.',
  HTTP_REDIRECTS: 'There are too many redirects, or one leads where none may.',
} as const

export const failure = (code: string, message: string, retryable: boolean): CallFailure => ({
  kind: 'failure',
  code,
  message,
  retryable,
})

/** How a node reads statuses that aren't taken for answers. */
export interface StatusRules {
  /** Statuses after which another attempt could help. */
  readonly retried: readonly number[]
  /** Whether all requests go to one service, that of the options; else rows bring their own, and what fails is theirs. */
  readonly one_service: boolean
  /** Whether requests say who asks: then being refused is no row's own error. */
  readonly authenticated: boolean
  /** Statuses that the run stops at. */
  readonly stop_on: readonly number[]
}

export interface Refused {
  readonly status: number
  /** The origin that answered. */
  readonly origin: string
  readonly retry_after_ms: number | null
  /** Whether the answer came from where it was asked for, and not from behind a redirect. */
  readonly direct: boolean
}

/** What to do about a status that isn't taken for an answer. */
export function statusFailure(refused: Refused, rules: StatusRules): CallFailure {
  const { status, origin, retry_after_ms, direct } = refused
  const retried = rules.retried.includes(status)
  const asked_to_wait = status === 429 || ((status === 503 || status === 529) && retry_after_ms !== null)
  const limited = retried && asked_to_wait
  const hundreds = Math.floor(status / 100)
  const code = limited
    ? 'HTTP_RATE_LIMITED'
    : hundreds >= 3 && hundreds <= 5
      ? `HTTP_STATUS_${hundreds}XX`
      : 'HTTP_STATUS'
  const stops = direct ? stopReason(status, rules) : null
  return {
    ...failure(code, `${origin} answers with status ${status}`, retried),
    ...(limited ? { throttled: true } : {}),
    ...(retried && retry_after_ms !== null ? { retry_after_ms } : {}),
    ...(direct && rules.one_service && (status >= 500 || status === 408) ? { outage: true } : {}),
    ...(stops === null ? {} : { stops }),
    ...(limited || (hundreds === 4 && status !== 408) ? { unbilled: true } : {}),
  }
}

/** A 403 may be about what a row asks for; a pipeline where it is about the key lists it in `stop_on`. */
function stopReason(status: number, { authenticated, stop_on }: StatusRules): StopReason | null {
  if (stop_on.includes(status)) return 'status'
  if (!authenticated) return null
  return status === 401 || status === 407 ? 'auth' : status === 402 ? 'quota' : null
}

/** A request without an answer, where all go to one service: the connection is the service's affair, not the row's. */
export function brokenFailure(broken: Broken, { one_service }: Pick<StatusRules, 'one_service'>): CallFailure {
  const { reached, direct, system_code: _, ...failed } = broken
  const unbilled = reached === 'nothing' ? { unbilled: true } : {}
  // A body that can't be decompressed says as little about the row as one that never came.
  const connection = ['HTTP_TIMEOUT', 'HTTP_NETWORK', 'HTTP_TLS', 'HTTP_ENCODING'].includes(failed.code)
  if (!one_service || !direct || !connection) return { ...failed, ...unbilled }
  // What was never sent can be sent again, a name that isn't there (now) included.
  return { ...failed, ...unbilled, outage: true, retryable: failed.retryable || reached === 'nothing' }
}
