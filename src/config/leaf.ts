/** Values of the pipeline file that aren't made of others: what they may be, and why they can't be something else. */
import { z } from 'zod'
import { DURATION_PATTERN, parseDuration } from '../model/duration.ts'
import { BARE_LEDGER_KEY, holdsLedgerKey, LEDGER_KEY_MARK } from '../model/ledger-key-text.ts'
import type { Json } from '../model/row.ts'
import { isReference, parseSecretReference, WRITTEN_REFERENCE } from '../model/secret-reference.ts'
import { ANY_FIELD, explainField, readField } from './fields.ts'
import { NAME, NAME_HINT } from './names.ts'
import { nearestHint } from './nearest.ts'
import { type Explain, type Refusal, type Words, words } from './part.ts'
import { isMap, isSecret } from './picked.ts'
import { parseThreshold } from './threshold.ts'

const UNITS = 'durations are written 500ms, 30s, 5m, 1h or 7d'

function leaf<T extends z.ZodType>(schema: T, docs: string, explain: Explain, more: Words = {}): T {
  words.add(schema, { docs, explain, ...more })
  return schema
}

/** A text is wrong if it is blank, or for a reason of its own. */
const textual =
  (must: string, why: (text: string) => Refusal = () => ({ says: 'is an empty text' })) =>
  (value: unknown): Refusal => {
    if (typeof value !== 'string')
      return { must, hint: value === null || typeof value === 'object' ? undefined : 'put it into quotes' }
    return value.trim() === '' ? { says: 'is an empty text' } : why(value)
  }
const misnamed = (what: string, hint: string) => (text: string) =>
  ({ code: 'CUSTODY_BAD_NAME', message: `\`${text}\` isn’t a name for a ${what}`, hint }) as const

export const text = leaf(z.string().regex(/\S/), 'text', textual('a text'))
export const expression = leaf(z.string().regex(/\S/), 'expression', textual('an expression, as a text'))
/** A text whose surrounding blanks (of a block scalar, say) mean nothing. */
const trimmed = () => z.string().trim().regex(/\S/)
export const plugin = leaf(trimmed(), 'name of a plugin', textual('a text'))
export const target = leaf(trimmed(), 'a node, a sink, or `discard`', textual('a text'), { instead: '' })
/** `amount`, `amount desc`, `amount desc nulls first`. */
const SORT_KEY = /^\s*(\S+)(?:\s+(asc|desc))?(?:\s+nulls\s+(first|last))?\s*$/i
const SORT_KEY_HINT =
  'write field, field desc, or field desc nulls first; where a name has blanks { field: NAME, order: desc }'
export const sort_key = leaf(
  z
    .string()
    .regex(SORT_KEY)
    .transform(text => {
      const [, field = '', order = 'asc', nulls = 'last'] = SORT_KEY.exec(text) ?? []
      return { field, order: order.toLowerCase(), nulls: nulls.toLowerCase() }
    }),
  'text: a field, then `desc` or `asc`, then `nulls first` or `nulls last`',
  textual('a text', text => ({ says: `isn’t a field with a direction: \`${text}\``, hint: SORT_KEY_HINT })),
)
export const field_name = leaf(z.string().regex(/\S/), 'name of a field', textual('the name of a field'))
export const sink_target = leaf(trimmed(), 'a sink, or `discard`', textual('a text'), { instead: '' })
export const pipeline_name = leaf(
  z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  'text',
  textual('a text', misnamed('pipeline', 'pipeline names have lower case letters, digits and dashes')),
)
export const branch = leaf(z.string().regex(NAME), 'name of a branch', textual('a text', misnamed('branch', NAME_HINT)))
export const label = leaf(z.string().regex(/^(?!(?:on_error|else)$)[\s\S]/), 'text', value =>
  value === 'on_error' || value === 'else'
    ? {
        code: 'CUSTODY_BAD_NAME',
        message: `a case can’t be labelled \`${value}\``,
        hint: 'that label has a meaning of its own',
      }
    : textual('a text')(value),
)

export const SECRET = z
  .strictObject({
    secret: z
      .string()
      .regex(WRITTEN_REFERENCE, { abort: true })
      .refine(name => isReference(parseSecretReference(name)), { abort: true }),
  })
  .describe('The environment variable that holds the secret, or where it is kept: a file, or a secret manager.')
