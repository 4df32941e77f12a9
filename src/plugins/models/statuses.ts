/**
 * What a status and its body say of a call to a model, as providers use them: whose error it is (the row's, or everybody's), and
 * what follows for the service. Pure; bodies come in without secrets.
 */

import { parseJson } from '../../model/json.ts'
import type { CallFailure } from '../../sdk/call.ts'
import { type AnswerHeaders, limitReset, retryAfter } from '../retry-after.ts'
import type { LlmErrorCode } from './failures.ts'

export interface StatusAnswer {
  readonly status: number
  /** Without secrets. */
  readonly body: string
  /** Names in lower case. */
  readonly headers: AnswerHeaders
}

/** The verdict; `why` replaces the service's own words where those say less. */
export interface Judged extends Pick<CallFailure, 'stops' | 'outage' | 'throttled' | 'retry_after_ms' | 'unbilled'> {
  readonly code: LlmErrorCode
  readonly why?: string
}

export function judged(answer: StatusAnswer): Judged {
  const said = saidBy(answer)
  const judgement = bySaid(answer, said) ?? byStatus(answer, said)
  return isRefusal(answer.status) || judgement.throttled === true ? { ...judgement, unbilled: true } : judgement
}

/** Turned away before anything was made. */
function isRefusal(status: number): boolean {
  return status >= 300 && status < 500 && ![408, 424, 425, 499].includes(status)
}

// ── what the body says ──────────────────────────────────────────────────────────────────────────────────────────────

interface Said {
  /** Words for programs: codes, types, names of quotas. */
  readonly codes: readonly string[]
  readonly message: string
  readonly is_json: boolean
  /** From Google’s `RetryInfo`, or from the message. */
  readonly retry_ms: number | null
}

const CODE_NAMES = new Set(['code', 'type', 'status', 'quotaId', 'reason', 'param'])
/** `Please retry in 4.2s`, `try again in 6m0s`, `retry after 3 seconds`. */
const RETRY_IN =
  /(?:re)?try(?: again)? (?:in|after) (?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?) ?(ms|s(?:ec(?:onds?)?)?)\b)?/i

/** What a service says of itself comes first; further behind it may repeat what it was asked. */
const MESSAGE_MAX = 500

function saidBy({ body, headers }: StatusAnswer): Said {
  const codes: string[] = []
  const messages: string[] = []
  let retry_ms: number | null = null
  const look = (value: unknown, name: string, depth: number): void => {
    if (depth > 6) return
    if (typeof value === 'string') {
      if (CODE_NAMES.has(name)) codes.push(value)
      if (name === 'message' || name === 'error' || name === 'detail') messages.push(value)
      const delay = name === 'retryDelay' ? /^(\d{1,9}(?:\.\d+)?)s$/.exec(value) : null
      if (delay !== null) retry_ms = Math.ceil(Number(delay[1]) * 1000)
      return
    }
    if (Array.isArray(value)) for (const each of value.slice(0, 20)) look(each, name, depth + 1)
    else if (typeof value === 'object' && value !== null)
      for (const [key, each] of Object.entries(value)) {
        if (key === 'flagged_input' || key === 'reasons') codes.push(key)
        look(each, key, depth + 1)
      }
  }
  let is_json = false
  try {
    const parsed: unknown = parseJson(body)
    is_json = typeof parsed === 'object' && parsed !== null
    look(parsed, '', 0)
  } catch {
    messages.push(body)
  }
  const amazon = headers['x-amzn-errortype']
  if (amazon !== undefined) codes.push(amazon.split(':')[0] ?? '')
  const message = messages.join(' ').slice(0, MESSAGE_MAX)
  return { codes, message, is_json, retry_ms: retry_ms ?? retryIn(message) }
}

function retryIn(message: string): number | null {
  const found = RETRY_IN.exec(message)
  if (found === null) return null
  const [hours, minutes, count, unit] = found.slice(1)
  if (hours === undefined && minutes === undefined && count === undefined) return null
  const seconds = Number(count ?? 0) / (unit === 'ms' ? 1000 : 1)
  return Math.ceil((Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + seconds) * 1000)
}

const FILTERED =
  /^(content_filter|content_policy_violation|ResponsibleAIPolicyViolation|data_inspection_failed|moderation_blocked|flagged_input)$/i
const FLAGGED = /requires moderation|was flagged|content management policy|inappropriate content/i
const BAD_KEY = /^(API_KEY_INVALID|invalid_api_key|authentication_error)$/i
const KEY_INVALID = /\bapi key (?:is )?(?:not valid|invalid|expired)/i
const NO_QUOTA =
  /^(insufficient_quota|insufficient_balance|billing_hard_limit_reached|billing_not_active|access_terminated)$/i
const NO_MONEY = /credit balance is too low|insufficient (?:credits?|balance|funds)|out of credits|billing hard limit/i
const A_DAY = /per ?day|daily|\b(?:RPD|TPD)\b/i
const NO_MODEL =
  /^(model_not_found|DeploymentNotFound|model_decommissioned|invalid_model|ModelNotReadyException|model_not_available)$/i
