/**
 * A source that reads the pages of a web service.
 *
 * HTTP-SOURCE-1. Each page is a call, and its records are made of what that has on record: the same whether the service has just answered
 *     or not.
 * HTTP-SOURCE-2. No secret goes to another origin than that of `url`: what a page names elsewhere isn't asked.
 */
import { createHash } from 'node:crypto'
import { CustodyError } from '../../model/error.ts'
import { parseJson } from '../../model/json.ts'
import { isRow, type Json, newRow } from '../../model/row.ts'
import type { Call, CallFailure } from '../../sdk/call.ts'
import type { Probed } from '../../sdk/probe.ts'
import type { PluginContext, ResumePoint, Source, SourceContext, SourceRecord } from '../../sdk/spec.ts'
import { secretAt } from '../templates/json-template.ts'
import type { Outgoing } from '../web/exchange.ts'
import { failure } from '../web/failures.ts'
import { limitsOf, retriedStatuses, serviceRules } from '../web/options.ts'
import { probePlace } from '../web/probe.ts'
import type { RequestTemplate } from '../web/request.ts'
import { readBody, type ShownResponse } from '../web/response.ts'
import { WebService } from '../web/service.ts'
import { type HttpSourceOptions, isOk, parentAt, requestOf, serviceOf } from './http-options.ts'
import { type Page, pageOf } from './http-page.ts'
import { firstPage, nextPage, type PageAt, type Place, pageAt } from './http-paging.ts'
import { pointerTokens } from './json-pointer.ts'
import { NOT_AN_OBJECT, parseRow, type RecordsAs, recordsAs } from './json-value.ts'

/** Records are handed on so many at a time. */
const PIECE = 500

interface Request {
  readonly outgoing: Outgoing
  readonly shown: { readonly [key: string]: Json }
  /** What is asked, without secrets. */
  readonly url: URL
}

export class HttpSource implements Source {
  readonly #options: HttpSourceOptions
  readonly #context: Pick<PluginContext, 'node' | 'secrets'>
  readonly #as: RecordsAs
  readonly #request: RequestTemplate
  readonly #service: WebService