/** Null if it names a secret. */
export function secretRefusal(name: unknown) {
  const parsed = parseSecretReference(typeof name === 'string' ? name : '')
  return isReference(parsed)
    ? null
    : ({ code: 'CUSTODY_BAD_VALUE', message: parsed.problem, hint: parsed.hint } as const)
}
export const LEDGER_URL = /^(?:sqlite:.|postgres(?:ql)?:\/\/.)/
export const LEDGER_URL_HINT = 'use sqlite:PATH or postgres://…'
export const ledger_url = leaf(
  z.union([z.string().regex(LEDGER_URL), SECRET]),
  'URL, or `{ secret: NAME }`',
  value =>
    (isSecret(value) ? secretRefusal(value.secret) : null) ??
    textual('a text', url => ({
      code: 'CUSTODY_LEDGER_URL',
      message: `\`${url}\` isn’t a ledger’s URL`,
      hint: LEDGER_URL_HINT,
    }))(value),
)

const KEY_HINT = 'write { file: PATH } or { secret: NAME }'
const KEY_FILE = new RegExp(`^(?![\\s\\S]*${LEDGER_KEY_MARK}\\+)(?!${BARE_LEDGER_KEY.slice(1)})[\\s\\S]+$`)
/** Where a ledger's key is; the pipeline's text is recorded, so that a key in it would stand in the ledger. */
export const ledger_key = leaf(
  z.union([
    SECRET,
    z.strictObject({ file: z.string().regex(KEY_FILE, { abort: true }) }).describe('The file that holds the key.'),
  ]),
  '`{ file: PATH }` or `{ secret: NAME }`',
  value => {
    if (holdsLedgerKey(JSON.stringify(value) ?? '') || isBareKey(value))
      return {
        code: 'CUSTODY_BAD_VALUE',
        message: 'a ledger key itself stands here, and not the place of one',
        hint: `${KEY_HINT}; whoever could read this file may have the key`,
      }
    return (
      (isSecret(value) ? secretRefusal(value.secret) : null) ?? { must: 'the place of a ledger key', hint: KEY_HINT }
    )
  },
)

/** It, or the file that it is said to be in. */
function isBareKey(value: unknown): boolean {
  // cast: what isn't an object has no such key.
  const { file = value } = Object(value) as { readonly file?: unknown }
  return typeof file === 'string' && new RegExp(BARE_LEDGER_KEY).test(file)
}

export const web_url = leaf(
  z.string().regex(/^https?:\/\/[^\s/]/),
  'URL',
  textual('a text', url => ({
    code: 'CUSTODY_BAD_VALUE',
    message: `\`${url}\` isn’t a URL of the web`,
    hint: 'use https://…',
  })),
)

export function choice<const T extends readonly [string, ...string[]]>(...of: T) {
  return leaf(z.enum(of), of.map(each => `\`${each}\``).join(', '), value =>
    typeof value === 'string'
      ? { says: `can’t be \`${value}\``, hint: nearestHint(value, of, 'it is one of') }
      : { must: `one of ${of.join(', ')}` },
  )
}

const numeric =
  (must: string, min: number, max = Number.MAX_SAFE_INTEGER) =>
  (value: unknown): Refusal => {
    if (typeof value !== 'number') {
      const quoted = typeof value === 'string' && Number.isFinite(Number(value))
      return { must, hint: quoted ? 'write it without quotes' : undefined }
    }
    if (must === 'a whole number' && !Number.isInteger(value)) return { says: `must be a whole number, not ${value}` }
    if (value < min) return { says: `must be at least ${min}, not ${value}` }
    return { says: max < Number.MAX_SAFE_INTEGER ? `must be at most ${max}, not ${value}` : 'is too large' }
  }
export const integer = (min: number) =>
  leaf(z.int().min(min), `whole number from ${min}`, numeric('a whole number', min), { numeric: true })
export const number = (min: number) =>
  leaf(z.number().min(min), `number from ${min}`, numeric('a number', min), { numeric: true })
