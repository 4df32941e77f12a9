/** Rows of a run: which, and a line of each. */
import { z } from 'zod'
import { AnyJson, Count, RowNumber, RunId, Time, TokenNumber } from './common.ts'

const many = z
  .union([z.string(), z.array(z.string())])
  .transform(value => (Array.isArray(value) ? value : [value]))
  .optional()

/** In the description of the API; what is wrong with another text is said where it is read. */
const Moment = z.string().meta({ format: 'date-time' })

/**
 * Which rows. Each key that is given must hold; of several values of one key (it is repeated) any, of `value` any of those of one field. What is
 * asked of an ending (outcome, cause, class, sink) one of a row's endings must have; `node`, `edge` and `branch` any of its tokens may have, and
 * `node` with `error_code` asks for that error at that node.
 */
export const RowFilter = z.object({
  source: many,
  node: many.describe('a token of the row was there'),
  edge: many.describe('`node:label`: a token left that node by that way'),
  sink: many,
  outcome: many,
  cause: many,
  class: many.describe('success or failure'),
  error_code: many,
  branch: many,
  since: Moment.optional().describe('its last ending or step was recorded then or later'),
  until: Moment.optional().describe('and before'),
  min_cost_usd: z.coerce.number().min(0).optional(),
  max_cost_usd: z.coerce.number().min(0).optional(),
  min_duration_us: z.coerce.number().int().min(0).optional(),
  value: many.describe(
    '`field=value`: a field of the row, at any step, has that value as text; those of several fields must all be there',
  ),
  text: z
    .string()
    .meta({ minLength: 3 })
    .optional()
    .describe('stands somewhere in the values of the row; at least 3 characters, case-insensitive'),
  where: z.string().optional().describe('a CEL expression, as in `explain --where`'),
})
export type RowFilter = z.infer<typeof RowFilter>

export const RowsQuery = RowFilter.extend({
  cursor: z
    .string()
    .regex(/^\d{1,15}\.\d{1,15}\.\d{1,15}$/)
    .optional()
    .describe('`next_cursor` of the page before'),
  at: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe('in the place of a cursor: how many of the rows that fit are skipped'),
  limit: z.coerce.number().int().min(1).max(500).default(50),
})
export type RowsQuery = z.infer<typeof RowsQuery>

/** All rows that fit: a line of JSON each, or of CSV. */
export const ExportQuery = RowFilter.extend({ format: z.enum(['jsonl', 'csv']).default('jsonl') })
export type ExportQuery = z.infer<typeof ExportQuery>

export const RowEnding = z.object({
  token: TokenNumber,
  outcome: z.string(),
  cause: z.string(),
  words: z.string(),
  class: z.enum(['success', 'failure', 'passed on']),
  node: z.string(),
  sink: z.string().nullable(),
  error_code: z.string().nullable(),
  branch: z.string().nullable(),
})
export type RowEnding = z.infer<typeof RowEnding>

export const RowLine = z.object({
  row: RowNumber,
  source: z.string(),
  index: Count.describe('number of the record in its source, from 1'),
  data: AnyJson.nullable().describe('as it was read; null where it is erased, or the reader may not see values'),
  endings: z
    .array(RowEnding)
    .describe('of its tokens, the last ones first; without those that were only passed on, where others are there'),
  open: Count.describe('tokens that have not ended'),
  recorded_at: Time.describe('of its latest entry'),
  duration_us: Count.describe('of all its visits'),
  cost_usd: z.number(),
})
export type RowLine = z.infer<typeof RowLine>

export const IndexState = z.object({
  state: z.enum(['ready', 'building', 'off', 'failed']),
  rows: Count.describe('indexed until now, of this run'),
  of: Count,
  problem: z.string().optional(),
})
export type IndexState = z.infer<typeof IndexState>

export const RowsPage = z.object({
  run: RunId,
  rows: z.array(RowLine),
  next_cursor: z.string().nullable(),
  matches: z
    .object({ count: Count, exact: z.boolean() })
    .describe('how many rows fit; not exact: at least so many, since only part has been looked at'),
  looked_at: z
    .object({ rows: Count, of: Count })
    .describe('how far the run was looked through for this page, where no index helps'),
  index: IndexState,
  holds: z.literal(true),
})
export type RowsPage = z.infer<typeof RowsPage>
