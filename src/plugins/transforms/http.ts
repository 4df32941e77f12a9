/** The `http` transform. */
import { z } from 'zod'
import { derive, type Json, type MutableRow, newRow, type Row } from '../../model/row.ts'
import type { FieldSchema, RowSchema } from '../../model/schema.ts'
import type { CallAnswer } from '../../sdk/call.ts'
import { defineTransform } from '../../sdk/define.ts'
import { oneRow, rowError } from '../../sdk/results.ts'
import type { OptionProblem, PluginContext, SecretOption, Transform, TransformResult } from '../../sdk/spec.ts'
import type { Masks } from '../masks.ts'
import { weakSecrets } from '../secrets.ts'
import { pointerTokens } from '../sources/json-pointer.ts'
import type { WebAnswer } from '../web/client.ts'
import { WEB_ERRORS } from '../web/failures.ts'
import { limitsOf, requestOptions, retriedStatuses, serviceRules, stopProblems, webOptions } from '../web/options.ts'
import { valueAt } from '../web/pointer.ts'
import { probePlace } from '../web/probe.ts'
import { REQUEST_ERRORS, RequestTemplate } from '../web/request.ts'
import { BODY_ERRORS, BODY_FORMS, type BodyRead, readBody, type ShownResponse } from '../web/response.ts'
import { WebService } from '../web/service.ts'
import { byField, fieldName, withFields } from './options.ts'

const pointer = z.string().refine(text => pointerTokens(text) !== null, {
  error: 'not a JSON Pointer; write the keys with a slash before each, as in /data/items',
})
const STATUSES = ['2xx', '3xx', '4xx', '5xx'] as const

const httpOptions = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  ...requestOptions,
  body: requestOptions.body.describe('A template of a text; or a map or list, sent as JSON, whose texts are templates'),
  as: z.enum(BODY_FORMS).default('json').describe('How the answer’s body is read'),
  extract: byField(pointer).optional().describe('`{field: pointer}`: JSON Pointers into the answer (RFC 6901)'),
  missing: z.enum(['error', 'null']).default('error').describe('What to do if a pointer leads nowhere'),
  field: fieldName.optional().describe('Gets the whole body'),
  status_field: fieldName.optional().describe('Gets the status'),
  ok: z
    .array(z.union([z.int().min(200).max(599), z.enum(STATUSES)]))
    .min(1)
    .default(['2xx'])
    .describe('Statuses that are answers; others are errors'),
  idempotent: z
    .boolean()
    .optional()
    .describe('Whether asking twice does no more than asking once; by the method if absent'),
  ...webOptions,
})
type HttpOptions = z.output<typeof httpOptions>

const isOneOf = (ok: HttpOptions['ok']) => (status: number) =>
  ok.some(each => each === status || each === `${Math.floor(status / 100)}xx`)

function createHttp(options: HttpOptions, { secrets }: PluginContext): Transform {
  const request = new RequestTemplate(options, secrets)
  const service = new WebService({
    ...serviceRules(options),
    limits: limitsOf(options),
    isOk: isOneOf(options.ok),
    retried: options.retry_on ?? retriedStatuses(request.idempotent),
    secrets: request.secrets,
  })
  const name = serviceOf(options)
  const pointers = Object.entries(options.extract ?? {}).map(
    ([field, text]) => [field, pointerTokens(text) ?? []] as const,
  )
  const read = (answer: WebAnswer, masks: Masks): BodyRead =>
    options.method === 'HEAD' ? { kind: 'body', body: null, masked: new Set() } : readBody(answer, options.as, masks)
  return {
    async process(row, { call }) {
      const built = request.build(row)
      if (built.kind === 'error') return built
      const { outgoing, shown } = built
      const result = await call(name, { request: { ...shown, as: options.as } }, ({ signal }) =>
        service.ask(outgoing, signal, read),
      )
      if (result.kind === 'error') return result
      return withAnswer(row, options, pointers, result.response as Json & ShownResponse)
    },
    probe: signal => probePlace(options, secrets, limitsOf(options), signal),
    close: async () => service.close(),
  }
}

function withAnswer(
  row: Row,
  { field, status_field, missing }: HttpOptions,
  pointers: ReadonlyArray<readonly [field: string, tokens: readonly string[]]>,
  { status, body }: ShownResponse,
): TransformResult {
  const added: MutableRow = newRow()
  if (status_field !== undefined) added[status_field] = status
  if (field !== undefined) added[field] = body
  for (const [name, tokens] of pointers) {
    const value = valueAt(body, tokens)
    if (value === undefined && missing === 'error')
      return rowError('HTTP_POINTER_MISSING', `the answer has nothing for ${name}, at /${tokens.join('/')}`)
    added[name] = value ?? null
  }
  return oneRow(derive(row, added))
}

const serviceOf = (options: HttpOptions): string => options.service ?? new RequestTemplate(options, []).host ?? 'http'

/** Secrets may stand where they can be left out of what is recorded. */
const MAY_BE_SECRET = new Set(['query', 'headers', 'auth', 'body'])

