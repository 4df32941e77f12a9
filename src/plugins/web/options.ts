/** Options of all plugins that ask the web. */
import { z } from 'zod'
import { DURATION_PATTERN, parseDuration } from '../../model/duration.ts'
import { parseException } from './addresses.ts'
import type { WebLimits } from './client.ts'

export const duration = z
  .string()
  .regex(new RegExp(DURATION_PATTERN), 'a duration is written as `30s`')
  .refine(text => (parseDuration(text) ?? 0) > 0, { error: 'a duration is written as `30s`' })

const TIMEOUT_MAX_MS = 3_600_000

const status = z.int().min(100).max(599)

export const webOptions = {
  service: z.string().min(1).optional().describe('Its name in `limits.services`'),
  timeout: duration
    .refine(text => (parseDuration(text) ?? 0) <= TIMEOUT_MAX_MS, { error: 'write a duration up to 1h, such as 30s' })
    .default('30s')
    .describe('For the whole answer, redirects included; up to `1h`'),
  max_bytes: z.int().min(1).max(200_000_000).default(10_000_000).describe('Of the answer, decompressed'),
  redirects: z.int().min(0).max(20).default(5).describe('How many are followed'),
  allow: z
    .array(
      z.string().refine(text => parseException(text) !== null, {
        error: 'name hosts, addresses, or ranges such as 10.0.0.0/8',
      }),
    )
    .default([])
    .describe('Hosts, addresses and ranges that may be asked though they are private or local'),
  retry_on: z.array(status).optional().describe('Statuses after which another attempt could help'),
}

const texts = z.record(z.string().min(1), z.string())

/** Options of plugins that make a request of each row, as templates. */
export const requestOptions = {
  url: z.string().min(1).describe('A template; scheme and host are written out'),
  query: texts.optional().describe('Parameters to add to the URL; templates or secrets'),
  headers: texts.optional().describe('Templates or secrets'),
  auth: z
    .union([
      z.strictObject({ bearer: z.string().min(1) }),
      z.strictObject({ basic: z.strictObject({ username: z.string(), password: z.string() }) }),
    ])
    .optional()
    .describe('`{bearer: …}`, or `{basic: {username, password}}`; never recorded'),
  body: z.union([z.string(), z.record(z.string(), z.json()), z.array(z.json())]).optional(),
  stop_on: z
    .array(status)
    .optional()
    .describe('Statuses that stop the run at once, to be resumed; with `auth`, 401, 402 and 407 do in any case'),
}

/** Which statuses of a plugin whose options name its one service are no row's own error. */
export const serviceRules = ({
  auth,
  stop_on = [],
}: {
  readonly auth?: unknown
  readonly stop_on?: readonly number[] | undefined
}) => ({
  one_service: true,
  authenticated: auth !== undefined,
  stop_on,
})

/** Problems of `stop_on`: a status can't be an answer and stop the run. */
export const stopProblems = (stop_on: readonly number[] | undefined, isOk: (status: number) => boolean) =>
  (stop_on ?? []).filter(isOk).map(status => ({
    path: ['stop_on'],
    message: `${status} is an answer, and so it can’t stop the run`,
    hint: 'leave it out, or change `ok`',
  }))

interface WebOptions {
  readonly timeout: string
  readonly max_bytes: number
  readonly redirects: number
  readonly allow: readonly string[]
}

export const limitsOf = ({ timeout, max_bytes, redirects, allow }: WebOptions): WebLimits => ({
  timeout_ms: parseDuration(timeout) ?? 0,
  max_bytes,
  redirects,
  allow,
})

/** Where the options don't name others. A request that mustn't be made twice is made again only if it was turned away. */
export const retriedStatuses = (idempotent: boolean): readonly number[] =>
  idempotent ? [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529] : [408, 425, 429, 503, 529]