const MODEL_UNKNOWN =
  /\bmodels?\b.{0,200}(?:not found|does not exist|doesn.t exist|has been (?:deprecated|decommissioned|retired))|not a valid model|invalid model\b/i
const MODEL_ACCESS = /access to (?:the|this) model|not (?:allowed|authorized) to (?:use|access|invoke) .{0,60}model/i
const ASKS_TOO_MUCH = /request too large/i

/** What holds whatever the status: providers don’t agree on statuses. */
function bySaid({ status, headers }: StatusAnswer, said: Said): Judged | null {
  if (status < 400) return null
  const { codes, message, retry_ms } = said
  const has = (word: RegExp) => codes.some(code => word.test(code))
  if (status < 500 && (has(FILTERED) || (status !== 429 && FLAGGED.test(message))))
    return { code: 'LLM_CONTENT_FILTER' }
  if (status < 500 && (has(BAD_KEY) || KEY_INVALID.test(message)))
    return { code: 'LLM_AUTH', stops: 'auth', why: REFUSED_KEY }
  if (has(/^Throttling(?:Exception)?$/)) return throttling(headers, said)
  if (has(NO_QUOTA) || (status < 500 && NO_MONEY.test(message))) return { code: 'LLM_QUOTA', stops: 'quota' }
  // A quota with a name is that quota, whatever is said of trying again.
  if (status === 429 && has(/PerDay/)) return { code: 'LLM_QUOTA', stops: 'quota' }
  if (status === 429 && A_DAY.test(message) && (retryAfter(headers) ?? retry_ms) === null)
    return { code: 'LLM_QUOTA', stops: 'quota' }
  if (status === 429 && ASKS_TOO_MUCH.test(message)) return { code: 'LLM_BAD_REQUEST' }
  if (status < 500 && status !== 429 && (has(NO_MODEL) || MODEL_UNKNOWN.test(message)))
    return { code: 'LLM_NO_MODEL', stops: 'model' }
  return null
}

// ── what the status says ────────────────────────────────────────────────────────────────────────────────────────────

function byStatus(answer: StatusAnswer, said: Said): Judged {
  const { status, headers } = answer
  const wait = retryAfter(headers)
  const after = wait === null ? {} : { retry_after_ms: wait }
  switch (status) {
    case 401:
    case 407:
      return { code: 'LLM_AUTH', stops: 'auth', why: REFUSED_KEY }
    case 402:
      return { code: 'LLM_QUOTA', stops: 'quota' }
    case 403:
      return forbidden(said)
    case 404:
      return { code: 'LLM_NO_MODEL', stops: 'model' }
    case 408:
      return { code: 'LLM_TIMEOUT', outage: true, ...after }
    case 409:
    case 424:
    case 425:
    case 499:
      return { code: 'LLM_SERVER', ...after }
    // Groq: there is no capacity for this tier now.
    case 498:
      return { code: 'LLM_RATE_LIMITED', throttled: true, ...after }
    case 429:
      return throttling(headers, said)
    case 503:
    case 529:
      if (wait !== null || said.codes.includes('overloaded_error'))
        return { code: 'LLM_RATE_LIMITED', throttled: true, ...after }
  }
  if (status >= 500) return { code: 'LLM_SERVER', outage: true, ...after }
  return { code: status < 300 ? 'LLM_MALFORMED' : 'LLM_BAD_REQUEST' }
}

function throttling(headers: AnswerHeaders, { retry_ms }: Said): Judged {
  const ms = retryAfter(headers) ?? retry_ms ?? limitReset(headers)
  return { code: 'LLM_RATE_LIMITED', throttled: true, ...(ms === null ? {} : { retry_after_ms: ms }) }
}

const REFUSED_KEY = 'the service refused the key'
const KEY =
  /key|token|credential|signature|authenticat|permission|unauthori[sz]ed|account|billing|organi[sz]ation|project|forbidden/i
const REGION = /country|region|territory|location is not supported/i

/** The key, or something else that no key helps against. */
function forbidden({ codes, message, is_json }: Said): Judged {
  const all = [...codes, message].join(' ')
  // A firewall in front of the service turned it away: perhaps all requests, perhaps what is in this one.
  if (!is_json)
    return { code: 'LLM_FORBIDDEN', outage: true, why: 'a web page, not the service’s own answer: a firewall or proxy' }
  if (REGION.test(all))
    return { code: 'LLM_FORBIDDEN', stops: 'auth', why: 'the service refuses requests from this region' }
  if (MODEL_ACCESS.test(all))
    return { code: 'LLM_FORBIDDEN', stops: 'model', why: 'the key has no access to this model' }
  if (KEY.test(all) || all.trim() === '') return { code: 'LLM_AUTH', stops: 'auth', why: REFUSED_KEY }
  return { code: 'LLM_FORBIDDEN' }
}