function problemsOf(options: HttpOptions, secrets: readonly SecretOption[]) {
  const { method, body, as, extract = {}, field, status_field } = options
  const problems: OptionProblem[] = [...weakSecrets(options, secrets)]
  for (const { path } of secrets)
    if (!MAY_BE_SECRET.has(String(path[0])))
      problems.push({ path, message: `\`${path[0]}\` is recorded, and can’t be a secret`, hint: SECRET_HINT })
  problems.push(...new RequestTemplate(options, secrets).problems)
  problems.push(...stopProblems(options.stop_on, isOneOf(options.ok)))
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    problems.push({ path: ['body'], message: `${method} has no body` })
  if (method === 'HEAD' && (options.extract !== undefined || field !== undefined))
    problems.push({
      path: ['method'],
      message: 'an answer to HEAD has no body',
      hint: 'take its status, with status_field',
    })
  if (options.extract !== undefined && as !== 'json')
    problems.push({ path: ['as'], message: '`extract` needs an answer that is read as json' })
  const fields = [...Object.keys(extract), ...[field, status_field].filter(name => name !== undefined)]
  if (fields.length === 0)
    problems.push({ path: [], message: 'nothing becomes of the answer', hint: 'give extract, field or status_field' })
  const twice = fields.find((name, i) => fields.indexOf(name) !== i)
  if (twice !== undefined) problems.push({ path: ['extract'], message: `two values would become the field ${twice}` })
  return problems
}

const SECRET_HINT = 'secrets go into query, headers, auth or body'

function answeredSchema({ as, extract = {}, field, status_field }: HttpOptions, input: RowSchema): RowSchema {
  const fields = new Map(input.fields)
  if (status_field !== undefined) fields.set(status_field, { schema: { type: 'integer' }, optional: false })
  if (field !== undefined) fields.set(field, as === 'json' ? ANY : { schema: { type: 'string' }, optional: false })
  for (const name of Object.keys(extract)) fields.set(name, ANY)
  return withFields(input, fields)
}
const ANY: FieldSchema = { schema: {}, optional: true }

const answered = (body: Json, status = 200): CallAnswer => ({
  kind: 'answer',
  response: { status, headers: { 'content-type': 'application/json' }, body },
})

export const http = defineTransform({
  name: 'http',
  summary: 'Asks a web service about each row, and takes fields from its answer',
  description: [
    'URL, parameters, headers and body are [Liquid](https://liquidjs.com) templates over the row: `{{ row.id }}`. A field that',
    'is missing or null is an error, unless the template deals with it: `{{ row.note | default: "none" }}`. In the URL each',
    'value is percent-encoded, mustn’t be empty, and can change neither the host nor the path around it.',
    '',
    'In a body that is a map or list, a text that is one output and nothing else becomes the value itself: `"{{ row.n }}"` a',
    'number, if `n` is one.',
    '',
    'Addresses that are private, local or reserved are refused, after each redirect too, unless `allow` lists them. What is',
    'recorded, what is retried and how secrets are kept out: [asking the web](http.md).',
  ].join('\n'),
  options: httpOptions,
  determinism: 'external',
  errors: {
    ...REQUEST_ERRORS,
    ...WEB_ERRORS,
    ...BODY_ERRORS,
    HTTP_POINTER_MISSING: 'The answer has nothing where a pointer of `extract` leads.',
  },
  examples: [
    {
      title: 'Two fields of a JSON answer',
      options: {
        url: 'https://rates.example/v1/{{ row.currency }}',
        query: { day: '{{ row.day }}' },
        extract: { rate: '/rate', source: '/meta/source' },
      },
      rows_in: [
        { currency: 'AUD', day: '2026-07-01' },
        { currency: '../admin', day: '2026-07-01' },
        { currency: 'AUD' },
      ],
      answers: [answered({ rate: 0.61, meta: { source: 'central bank' } })],
      rows_out: [{ currency: 'AUD', day: '2026-07-01', rate: 0.61, source: 'central bank' }],
      errors: ['HTTP_URL', 'HTTP_TEMPLATE'],
    },
    {
      title: 'A body as JSON, and a question that can be asked again',
      options: {
        method: 'POST',
        url: 'https://geo.example/search',
        body: { text: '{{ row.address }}', limit: 1, near: ['{{ row.lat }}', '{{ row.lon }}'] },
        idempotent: true,
        extract: { place: '/results/0/name' },
        missing: 'null',
      },
      rows_in: [{ address: '1 Hay St', lat: -31.9, lon: 115.8 }],
      answers: [answered({ results: [] })],
      rows_out: [{ address: '1 Hay St', lat: -31.9, lon: 115.8, place: null }],
    },
    {
      title: 'Whether something is there: 404 is an answer, too',
      options: {
        method: 'HEAD',
        url: 'https://files.example/{{ row.name }}',
        ok: ['2xx', 404],
        status_field: 'status',
      },
      rows_in: [{ name: 'a b.pdf' }],
      answers: [answered(null, 404)],
      rows_out: [{ name: 'a b.pdf', status: 404 }],
    },
  ],
  check: problemsOf,
  services: options => [serviceOf(options)],
  requires: (options, secrets) => new RequestTemplate(options, secrets).variables,
  guarantees: answeredSchema,
  cardinality: 'one',
  create: createHttp,
})
