/** Who looked at which row's values. */
import { z } from 'zod'
import { Count, NumberAsked, RowNumber, RunId, Time } from './common.ts'
import { Role } from './session.ts'

/** What it was that had values. */
export const LOOKS = [
  ...(['row', 'rows', 'run', 'errors', 'plan', 'proof', 'letter', 'diff', 'export', 'sql'] as const),
  // Why a record doesn't hold: it may quote what is stored.
  'problems',
] as const

export const AccessLine = z.object({
  t: Time,
  user: z.string(),
  role: Role,
  by: z.enum(['cookie', 'token']),
  what: z.enum(LOOKS),
  run: RunId.nullable().describe('null: of several, or of the ledger itself'),
  rows: z
    .array(z.tuple([RowNumber, RowNumber]))
    .describe('from and to, both included; none: values of the run itself, or it isn’t known which'),
  writer: z.string().describe('the process that wrote the line'),
  prev: z
    .string()
    .describe('hash of the line before, by the same writer; of its first line: of the one that was the last then'),
  hash: z.string().describe('SHA-256 of the line without this key'),
})
export type AccessLine = z.infer<typeof AccessLine>

export const AccessQuery = z.object({
  user: z.string().optional(),
  run: RunId.optional(),
  row: NumberAsked.optional().describe('a row of that run'),
  before: z.coerce.number().int().min(0).optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})
export type AccessQuery = z.infer<typeof AccessQuery>

export const AccessPage = z.object({
  lines: z.array(AccessLine).describe('the newest first'),
  next: Count.nullable().describe('where the next page begins; null: all has been looked at'),
  problems: z.array(z.string()).describe('lines that aren’t as they were written, among those that were looked at'),
})
export type AccessPage = z.infer<typeof AccessPage>

export const AccessChecked = z.object({ lines: Count, problems: z.array(z.string()).describe('at most 100') })
export type AccessChecked = z.infer<typeof AccessChecked>
