/** Options of the `http` source. */
import { z } from 'zod'
import type { OptionProblem, SecretOption } from '../../sdk/spec.ts'
import { weakSecrets } from '../secrets.ts'
import { requestOptions, stopProblems, webOptions } from '../web/options.ts'
import { RequestTemplate } from '../web/request.ts'
import { pointerTokens } from './json-pointer.ts'

const pointer = z.string().refine(text => pointerTokens(text) !== null, {
  error: 'not a JSON Pointer; write the keys with a slash before each, as in /data/items',
})
const param = z
  .string()
  .min(1)
  .refine(text => !text.startsWith('/') || pointerTokens(text) !== null, { error: 'not a JSON Pointer' })

const pages = z
  .discriminatedUnion('by', [
    z.strictObject({
      by: z.literal('page'),
      param: param.default('page'),
      from: z.int().min(0).default(1),
      size: z.int().min(1).optional(),
    }),
    z.strictObject({
      by: z.literal('offset'),
      param: param.default('offset'),
      limit_param: param.default('limit'),
      limit: z.int().min(1),
    }),
    z.strictObject({ by: z.literal('cursor'), at: pointer, param }),
    z.strictObject({ by: z.literal('link'), at: pointer.optional() }),
  ])
  .describe(
    'How the next page is asked for: `{by: page, param, from, size}`, `{by: offset, param, limit_param, limit}`, `{by: cursor, at, param}`, `{by: link, at}`; absent: there is one page',
  )
export type Pages = z.output<typeof pages>

export const httpSourceOptions = z.strictObject({
  method: z.enum(['GET', 'POST']).default('GET'),
  ...requestOptions,
  url: z.string().min(1).describe('Where the first page is'),
  query: requestOptions.query.describe('Parameters to add to the URL; texts or secrets'),
  headers: requestOptions.headers.describe('Texts or secrets'),
  body: requestOptions.body.describe('Of a POST: a text; or a map or list, sent as JSON'),
  format: z.enum(['json', 'jsonl']).default('json').describe('What a page is: JSON, or JSON Lines, a record a line'),
  records: pointer
    .default('')
    .describe('JSON Pointer (RFC 6901) to the list of records in a page; the whole page if absent'),
  pages: pages.optional(),
  most_pages: z.int().min(1).optional().describe('Reading ends after so many pages, whatever follows'),
  ...webOptions,
})
export type HttpSourceOptions = z.output<typeof httpSourceOptions>

export const isOk = (status: number): boolean => status >= 200 && status < 300

/** Reading twice does no more than reading once. */
export const requestOf = (options: HttpSourceOptions, secrets: readonly SecretOption[]): RequestTemplate =>
  new RequestTemplate({ ...options, idempotent: true }, secrets)

export const serviceOf = (options: HttpSourceOptions): string =>
  options.service ?? requestOf(options, []).host ?? 'http'

/** Parameters that pages set. */
function paramsOf(pages: Pages | undefined): readonly string[] {
  if (pages === undefined || pages.by === 'link') return []
  return pages.by === 'offset' ? [pages.param, pages.limit_param] : [pages.param]
}

export function httpSourceProblems(options: HttpSourceOptions, secrets: readonly SecretOption[]): OptionProblem[] {
  const { method, body, format, records, pages } = options
  const request = requestOf(options, secrets)
  const problems: OptionProblem[] = [...weakSecrets(options, secrets), ...request.problems]
  const wrong = (path: OptionProblem['path'], message: string, hint?: string) =>
    problems.push({ path, message, ...(hint === undefined ? {} : { hint }) })
  for (const { path } of secrets)
    if (!['query', 'headers', 'auth', 'body'].includes(String(path[0])))
      wrong(path, `\`${path[0]}\` is recorded, and can’t be a secret`, 'secrets go into query, headers, auth or body')
  for (const { path, field } of request.variables) wrong(path, `there is no row that \`${field}\` could be taken from`)
  problems.push(...stopProblems(options.stop_on, isOk))
  if (body !== undefined && method === 'GET') wrong(['body'], 'GET has no body', 'set method: POST')
  if (format === 'jsonl' && records !== '') wrong(['records'], 'JSON Lines have no list of records within them')
  if (format === 'jsonl' && pages !== undefined && 'at' in pages && pages.at !== undefined)
    wrong(['pages', 'at'], 'JSON Lines have no place beside their records', 'a Link header says where the next page is')
  for (const name of paramsOf(pages)) problems.push(...paramProblems(name, options))
  if (pages?.by === 'offset' && pages.param === pages.limit_param)
    wrong(['pages', 'limit_param'], `${pages.param} can’t be both the offset and the limit`)
  return problems
}

/** A parameter of the pages is in the URL, or at a pointer in the body. */
function paramProblems(name: string, { query = {}, body, url, pages }: HttpSourceOptions): readonly OptionProblem[] {
  const path = ['pages', 'param']
  if (name.startsWith('/')) {
    const holder = parentAt(body, pointerTokens(name) ?? [])
    if (holder === null)
      return [
        { path, message: `the body has no map at ${name} that it could be set in`, hint: 'write the body as a map' },
      ]
    return []
  }
  // A cursor may begin anywhere.
  if (pages?.by === 'cursor') return []
  const in_url = URL.canParse(url) && new URL(url).searchParams.has(name)
  return Object.hasOwn(query, name) || in_url
    ? [{ path, message: `${name} is a parameter of its own as well`, hint: 'leave it out; `pages` sets it' }]
    : []
}

/** The map that a pointer's last key belongs to; null if there is none. */
export function parentAt(body: unknown, tokens: readonly string[]): { [key: string]: unknown } | null {
  let at: unknown = body
  for (const token of tokens.slice(0, -1)) at = isMap(at) && Object.hasOwn(at, token) ? at[token] : null
  return isMap(at) ? at : null
}

const isMap = (value: unknown): value is { [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
