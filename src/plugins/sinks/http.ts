/** The `http` sink: a webhook. */
import { z } from 'zod'
import type { Json, Row } from '../../model/row.ts'
import { defineSink } from '../../sdk/define.ts'
import { flatErrors, flatNames } from '../../sdk/error-row.ts'
import { rowError } from '../../sdk/results.ts'
import type {
  Keyed,
  OptionProblem,
  OutboundSink,
  Outgoing,
  PluginContext,
  Rehearsal,
  RowError,
  SecretOption,
} from '../../sdk/spec.ts'
import { weakSecrets } from '../secrets.ts'
import { isTooDeep } from '../web/depth.ts'
import type { Outgoing as WebOutgoing } from '../web/exchange.ts'
import { WEB_ERRORS } from '../web/failures.ts'
import { limitsOf, requestOptions, retriedStatuses, serviceRules, stopProblems, webOptions } from '../web/options.ts'
import { probePlace } from '../web/probe.ts'
import { REQUEST_ERRORS, RequestTemplate } from '../web/request.ts'
import { WebService } from '../web/service.ts'
import { batchOption, batchProblems, bodyOf, recordedChars, sendBatchOf } from './http-batch.ts'
import { flatErrorsOption } from './options.ts'

const { redirects: _, retry_on, ...shared } = webOptions

const httpOptions = z.strictObject({
  method: z.enum(['POST', 'PUT', 'PATCH']).default('POST'),
  ...requestOptions,
  body: requestOptions.body.describe(
    'A template of a text; or a map or list, sent as JSON, whose texts are templates. The row as JSON if absent',
  ),
  ok: z
    .array(z.int().min(200).max(599))
    .min(1)
    .optional()
    .describe('Statuses by which a row is taken; 200 to 299 if absent'),
  idempotent: z
    .boolean()
    .optional()
    .describe(
      'Whether sending a row again with the same key does no more than sending it once; true for PUT if absent',
    ),
  idempotency_header: z
    .string()
    .min(1)
    .default('Idempotency-Key')
    .describe('Header that has the row’s key, of several rows that of the first'),
  batch: batchOption.optional(),
  flat_errors: flatErrorsOption,
  ...shared,
  retry_on: retry_on.describe(
    'Statuses by which a row is turned away, and may be taken later; 408, 429 and 503 if absent',
  ),
})
type HttpOptions = z.output<typeof httpOptions>

const isTaken =
  ({ ok }: HttpOptions) =>
  (status: number): boolean =>
    ok?.includes(status) ?? (status >= 200 && status <= 299)

interface HttpOutgoing extends Outgoing {
  readonly web: WebOutgoing
}

function createHttp(options: HttpOptions, { secrets }: PluginContext): OutboundSink<HttpOutgoing> {
  const template = new RequestTemplate(options, secrets)
  const { batch } = options
  const service = new WebService({
    ...serviceRules(options),
    limits: limitsOf({ ...options, redirects: 0 }),
    isOk: isTaken(options),
    retried: options.retry_on ?? retriedStatuses(false),
    secrets: template.secrets,
    recorded_chars: batch === undefined ? undefined : recordedChars(batch),
  })
  const name = serviceOf(options)
  return {
    request: row => requestOf(row, options, template, name),
    send: (rows, { signal }) => service.send(together(rows, options), signal),
    probe: signal => probePlace(options, secrets, limitsOf({ ...options, redirects: 0 }), signal),
    close: async () => service.close(),
  }
}

function requestOf(
  given: Row,
  options: HttpOptions,
  template: RequestTemplate,
  service: string,
): HttpOutgoing | RowError {
  const row = options.flat_errors ? flatErrors(given) : given
  const built = template.build(row)
  if (built.kind === 'error') return built
  if (options.body === undefined && isTooDeep(row)) return rowError('HTTP_TEMPLATE', 'the row is nested too deep')
  const key_field = options.batch?.key_field
  if (options.body === undefined && key_field !== undefined && Object.hasOwn(row, key_field))
    return rowError('HTTP_TEMPLATE', `the row has a field ${key_field} of its own`, { field: key_field })
  const { outgoing, shown } = options.body === undefined ? withRow(built, row) : built
  return { kind: 'outgoing', service, request: shown, web: outgoing }
}

function rehearse(options: HttpOptions, { secrets }: PluginContext): Rehearsal {
  const template = new RequestTemplate(options, secrets)
  const name = serviceOf(options)
  return {
    row: row => {
      const request = requestOf(row, options, template, name)
      return request.kind === 'error' ? request : { kind: 'taken', file: null }
    },
  }
}

type Built = Exclude<ReturnType<RequestTemplate['build']>, RowError>

function withRow({ outgoing, shown }: Built, row: Row): Pick<Built, 'outgoing' | 'shown'> {
  const headers = { 'content-type': 'application/json', ...outgoing.headers }
  return {
    outgoing: { ...outgoing, headers, body: Buffer.from(JSON.stringify(row)) },
    shown: { ...shown, body: row as Json },
  }
}

