/** Requests of the `http` sink with several rows: what may be said of them, and their bodies. */
import { z } from 'zod'
import { parseDuration } from '../../model/duration.ts'
import { parseJson } from '../../model/json.ts'
import type { Json } from '../../model/row.ts'
import type { SendBatch } from '../../sdk/spec.ts'
import { duration } from '../web/options.ts'

export const batchOption = z
  .strictObject({
    rows: z.int().min(1).max(1000).describe('How many rows a request has at most'),
    wait: duration.default('1s').describe('How long a row waits for others at most'),
    as: z
      .enum(['array', 'lines'])
      .default('array')
      .describe('A JSON array with an item of each row, or an item after the other, each ended by a newline (NDJSON)'),
    field: z.string().min(1).optional().describe('Sends an object that has the array in this field'),
    key_field: z.string().min(1).optional().describe('Field of each item that is given the row’s key'),
  })
  .describe('Sends several rows in one request; `{rows: 1}` sends arrays of one')
export type BatchOptions = z.output<typeof batchOption>

export const sendBatchOf = ({ rows, wait }: BatchOptions): SendBatch => ({ rows, wait_ms: parseDuration(wait) ?? 0 })

/** How much of an answer is recorded with each row. */
const ANSWERS_CHARS = 65_536
const LEAST_CHARS = 500

export function recordedChars({ rows }: BatchOptions): number {
  return Math.max(LEAST_CHARS, Math.floor(ANSWERS_CHARS / rows))
}

/** What each row puts into a request: its JSON or, if its template gives a text, that text. */
export interface Item {
  readonly text: string
  readonly key: string
}

export function bodyOf(items: readonly Item[], { as, field, key_field }: BatchOptions): Buffer {
  const texts = items.map(({ text, key }) => (key_field === undefined ? text : withKey(text, key_field, key)))
  if (as === 'lines') return Buffer.from(texts.map(text => (text.endsWith('\n') ? text : `${text}\n`)).join(''))
  const array = `[${texts.join(',')}]`
  return Buffer.from(field === undefined ? array : `{${JSON.stringify(field)}:${array}}`)
}

function withKey(text: string, field: string, key: string): string {
  return JSON.stringify({ ...(parseJson(text) as object), [field]: key })
}

interface Problem {
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly hint?: string
}

/** `variables`: fields that templates name, by the paths of these. */
export function batchProblems(
  { as, field, key_field }: BatchOptions,
  body: Json | undefined,
  variables: ReadonlyArray<{ readonly field: string; readonly path: readonly (string | number)[] }>,
): Problem[] {
  const problems: Problem[] = []
  for (const { field: named, path } of variables)
    if (path[0] !== 'body')
      problems.push({
        path,
        message: `a request has several rows, and can’t have ${JSON.stringify(named)} of one here`,
        hint: 'only `body` is made from each row',
      })
  const within = (option: string) => ['batch', option]
  if (as === 'array' && typeof body === 'string')
    problems.push({ path: ['body'], message: 'a text is no item of a JSON array', hint: 'write a map, or `as: lines`' })
  if (as === 'lines' && field !== undefined)
    problems.push({ path: within('field'), message: 'lines are in no object', hint: 'leave it out, or `as: array`' })
  if (key_field === undefined) return problems
  if (typeof body === 'string' || Array.isArray(body))
    problems.push({ path: within('key_field'), message: 'what `body` makes of a row has no fields' })
  else if (typeof body === 'object' && body !== null && Object.hasOwn(body, key_field))
    problems.push({ path: within('key_field'), message: `\`body\` has a field ${key_field} of its own` })
  return problems
}
