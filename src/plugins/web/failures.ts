/** How requests to the web fail: one code each, and whether another attempt could help. No message names more than an origin. */
import type { CallFailure } from '../../sdk/call.ts'

export const WEB_ERRORS = {
  HTTP_STATUS_3XX: 'The answer is a redirect that isn’t followed, or another status from 300 to 399.',
  HTTP_STATUS_4XX: 'The service refuses the request: a status from 400 to 499.',
  HTTP_STATUS_5XX: 'The service fails: a status from 500 to 599.',
  HTTP_STATUS: 'The status is none that is taken for an answer.',
  HTTP_RATE_LIMITED: 'The service asks to be left alone for some time: status 429, or 503 with Retry-After.',
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

/** What to do about a status that isn't taken for an answer. `retried`: whether it's one of those that pass. */
export function statusFailure(
  status: number,
  origin: string,
  retry_after_ms: number | null,
  retried: boolean,
): CallFailure {
  const limited = retried && (status === 429 || (status === 503 && retry_after_ms !== null))
  const hundreds = Math.floor(status / 100)
  const code = limited
    ? 'HTTP_RATE_LIMITED'
    : hundreds >= 3 && hundreds <= 5
      ? `HTTP_STATUS_${hundreds}XX`
      : 'HTTP_STATUS'
  return {
    ...failure(code, `${origin} answers with status ${status}`, retried),
    ...(limited ? { throttled: true } : {}),
    ...(retried && retry_after_ms !== null ? { retry_after_ms } : {}),
  }
}