  constructor(options: HttpSourceOptions, context: Pick<PluginContext, 'node' | 'secrets' | 'input'>) {
    this.#options = options
    this.#context = context
    this.#as = recordsAs(context.input)
    this.#request = requestOf(options, context.secrets)
    this.#service = new WebService({
      ...serviceRules(options),
      limits: limitsOf(options),
      isOk,
      retried: options.retry_on ?? retriedStatuses(true),
      secrets: this.#request.secrets,
    })
  }

  async *read(from: ResumePoint | null, { call }: SourceContext): AsyncGenerator<readonly SourceRecord[]> {
    const { node } = this.#context
    let at: PageAt | null = from === null ? firstPage(this.#options.pages) : pageAt(from.position, node)
    let before = ''
    while (at !== null) {
      const here: PageAt = at
      const { page, hash } = await this.#page(call, here)
      for (let i = here.taken; i < page.records.length; i += PIECE) {
        const piece = page.records.slice(i, i + PIECE)
        yield piece.map((value, j) => this.#record(value, { ...here, taken: i + j + 1 }))
      }
      at = nextPage(here, page, this.#options, hash === before, node)
      before = hash
    }
  }

  async reread(raw: Json): Promise<SourceRecord | null> {
    return this.#options.format === 'jsonl' && typeof raw === 'string' ? this.#line(raw, null) : null
  }

  probe(signal: AbortSignal): Promise<Probed> {
    return probePlace(this.#options, this.#context.secrets, limitsOf(this.#options), signal)
  }

  async close(): Promise<void> {
    this.#service.close()
  }

  /** @throws CustodyError CUSTODY_SOURCE, CUSTODY_INPUT_FORMAT. */
  async #page(call: Call, at: PageAt): Promise<{ readonly page: Page; readonly hash: string }> {
    const request = this.#requestFor(at.place)
    if ('kind' in request) throw this.#failed(at, request)
    const pageIn = (response: ShownResponse) => pageOf(response, request.url, this.#options, this.#as.numbers)
    const result = await call(serviceOf(this.#options), { request: request.shown }, async ({ signal }) => {
      const answer = await this.#service.ask(request.outgoing, signal, (incoming, masks) =>
        readBody(incoming, 'text', masks),
      )
      if (answer.kind === 'failure') return answer
      // Whoever reads the record finds there why nothing came of it.
      const page = pageIn(shownIn(answer.response))
      return page.kind === 'page' ? answer : { ...page, response: answer.response }
    })
    if (result.kind === 'error') throw this.#failed(at, result)
    const response = shownIn(result.response)
    const page = pageIn(response)
    if (page.kind === 'failure') throw this.#failed(at, page)
    return { page, hash: createHash('sha256').update(String(response.body)).digest('hex') }
  }

  #failed({ page }: PageAt, { code, message }: Pick<CallFailure, 'code' | 'message'>): CustodyError {
    const { node } = this.#context
    return new CustodyError(
      FORMAT_ERRORS.has(code) ? 'CUSTODY_INPUT_FORMAT' : 'CUSTODY_SOURCE',
      `page ${page} of \`${node}\` can’t be read: ${message} (${code})`,
      { where: { node }, hint: HINTS[code] ?? 'What was read is kept: `resume` asks for this page again.' },
    )
  }

  #requestFor(place: Place): Request | CallFailure {
    const built = this.#request.build(newRow())
    if (built.kind === 'error') return failure(built.code, built.message, false)
    const { pages } = this.#options
    const { outgoing, shown } = built
    const url = new URL(String(shown.url))
    if (pages === undefined || (place === null && pages.by !== 'page')) return { outgoing, shown, url }
    if (pages.by === 'link') return this.#linked(new URL(String(place)), outgoing, shown)
    const params = { [pages.param]: place, ...(pages.by === 'offset' ? { [pages.limit_param]: pages.limit } : {}) }
    return withParams({ outgoing, shown, url }, params)
  }

  /** A next page by its URL. What of it is secret was left out when it was recorded, and is put in again. */
  #linked(next: URL, outgoing: Outgoing, shown: Request['shown']): Request | CallFailure {
    const { url, query = {} } = this.#options
    const { origin } = new URL(url)
    if (next.origin !== origin || next.username !== '' || next.password !== '')
      return failure('HTTP_NEXT_ELSEWHERE', `the next page is at ${next.origin}, and not at ${origin}`, false)
    const meant = new URL(next)
    for (const [name, value] of Object.entries(query)) {
      if (secretAt(this.#context.secrets, ['query', name]) === null) continue
      next.searchParams.delete(name)
      meant.searchParams.set(name, value)
    }
    if (/(?:\[|%5b)secret(?:%20|\+)/i.test(next.href))
      return failure(
        'HTTP_NO_NEXT',
        'the URL of the next page has a secret within it that isn’t one of its parameters',
        false,
      )
    return { outgoing: { ...outgoing, url: meant }, shown: { ...shown, url: next.href }, url: next }
  }

  #record(value: Json, position: PageAt): SourceRecord {
    if (this.#options.format === 'jsonl') return this.#line(String(value), position)
    if (isRow(value)) return { kind: 'row', line: 0, row: value, position }
    const what = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`
    const message = `the record is ${what}, not an object`
    return { kind: 'reject', line: 0, raw: value, code: NOT_AN_OBJECT, message, position }
  }

  #line(text: string, position: Json): SourceRecord {
    const parsed = parseRow(text, this.#as.numbers)
    if ('row' in parsed)
      return { kind: 'row', line: 0, row: parsed.row, ...(this.#as.raw ? { raw: text } : {}), position }
    return { kind: 'reject', line: 0, raw: text, ...parsed.problem, position }
  }
}

// cast: what `WebService.ask` answers, fresh or as it was recorded.
const shownIn = (response: Json): ShownResponse => response as unknown as ShownResponse

/** Sets parameters of the URL, or in the body, of what is sent and of what is shown alike. */
function withParams({ outgoing, shown, url }: Request, params: { readonly [name: string]: Place }): Request {
  const meant = new URL(outgoing.url)
  let { body } = outgoing
  const shown_body = structuredClone(shown.body ?? null)
  for (const [name, value] of Object.entries(params)) {
    if (value === null) continue
    if (name.startsWith('/')) {
      const tokens = pointerTokens(name) ?? []
      const sent: unknown = parseJson((body ?? '{}').toString())
      for (const each of [sent, shown_body]) {
        const holder = parentAt(each, tokens)
        if (holder !== null) holder[tokens.at(-1) ?? ''] = value
      }
      body = Buffer.from(JSON.stringify(sent))
    } else for (const each of [meant, url]) each.searchParams.set(name, String(value))
  }
  const with_body = shown.body === undefined ? {} : { body: shown_body }
  return { outgoing: { ...outgoing, url: meant, body }, shown: { ...shown, url: url.href, ...with_body }, url }
}

const FORMAT_ERRORS: ReadonlySet<string> = new Set([
  'HTTP_NOT_JSON',
  'HTTP_NOT_TEXT',
  'HTTP_NO_RECORDS',
  'HTTP_NO_NEXT',
])

const HINTS: { readonly [code: string]: string } = {
  HTTP_NO_RECORDS: '`records` is a JSON Pointer to the list, as in /data/items.',
  HTTP_NOT_JSON: 'Declare fields with whole numbers beyond ±(2^53 − 1) as big_integer; JSON Lines need format: jsonl.',
  HTTP_TOO_LARGE: 'Raise max_bytes, or ask for smaller pages.',
  HTTP_NEXT_ELSEWHERE: 'If that is meant, give a source of its own the other address.',
}
