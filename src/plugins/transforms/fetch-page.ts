/** The `fetch_page` transform. */
import { isUtf8 } from 'node:buffer'
import { z } from 'zod'
import { grouped } from '../../model/number-text.ts'
import { derive, type Json, newRow, type Row } from '../../model/row.ts'
import type { FieldSchema, RowSchema } from '../../model/schema.ts'
import type { CallAnswer } from '../../sdk/call.ts'
import { defineTransform } from '../../sdk/define.ts'
import { oneRow, rowError } from '../../sdk/results.ts'
import type { OptionProblem, PluginContext, SecretOption, Transform, TransformResult } from '../../sdk/spec.ts'
import type { Masked, Masks } from '../masks.ts'
import { missingPeers } from '../peers.ts'
import { weakSecrets } from '../secrets.ts'
import type { WebAnswer } from '../web/client.ts'
import { failure, WEB_ERRORS } from '../web/failures.ts'
import { limitsOf, retriedStatuses, webOptions } from '../web/options.ts'
import type { Page } from '../web/page.ts'
import { PAGE_PACKAGES, PageReader } from '../web/page-reader.ts'
import { REQUEST_ERRORS, RequestTemplate } from '../web/request.ts'
import { type BodyRead, charsetOf, decodeText, type ShownResponse } from '../web/response.ts'
import { WebService } from '../web/service.ts'
import { fieldName, withFields } from './options.ts'

const pageOptions = z.strictObject({
  url: z.string().min(1).optional().describe('A template; scheme and host are written out'),
  url_field: fieldName.optional().describe('The field that holds the URL, in place of `url`'),
  headers: z.record(z.string().min(1), z.string()).optional().describe('Templates; secrets only with `url`'),
  as: z.enum(['markdown', 'text', 'html']).default('markdown').describe('What the page becomes; `html` is as it came'),
  main_content: z
    .boolean()
    .default(false)
    .describe('Only the page’s `main` element, or its only `article`; else all but what surrounds the content'),
  field: fieldName.default('page').describe('Gets the page'),
  title_field: fieldName.optional().describe('Gets the title, or null'),
  description_field: fieldName.optional().describe('Gets the description that the page gives of itself, or null'),
  max_characters: z.int().min(1).default(1_000_000).describe('Of what the page becomes; more is an error'),
  ...webOptions,
  max_bytes: webOptions.max_bytes.unwrap().default(5_000_000).describe('Of the page, decompressed'),
})
type PageOptions = z.output<typeof pageOptions>

const PAGE_ERRORS = {
  PAGE_NOT_HTML: 'What came is neither HTML nor plain text.',
  PAGE_NOT_TEXT: 'The page names an encoding that it isn’t in, or none that is known.',
  PAGE_UNREADABLE: 'The page has too many elements, is nested too deep, or takes too long to be read.',
  PAGE_TOO_LONG: 'What the page becomes has more than `max_characters`.',
} as const

const requestOf = (options: PageOptions, secrets: readonly SecretOption[]) =>
  new RequestTemplate({ ...options, method: 'GET' }, secrets)

function createFetchPage(options: PageOptions, { secrets }: PageContext): Transform {
  const request = requestOf(options, secrets)
  const service = new WebService({
    limits: limitsOf(options),
    // Where rows bring the URL, failures are the row's.
    one_service: request.host !== null,
    authenticated: false,
    stop_on: [],
    isOk: status => status >= 200 && status < 300,
    retried: options.retry_on ?? retriedStatuses(true),
    secrets: request.secrets,
  })
  const reader = new PageReader()
  return {
    async process(row, { call }) {
      const built = request.build(row)
      if (built.kind === 'error') return built
      const { outgoing, shown } = built
      const result = await call(serviceOf(options), { request: shown }, ({ signal }) =>
        service.ask(outgoing, signal, readHtml),
      )
      if (result.kind === 'error') return result
      return withPage(row, options, result.response as Json & ShownResponse, outgoing.url.href, reader)
    },
    async close() {
      service.close()
      await reader.close()
    },
  }
}
type PageContext = Pick<PluginContext, 'secrets'>