export const count = integer(1)
const MOST_SPLITS = 100_000
export const splits = leaf(
  z.int().min(1).max(MOST_SPLITS),
  `whole number from 1 to ${MOST_SPLITS}`,
  numeric('a whole number', 1, MOST_SPLITS),
  { numeric: true },
)

/** In milliseconds. */
function duration(least_ms: 0 | 1, most_ms?: number) {
  const form = z.string().trim().regex(new RegExp(DURATION_PATTERN))
  const schema = form.meta({ examples: ['500ms', '30s', '5m', '1h', '7d'] }).transform((value, context) => {
    const ms = parseDuration(value, most_ms)
    if (ms !== null && ms >= least_ms) return ms
    context.addIssue('no duration')
    return z.NEVER
  })
  return leaf(schema, least_ms > 0 ? 'duration above zero' : 'duration', value => {
    if (typeof value === 'number') {
      return {
        must: 'a duration with its unit',
        hint: value > 0 ? `write ${value}s for seconds, or ${value}ms` : UNITS,
      }
    }
    if (typeof value !== 'string') return { must: 'a duration', hint: UNITS }
    if (parseDuration(value.trim()) === 0) return { says: 'must be longer than 0' }
    return { says: `isn’t a duration: \`${value}\``, hint: UNITS }
  })
}
export const wait = duration(0)
export const interval = duration(1)
/** A hundred years at most: laws may want things to be kept for longer than anything waits. */
export const retention = duration(1, 36_525 * 86_400_000)

/** RFC 3339 with seconds; in µs since the epoch. */
const INSTANT = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/
const INSTANT_HINT = 'write 2026-01-31T09:00:00Z'
function parseInstant(text: string): number | null {
  const [, date, time, fraction = '', zone] = INSTANT.exec(text) ?? []
  const ms = Date.parse(`${date}T${time}${zone}`)
  const is_day = new Date(`${date}T00:00:00Z`).toJSON()?.startsWith(`${date}`) === true
  return is_day && Number.isFinite(ms) ? ms * 1000 + Number(fraction.padEnd(6, '0')) : null
}
export const instant = leaf(
  z.string().transform((value, context) => {
    const time_us = parseInstant(value)
    if (time_us !== null) return time_us
    context.addIssue('no instant')
    return z.NEVER
  }),
  'an instant, as 2026-01-31T09:00:00Z',
  value =>
    typeof value === 'string'
      ? { says: `isn’t an instant: \`${value}\``, hint: INSTANT_HINT }
      : { must: 'an instant', hint: INSTANT_HINT },
)

/** A number of rows or `off`; with `share` a share of them, too. */
export function threshold(share: boolean) {
  const text = z.string().regex(share ? /^\s*(?:off|[0-9]{1,3}(?:\.[0-9]{1,6})? ?%)\s*$/ : /^\s*off\s*$/)
  const schema = z.union([z.int().min(0), text]).transform((value, context) => {
    const read = parseThreshold(value)
    if (read !== null) return read
    context.addIssue('no threshold')
    return z.NEVER
  })
  const hint = share ? 'write a number of rows, a share such as 5%, or off' : 'write a number of rows, or off'
  const docs = share ? 'number of rows, share (`5%`), or `off`' : 'number of rows, or `off`'
  const explain = (value: unknown): Refusal =>
    typeof value === 'string' || typeof value === 'number'
      ? { says: `can’t be \`${value}\``, hint }
      : { must: share ? 'a number, a share or off' : 'a number or off', hint }
  return leaf(schema, docs, explain, { numeric: true })
}

/** As written, variables expanded, secrets still `{secret: NAME}`: checked against the plugin's own type later. */
export const plugin_options = leaf(
  z.custom<{ readonly [key: string]: Json }>(value => isMap(value) && !isSecret(value)),
  'map: the plugin’s options',
  () => ({ must: 'a map' }),
  { empty: true, open: true },
)

/** A field of a row schema: shorthand or JSON Schema. */
export const field = leaf(
  z.unknown().transform((value, context) => {
    const read = readField(value)
    if (!('problem' in read)) return read
    context.addIssue(read.problem)
    return z.NEVER
  }),
  'a type, or a JSON Schema',
  explainField,
  { instead: ANY_FIELD, open: true },
)