/** The one request that stands for those of the rows. */
function together(rows: readonly [Keyed<HttpOutgoing>, ...Keyed<HttpOutgoing>[]], options: HttpOptions): WebOutgoing {
  const { batch, idempotency_header, headers = {} } = options
  const [{ outgoing, key }] = rows
  const { web } = outgoing
  const keyed = { ...web.headers, [idempotency_header.toLowerCase()]: key }
  if (batch === undefined) return { ...web, headers: keyed }
  const typed = Object.keys(headers).some(name => name.toLowerCase() === 'content-type')
  const items = rows.map(each => ({ text: each.outgoing.web.body?.toString() ?? '', key: each.key }))
  return {
    ...web,
    headers: batch.as === 'lines' && !typed ? { ...keyed, 'content-type': 'application/x-ndjson' } : keyed,
    body: bodyOf(items, batch),
  }
}

const serviceOf = (options: HttpOptions): string => options.service ?? new RequestTemplate(options, []).host ?? 'http'

/** Secrets may stand where they can be left out of what is recorded. */
const MAY_BE_SECRET = new Set(['query', 'headers', 'auth', 'body'])

function problemsOf(options: HttpOptions, secrets: readonly SecretOption[]) {
  const problems: OptionProblem[] = [...weakSecrets(options, secrets)]
  for (const { path } of secrets)
    if (!MAY_BE_SECRET.has(String(path[0])))
      problems.push({
        path,
        message: `\`${path[0]}\` is recorded, and can’t be a secret`,
        hint: 'secrets go into query, headers, auth or body',
      })
  const template = new RequestTemplate(options, secrets)
  problems.push(...template.problems)
  problems.push(...stopProblems(options.stop_on, isTaken(options)))
  if (options.batch !== undefined) problems.push(...batchProblems(options.batch, options.body, template.variables))
  const { idempotency_header, headers = {} } = options
  const key = idempotency_header.toLowerCase()
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(key))
    problems.push({ path: ['idempotency_header'], message: 'it isn’t the name of a header' })
  for (const name of Object.keys(headers))
    if (name.toLowerCase() === key)
      problems.push({ path: ['headers', name], message: 'each row is given a key of its own', hint: 'leave it out' })
  return problems
}

export const httpSink = defineSink({
  name: 'http',
  summary: 'Sends each row to a web service, a webhook for example',
  description: [
    'URL, parameters, headers and body are [Liquid](https://liquidjs.com) templates over the row: `{{ row.id }}`, as those of the',
    '[`http` transform](http.md). Each request has a key in a header, the same for all attempts to send the row.',
    '',
    'What is about to be sent is durable before it is. A row that the service refuses goes where `on_error` leads, after the',
    'attempts of the pipeline’s `retry` if another could help. Where nobody can say whether it was taken (no answer in time, a',
    'broken connection, a status from 500 on) it is sent again only if that is `idempotent`; else it ends as',
    '`FAILED` / `in_doubt`, and `custody show` lists it.',
    '',
    '`batch` sends several rows in one request. They share its answer; each has a record and an ending of its own. More:',
    '[asking the web](http.md#several-rows-in-a-request).',
  ].join('\n'),
  options: httpOptions,
  determinism: 'external',
  errors: { ...REQUEST_ERRORS, ...WEB_ERRORS },
  examples: [
    {
      title: 'A webhook that takes each row once',
      options: {
        url: 'https://desk.example/hooks/claims',
        headers: { 'X-Tenant': 'north' },
        idempotent: true,
      },
    },
    {
      title: 'A record of its own for each row',
      options: {
        method: 'PUT',
        url: 'https://desk.example/claims/{{ row.id }}',
        body: { amount: '{{ row.amount }}', state: 'approved' },
      },
      rows_in: [{ id: 17, amount: 250 }],
    },
    {
      title: 'Many rows in one request, as lines of JSON',
      options: {
        url: 'https://intake.example/services/collector',
        body: { event: { id: '{{ row.id }}', amount: '{{ row.amount }}' } },
        batch: { rows: 200, wait: '2s', as: 'lines' },
      },
      rows_in: [
        { id: 17, amount: 250 },
        { id: 18, amount: 90 },
      ],
    },
  ],
  check: problemsOf,
  delivery: 'outbound',
  services: options => [serviceOf(options)],
  idempotent: options => new RequestTemplate(options, []).idempotent,
  batch: ({ batch }) => (batch === undefined ? null : sendBatchOf(batch)),
  requires: (options, secrets) => {
    const { variables } = new RequestTemplate(options, secrets)
    return options.flat_errors ? variables.filter(({ field }) => !flatNames().includes(field)) : variables
  },
  create: createHttp,
  rehearse,
})
