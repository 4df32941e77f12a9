/** What is recorded of an answer: its status, the headers that describe it, and its body. */
import { JsonTextError, parseStrict } from '../../model/json.ts'
import type { Json, MutableRow } from '../../model/row.ts'
import type { CallFailure } from '../../sdk/call.ts'
import { type Masked, type Masks, maskedNames } from '../masks.ts'
import type { WebAnswer } from './client.ts'
import { isTooDeep } from './depth.ts'
import { failure } from './failures.ts'

export const BODY_FORMS = ['json', 'text', 'base64'] as const
/** How a body is taken. */
export type BodyForm = (typeof BODY_FORMS)[number]

export type ShownResponse = {
  readonly status: number
  /** After redirects; absent if there were none. */
  readonly url?: string
  readonly headers: { readonly [name: string]: string }
  readonly body: Json
  /** Names of the secrets in whose places marks stand; absent if there are none. */
  readonly masked?: readonly string[]
}

const SHOWN_HEADERS = [
  'content-type',
  'content-language',
  'date',
  'etag',
  'last-modified',
  'link',
  'location',
  'request-id',
  'retry-after',
  'x-request-id',
]
/** Most that is kept of an error's body, in UTF-16 units. */
const MOST_ERROR_UNITS = 64 * 1024

export const BODY_ERRORS = {
  HTTP_NOT_JSON: 'The answer’s body isn’t JSON, or holds what can’t be kept exactly.',
  HTTP_NOT_TEXT: 'The answer’s body isn’t text in the encoding that it names, UTF-8 if it names none.',
} as const

/** An answer that is no error. `asked`: the URL at first; `body` as `readBody` gives it. */
export function showAnswer(answer: WebAnswer, asked: URL, { body, masked }: ReadBody, masks: Masks): ShownResponse {
  return shown(answer, asked, body, masks, masked)
}

/** The beginning of the body of an answer that is an error, as text. Cut after masking: half a secret would get past the masks. */
export function showError(answer: WebAnswer, asked: URL, masks: Masks): ShownResponse {
  const masked: Masked = new Set()
  const text = masks.beside.text(decodeText(answer.body, charsetOf(answer.headers['content-type']), false), masked)
  return shown(answer, asked, text.slice(0, MOST_ERROR_UNITS).toWellFormed(), masks, masked)
}

function shown(answer: WebAnswer, asked: URL, body: Json, masks: Masks, masked: Masked): ShownResponse {
  const headers: MutableRow = {}
  for (const name of SHOWN_HEADERS) {
    const value = answer.headers[name]
    if (typeof value === 'string') headers[name] = value
  }
  const url = answer.url.href === asked.href ? {} : { url: answer.url.href }
  const around = masks.beside.json({ ...url, headers }, masked) as Omit<ShownResponse, 'status' | 'body'>
  return { status: answer.status, ...around, body, ...maskedNames(masked) }
}

/** Failures: HTTP_NOT_JSON, HTTP_NOT_TEXT. */
export function readBody({ body, headers, url, status }: WebAnswer, form: BodyForm, masks: Masks): BodyRead {
  const masked: Masked = new Set()
  if (form === 'base64') return { kind: 'body', body: masks.bytes(body, masked).toString('base64'), masked }
  const text = decodeText(body, charsetOf(headers['content-type']), true)
  if (text === null) return failure('HTTP_NOT_TEXT', `${url.origin} answers with something that isn’t text`, false)
  if (form === 'text') return { kind: 'body', body: masks.text(text, masked), masked }
  if (text === '' && (status === 204 || status === 205 || status === 304)) return { kind: 'body', body: null, masked }
  const reason = (why: string) => {
    const what = /^\s*<(?:!doctype|html)\b/i.test(text)
      ? 'a web page in place of JSON'
      : `something that isn’t JSON (${why})`
    return failure('HTTP_NOT_JSON', `${url.origin} answers with ${what}`, false)
  }
  try {
    const value = parseStrict(text)
    return isTooDeep(value) ? reason('JSON_TOO_DEEP') : { kind: 'body', body: masks.json(value, masked), masked }
  } catch (error) {
    if (error instanceof JsonTextError) return reason(error.code)
    throw error
  }
}

/** Without secrets. */
export interface ReadBody {
  readonly kind: 'body'
  readonly body: Json
  readonly masked: Masked
}
export type BodyRead = ReadBody | CallFailure

/** The label of a content type's encoding; null if it names none. */
export function charsetOf(content_type: string | undefined): string | null {
  return /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(content_type ?? '')?.[1] ?? null
}

/** Text of the encoding, UTF-8 if there is none; a byte order mark is dropped. Null, or U+FFFD, for what isn't valid. */
export function decodeText(bytes: Buffer, label: string | null, strict: true): string | null
export function decodeText(bytes: Buffer, label: string | null, strict: false): string
export function decodeText(bytes: Buffer, label: string | null, strict: boolean): string | null {
  try {
    return new TextDecoder(label ?? 'utf-8', { fatal: strict }).decode(bytes)
  } catch (error) {
    // A label that isn't known, or bytes that aren't of the encoding.
    if (error instanceof RangeError) return strict ? null : decodeText(bytes, null, false)
    if (error instanceof TypeError) return null
    throw error
  }
}
