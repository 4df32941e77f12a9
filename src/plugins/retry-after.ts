/** How long a service asks to be left alone (RFC 9110, section 10.2.3). */

interface AnswerHeaders {
  readonly 'retry-after'?: string | undefined
  readonly 'retry-after-ms'?: string | undefined
  readonly date?: string | undefined
}

/** Nothing that is longer is meant. */
const NUMBER = /^\d{1,9}(\.\d+)?$/

/** Milliseconds, from `retry-after-ms`, or `retry-after` in seconds or as a date; null if there is none. */
export function retryAfter(headers: AnswerHeaders): number | null {
  const ms = headers['retry-after-ms']?.trim() ?? ''
  if (NUMBER.test(ms)) return Math.ceil(Number(ms))
  const text = headers['retry-after']?.trim() ?? ''
  if (NUMBER.test(text)) return Math.ceil(Number(text) * 1000)
  const at = Date.parse(text)
  if (Number.isNaN(at)) return null
  // The service's own clock says how long that is; ours may be wrong.
  const now = Date.parse(headers.date ?? '')
  return Math.max(0, at - (Number.isNaN(now) ? Date.now() : now))
}
