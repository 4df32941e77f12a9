/** How long a service asks to be left alone (RFC 9110, section 10.2.3, and what services say in other headers). */

export interface AnswerHeaders {
  readonly [name: string]: string | undefined
}

/** Longer texts are ignored. */
const NUMBER = /^\d{1,9}(\.\d+)?$/
/** Dates of HTTP (RFC 9110, section 5.6.7) and RFC 3339. A date parser would take more. */
const DATE = /^(?:[A-Z][a-z]{2,8}, \d|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d |\d{4}-\d{2}-\d{2}T)/
/** Longer than any quota's period: a mistake. */
const ABSURD_MS = 366 * 86_400_000

/** Milliseconds, from `retry-after-ms`, or `retry-after` in seconds or as a date; null if there is none. */
export function retryAfter(headers: AnswerHeaders): number | null {
  for (const name of ['retry-after-ms', 'x-ms-retry-after-ms']) {
    const ms = headers[name]?.trim() ?? ''
    if (NUMBER.test(ms)) return sensible(Math.ceil(Number(ms)))
  }
  const text = headers['retry-after']?.trim() ?? ''
  if (NUMBER.test(text)) return sensible(Math.ceil(Number(text) * 1000))
  return DATE.test(text) ? sensible(until(Date.parse(text), headers)) : null
}

/**
 * When the share of a period that is used up comes back, as headers of the form `x-ratelimit-reset-tokens` say, with
 * `x-ratelimit-remaining-tokens` beside it; null if none does. For answers that refuse and have no `retry-after`.
 */
export function limitReset(headers: AnswerHeaders): number | null {
  let longest: number | null = null
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || !/ratelimit(?:-[a-z]+)*-reset\b/.test(name)) continue
    const left = headers[name.replace('-reset', '-remaining')]?.trim() ?? '0'
    const ms = resetMs(value.trim(), headers)
    if (ms !== null && Number(left) <= 0) longest = Math.max(longest ?? 0, ms)
  }
  return longest
}

/** `6m0s`, `120ms`; seconds; seconds or milliseconds since 1970; or a date. */
function resetMs(text: string, headers: AnswerHeaders): number | null {
  const parts = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/.exec(text)
  if (parts !== null && text !== '') {
    const [days, hours, minutes, seconds, ms] = parts.slice(1).map(part => Number(part ?? 0)) as [
      ...[number, number, number, number, number],
    ]
    return sensible(Math.ceil((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ms))
  }
  if (/^\d{13}$/.test(text)) return sensible(until(Number(text), headers))
  if (/^\d{10}$/.test(text)) return sensible(until(Number(text) * 1000, headers))
  if (NUMBER.test(text)) return sensible(Math.ceil(Number(text) * 1000))
  return DATE.test(text) ? sensible(until(Date.parse(text), headers)) : null
}

/** The service's own clock says how long that is; ours may be wrong. */
function until(at_ms: number, { date }: AnswerHeaders): number {
  const now_ms = DATE.test(date ?? '') ? Date.parse(date ?? '') : Number.NaN
  return Math.max(0, at_ms - (Number.isNaN(now_ms) ? Date.now() : now_ms))
}

function sensible(ms: number): number | null {
  return ms <= ABSURD_MS ? ms : null
}
