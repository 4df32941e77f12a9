/** One page of the `http` source: its records, and what it says of the next one. */
import { type DeclaredNumbers, JsonTextError, parseStrict } from '../../model/json.ts'
import type { Json } from '../../model/row.ts'
import type { CallFailure } from '../../sdk/call.ts'
import { failure } from '../web/failures.ts'
import { valueAt } from '../web/pointer.ts'
import type { ShownResponse } from '../web/response.ts'
import type { HttpSourceOptions } from './http-options.ts'
import { pointerTokens } from './json-pointer.ts'

export const PAGE_ERRORS = {
  HTTP_NO_RECORDS: 'The page has no list where `records` leads.',
  HTTP_NO_NEXT: 'What the page says of the next one is neither a text nor a number, or no URL.',
  HTTP_NEXT_ELSEWHERE:
    'The page names a next one at another origin; nothing is asked there, so that no secret goes there.',
} as const

export interface Page {
  readonly kind: 'page'
  /** Values of a JSON page; lines of JSON Lines. */
  readonly records: readonly Json[]
  /** What it says of the next page: a cursor, or an absolute URL; null if there is none. */
  readonly next: string | number | null
}

/** Of an answer's body as it is on record; `asked`: the URL that was asked, without secrets. */
export function pageOf(
  { body, headers, url }: Pick<ShownResponse, 'body' | 'headers' | 'url'>,
  asked: URL,
  { format, records, pages }: Pick<HttpSourceOptions, 'format' | 'records' | 'pages'>,
  numbers: DeclaredNumbers | null,
): Page | CallFailure {
  const text = typeof body === 'string' ? body : ''
  const answered = url === undefined || !URL.canParse(url) ? asked : new URL(url)
  const link = () => nextLink(headers.link ?? '')
  if (format === 'jsonl')
    return withNext(
      text.split('\n').filter(line => !/^[ \t\r]*$/.test(line)),
      pages?.by === 'link' ? link() : null,
      answered,
      pages,
    )
  const tokens = pointerTokens(records) ?? []
  const parsed = parse(text, numbersAt(tokens, numbers), asked)
  if ('kind' in parsed) return parsed
  const list = valueAt(parsed.value, tokens)
  if (!Array.isArray(list))
    return failure(
      'HTTP_NO_RECORDS',
      `${asked.origin} answers with a page that has no list ${records === '' ? 'as a whole' : `at ${records}`}`,
      false,
    )
  const at = pages?.by === 'cursor' || pages?.by === 'link' ? pages.at : undefined
  const next =
    at === undefined ? (pages?.by === 'link' ? link() : null) : valueAt(parsed.value, pointerTokens(at) ?? [])
  return withNext(list, next ?? null, answered, pages)
}

function parse(text: string, numbers: DeclaredNumbers | null, asked: URL): { readonly value: Json } | CallFailure {
  try {
    return { value: parseStrict(text, numbers) }
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error
    const what = /^\s*<(?:!doctype|html)\b/i.test(text)
      ? 'a web page in place of JSON'
      : `something that isn’t JSON, or can’t be kept exactly (${error.code}: ${error.message})`
    return failure('HTTP_NOT_JSON', `${asked.origin} answers with ${what}`, false)
  }
}

/** False, nothing and an empty text mean that there is no next page. */
function withNext(
  records: readonly Json[],
  next: Json,
  answered: URL,
  pages: HttpSourceOptions['pages'],
): Page | CallFailure {
  if (next === null || next === '' || next === false) return { kind: 'page', records, next: null }
  if (typeof next !== 'string' && typeof next !== 'number')
    return failure(
      'HTTP_NO_NEXT',
      `${answered.origin} names as the next page what is neither a text nor a number`,
      false,
    )
  if (pages?.by !== 'link') return { kind: 'page', records, next }
  if (typeof next === 'number' || !URL.canParse(next, answered))
    return failure('HTTP_NO_NEXT', `${answered.origin} names as the next page what is no URL`, false)
  const url = new URL(next, answered)
  url.hash = ''
  return { kind: 'page', records, next: url.href }
}

/** What is declared of the numbers of records, in a page. */
function numbersAt(tokens: readonly string[], numbers: DeclaredNumbers | null): DeclaredNumbers | null {
  if (numbers === null) return null
  const [first, ...rest] = tokens
  if (first === undefined) return { here: null, field: () => null, item: () => numbers }
  const within = numbersAt(rest, numbers)
  return {
    here: null,
    field: name => (name === first ? within : null),
    item: index => (String(index) === first ? within : null),
  }
}

/** The target of the first link whose relations have `next` (RFC 8288), as it stands there; null if there is none. */
export function nextLink(header: string): string | null {
  for (const [, target = '', params = ''] of header.matchAll(
    /<([^<>]*)>((?:\s*;\s*[^\s=;,<>"]+\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,<>"]*))?)*)/g,
  )) {
    // The first `rel` counts.
    const [, quoted, bare] = /;\s*rel\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,<>"]*))/i.exec(params) ?? []
    const relations = (quoted ?? bare ?? '').toLowerCase().split(/\s+/)
    if (relations.includes('next')) return target
  }
  return null
}