const serviceOf = (options: PageOptions): string => options.service ?? requestOf(options, []).host ?? 'web'

// ── the answer ──────────────────────────────────────────────────────────────────────────────────────────────────────

const HTML_TYPES = new Set(['', 'text/html', 'application/xhtml+xml'])
const PLAIN = 'text/plain'
const typeOf = (content_type = '') => content_type.split(';')[0]?.trim().toLowerCase() ?? ''

/** How far into a page its encoding may be named (HTML Standard, 13.2.3.2). */
const PRESCAN_BYTES = 1024

/** The text of a page. Failures: PAGE_NOT_HTML, PAGE_NOT_TEXT. */
function readHtml({ body, headers, url }: WebAnswer, masks: Masks): BodyRead {
  const type = typeOf(headers['content-type'])
  if (!HTML_TYPES.has(type) && type !== PLAIN)
    return failure('PAGE_NOT_HTML', `${url.origin} answers with ${type.slice(0, 100)}`, false)
  const text = decodeText(body, encodingOf(body, headers['content-type']), true)
  if (text === null) return failure('PAGE_NOT_TEXT', `${url.origin} answers with something that isn’t text`, false)
  const masked: Masked = new Set()
  return { kind: 'body', body: masks.text(text, masked), masked }
}

/** A byte order mark, the header, what the page says, and only then a guess. */
function encodingOf(body: Buffer, content_type: string | undefined): string {
  if (body[0] === 0xfe && body[1] === 0xff) return 'utf-16be'
  if (body[0] === 0xff && body[1] === 0xfe) return 'utf-16le'
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return 'utf-8'
  const named = charsetOf(content_type)
  if (named !== null) return named
  const start = body.toString('latin1', 0, PRESCAN_BYTES)
  const [, charset] = /<meta\s[^>]*charset\s*=\s*["']?\s*([\w:-]+)/i.exec(start) ?? []
  // A page that says so in ASCII isn't UTF-16.
  if (charset !== undefined) return /^utf-?16/i.test(charset) ? 'utf-8' : charset
  return isUtf8(body) ? 'utf-8' : 'windows-1252'
}

async function withPage(
  row: Row,
  options: PageOptions,
  response: ShownResponse,
  asked: string,
  reader: PageReader,
): Promise<TransformResult> {
  const page = await pageOf(options, response, asked, reader)
  if (page === null) return rowError('PAGE_UNREADABLE', 'the page is too large, or too tangled, to be read')
  if (page.content.length > options.max_characters)
    return rowError('PAGE_TOO_LONG', `the page becomes ${grouped(page.content.length)} characters`)
  const added = newRow()
  added[options.field] = page.content
  if (options.title_field !== undefined) added[options.title_field] = page.title
  if (options.description_field !== undefined) added[options.description_field] = page.description
  return oneRow(derive(row, added))
}

/** The option that asks for pages to be read, and not only handed on as they came; null if none does. */
function readingOption({ as, title_field, description_field }: PageOptions): keyof PageOptions | null {
  if (as !== 'html') return 'as'
  if (title_field !== undefined) return 'title_field'
  return description_field === undefined ? null : 'description_field'
}

async function pageOf(
  options: PageOptions,
  { body, headers, url }: ShownResponse,
  asked: string,
  reader: PageReader,
): Promise<Page | null> {
  const { as, main_content } = options
  const text = String(body)
  const is_plain = typeOf(headers['content-type']) === PLAIN
  if (is_plain || readingOption(options) === null) return { title: null, description: null, content: text }
  const settings = { as: as === 'html' ? 'text' : as, main_content } as const
  const page = await reader.read({ html: text, url: url ?? asked, settings })
  return page !== null && as === 'html' ? { ...page, content: text } : page
}

// ── the spec ────────────────────────────────────────────────────────────────────────────────────────────────────────

function problemsOf(options: PageOptions, secrets: readonly SecretOption[]) {
  const { url, url_field, as, main_content, field, title_field, description_field } = options
  const problems: OptionProblem[] = []
  if ((url === undefined) === (url_field === undefined))
    problems.push({ path: [], message: 'the page is named by one of `url` and `url_field`', hint: 'give one of them' })
  else problems.push(...requestOf(options, secrets).problems)
  for (const { path } of secrets) {
    if (path[0] !== 'headers') problems.push({ path, message: `\`${path[0]}\` is recorded, and can’t be a secret` })
    // Whoever fills the field would get the secret.
    else if (url_field !== undefined)
      problems.push({ path, message: 'a secret would be sent wherever a row says', hint: 'use `url`' })
  }
  if (as === 'html' && main_content)
    problems.push({ path: ['main_content'], message: '`html` is the page as it came', hint: 'use text or markdown' })
  problems.push(...weakSecrets(options, secrets))
  const fields = [field, title_field, description_field].filter(name => name !== undefined)
  const twice = fields.find((name, i) => fields.indexOf(name) !== i)
  if (twice !== undefined) problems.push({ path: ['field'], message: `two values would become the field ${twice}` })
  return problems
}

const TEXT: FieldSchema = { schema: { type: 'string' }, optional: false }

function fetchedSchema({ field, title_field, description_field }: PageOptions, input: RowSchema): RowSchema {
  const fields = new Map(input.fields).set(field, TEXT)
  for (const name of [title_field, description_field])
    if (name !== undefined) fields.set(name, { ...TEXT, optional: true })
  return withFields(input, fields)
}

const page = (body: string, type = 'text/html'): CallAnswer => ({
  kind: 'answer',
  response: { status: 200, headers: { 'content-type': type }, body },
})

export const fetchPage = defineTransform({
  name: 'fetch_page',
  summary: 'Fetches a web page for each row, as Markdown, text or HTML',
  description: [
    'The URL is a [Liquid](https://liquidjs.com) template over the row with a host that is written out, or the value of a',
    'field. Links become absolute; scripts, styles and the like are left out. Plain text stays as it is; anything but HTML and',
    'plain text is an error.',
    '',
    'Addresses that are private, local or reserved are refused, after each redirect too, unless `allow` lists them. The page',
    'is recorded as it came. More on limits, retries and secrets: [asking the web](http.md).',
  ].join('\n'),
  options: pageOptions,
  determinism: 'external',
  errors: { ...REQUEST_ERRORS, ...WEB_ERRORS, ...PAGE_ERRORS },
  examples: [
    {
      title: 'The page that a field names',
      options: { url_field: 'link', title_field: 'title' },
      rows_in: [{ link: 'https://news.example/a' }, { link: 'ftp://news.example/a' }],
      answers: [page('<title>Rates rise</title><h1>Rates rise</h1><p>By <b>0.25</b>. <a href="/b">More</a>')],
      rows_out: [
        {
          link: 'https://news.example/a',
          page: '# Rates rise\n\nBy **0.25**. [More](https://news.example/b)',
          title: 'Rates rise',
        },
      ],
      errors: ['HTTP_URL'],
    },
    {
      title: 'What stands on it, without menus, as text',
      options: { url: 'https://wiki.example/{{ row.topic }}', as: 'text', main_content: true, field: 'about' },
      rows_in: [{ topic: 'Black swan' }],
      answers: [page('<nav>Home</nav><main><h1>Black swan</h1><p>A large waterbird.</main><footer>©</footer>')],
      rows_out: [{ topic: 'Black swan', about: 'Black swan\n\nA large waterbird.' }],
    },
  ],
  check: problemsOf,
  missing: options => {
    const option = readingOption(options)
    return option === null ? null : missingPeers([option], PAGE_PACKAGES)
  },
  services: options => [serviceOf(options)],
  requires: (options, secrets) =>
    requestOf(options, secrets).variables.map(each =>
      each.path[0] === 'url_field' ? { ...each, types: ['string'] as const } : each,
    ),
  guarantees: fetchedSchema,
  cardinality: 'one',
  create: createFetchPage,
})
