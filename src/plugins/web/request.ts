/** Makes requests of rows, each in two forms: as it is sent, and as it is recorded, without secrets. */
import type { Json, MutableRow, Row } from '../../model/row.ts'
import { fieldOf } from '../../sdk/expression.ts'
import { rowError } from '../../sdk/results.ts'
import type { RowError, SecretOption } from '../../sdk/spec.ts'
import type { Secret } from '../masks.ts'
import { namedSecrets } from '../secrets.ts'
import { compileJsonTemplate, type Filled, type JsonTemplate, secretAt } from '../templates/json-template.ts'
import { asText, type Rendered, templateProblem } from '../templates/template.ts'
import { isTooDeep } from './depth.ts'
import type { Outgoing } from './exchange.ts'
import {
  type Auth,
  credentials,
  fillHeaders,
  type Headers,
  headerProblems,
  namedCredentials,
  type Texts,
} from './headers.ts'
import { compileUrlTemplate, parseUrl, type UrlTemplate } from './url-template.ts'

type Path = readonly (string | number)[]

export interface RequestOptions {
  readonly method: string
  /** A template; or else the field that holds the URL. */
  readonly url?: string | undefined
  readonly url_field?: string | undefined
  readonly query?: Texts | undefined
  readonly headers?: Texts | undefined
  readonly auth?: Auth | undefined
  readonly body?: Json | undefined
  /** If absent: by nature of the method, or if there is an `Idempotency-Key`. */
  readonly idempotent?: boolean | undefined
}

export interface BuiltRequest {
  readonly kind: 'request'
  readonly outgoing: Outgoing
  readonly shown: { readonly [key: string]: Json }
}

export const REQUEST_ERRORS = {
  HTTP_URL: 'The URL can’t be made of the row, or is none that can be asked.',
  HTTP_TEMPLATE:
    'A field that a template names is missing or null, a filter fails, or no header can have what is made.',
} as const

/** Methods that may be repeated (RFC 9110, section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE'])

export class RequestTemplate {
  readonly problems: ReadonlyArray<{ readonly path: Path; readonly message: string }>
  readonly variables: ReadonlyArray<{ readonly field: string; readonly path: Path }>
  readonly idempotent: boolean
  /** What services could repeat. */
  readonly secrets: readonly Secret[]
  /** Host of the URL, where the template fixes it. */
  readonly host: string | null
  readonly #options: RequestOptions
  readonly #secrets: readonly SecretOption[]
  readonly #url: UrlTemplate | null
  readonly #query: JsonTemplate
  readonly #headers: JsonTemplate
  readonly #credentials: Headers
  readonly #body: JsonTemplate | null

  constructor(options: RequestOptions, secrets: readonly SecretOption[]) {
    const { url = '', url_field, query = {}, headers = {}, auth, body, method } = options
    this.#options = options
    this.#secrets = secrets
    this.#query = compileJsonTemplate(query, ['query'], secrets)
    this.#headers = compileJsonTemplate(headers, ['headers'], secrets)
    this.#credentials = credentials(auth, secrets)
    this.secrets = [...namedSecrets(options, secrets), ...namedCredentials(auth, secrets)]
    this.#body = body === undefined ? null : compileJsonTemplate(body, ['body'], secrets)
    const parts = [this.#query, this.#headers, ...(this.#body === null ? [] : [this.#body])]
    const problems = [...headerProblems(headers, auth), ...parts.flatMap(part => part.problems)]
    const variables = parts.flatMap(part => part.variables)
    const compiled = url_field === undefined ? compileUrlTemplate(url) : null
    this.#url = compiled !== null && 'render' in compiled ? compiled : null
    if (compiled === null) variables.unshift({ field: url_field ?? '', path: ['url_field'] })
    else if ('problem' in compiled) problems.unshift(templateProblem(compiled, ['url']))
    else variables.unshift(...compiled.variables.map(field => ({ field, path: ['url'] })))
    this.problems = problems
    this.variables = variables
    this.host = this.#url?.host ?? null
    const has_key = Object.keys(headers).some(name => name.toLowerCase() === 'idempotency-key')
    this.idempotent = options.idempotent ?? (IDEMPOTENT.has(method) || has_key)
  }

  /** Errors: HTTP_URL, HTTP_TEMPLATE. */
  build(row: Row): BuiltRequest | RowError {
    const base = this.#renderUrl(row)
    if (!base.ok) return rowError('HTTP_URL', base.message, fieldOf(base))
    const query = this.#query.fill(row)
    const headers = fillHeaders(this.#headers, row, this.#secrets)
    const body = this.#body?.fill(row)
    for (const part of [query, headers, body])
      if (part?.ok === false) return rowError('HTTP_TEMPLATE', part.message, fieldOf(part))
    if (!query.ok || !headers.ok || body?.ok === false) throw new TypeError('a failed part was returned above')
    const { method } = this.#options
    const { meant, shown } = withQuery(base.value, query.value, this.#secrets)
    const is_text = typeof this.#options.body === 'string'
    const type: Texts = body === undefined ? {} : { 'content-type': is_text ? TEXT : 'application/json' }
    if (body !== undefined && isTooDeep(body.value.meant))
      return rowError('HTTP_TEMPLATE', 'body: it is nested too deep')
    return {
      kind: 'request',
      outgoing: {
        method,
        url: meant,
        headers: { ...type, ...headers.value.sent, ...this.#credentials.sent },
        body:
          body === undefined
            ? null
            : Buffer.from(is_text ? asText(body.value.meant) : JSON.stringify(body.value.meant)),
        idempotent: this.idempotent,
      },
      shown: {
        method,
        ...shown,
        headers: { ...headers.value.shown, ...this.#credentials.shown },
        ...(body === undefined ? {} : { body: is_text ? asText(body.value.shown) : body.value.shown }),
      },
    }
  }

  #renderUrl(row: Row): Rendered<URL> {
    const { url_field } = this.#options
    if (this.#url !== null) return this.#url.render(row)
    const value = url_field === undefined ? undefined : row[url_field]
    return typeof value === 'string' ? parseUrl(value.trim()) : { ok: false, message: `${url_field} isn’t a text` }
  }
}

const TEXT = 'text/plain; charset=utf-8'

/** The URL with its parameters; those that are secrets are shown beside it, by their names. */
function withQuery(base: URL, query: Filled, secrets: readonly SecretOption[]) {
  const url = { meant: new URL(base), shown: new URL(base) }
  const hidden: MutableRow = {}
  const meant = query.meant as { readonly [name: string]: Json }
  for (const [name, shown] of Object.entries(query.shown as typeof meant)) {
    url.meant.searchParams.append(name, asText(meant[name] ?? ''))
    if (secretAt(secrets, ['query', name]) !== null) hidden[name] = shown
    else url.shown.searchParams.append(name, asText(shown))
  }
  return {
    meant: url.meant,
    shown: { url: url.shown.href, ...(Object.keys(hidden).length === 0 ? {} : { query: hidden }) },
  }
}
