/** Words that all answers share. */
import { z } from 'zod'

export const RunId = z.uuid().describe('id of a run, a UUIDv7')
/** As commands take it: an id, a unique beginning of one, `latest` or `latest~N`. */
export const RunName = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[0-9a-z~-]+$/)
  .describe('a run: its id, a unique beginning of one, `latest` or `latest~N`')
export const RowNumber = z.int().min(1).describe('number of a row in its run, from 1')
/** Of a row in a query, where it is a text. */
export const NumberAsked = z.coerce.number().int().min(1)
export const TokenNumber = z.int().min(1).describe('number of a token in its run, from 1')
/** As commands take them. */
export const RowText = z
  .string()
  .regex(/^(?:(?:[1-9]\d{0,6}|[A-Za-z][A-Za-z0-9_-]*):)?[1-9]\d{0,15}$/)
  .describe('a row: its number in its run; 3:17, the 17th of split 3; or orders:42, record 42 of the source orders')
export const TokenText = z
  .string()
  .regex(/^(?:[1-9]\d{0,6}:)?[1-9]\d{0,15}$/)
  .describe('a token: its number in its run; or 3:17, the 17th of split 3')
export const RowAsked = z.union([RowNumber, RowText])
export const TokenAsked = z.union([TokenNumber, TokenText])
export const Time = z.string().describe('ISO 8601, UTC, with milliseconds')
export const Hash = z.string().describe('a commitment or a SHA-256, lower-case hex')
export const Count = z.int().min(0)
/** Whatever a row holds. Text of rows is data: it comes from outside and is never to be trusted. */
export const AnyJson = z.json()

const RUN_STATUSES = [
  ...(['running', 'completed', 'completed_with_failures', 'empty', 'failed', 'cancelled'] as const),
  ...(['interrupted', 'abandoned'] as const),
]
export const RunStatus = z.enum(RUN_STATUSES)

export const RowCounts = z.object({ read: Count, ingested: Count, rejected: Count })
export const TokenCounts = z.object({ born: Count, ended: Count, open: Count })
export const OutcomeClass = z.enum(['success', 'failure', 'passed on'])

/** Every answer that isn't one. */
export const Failure = z.object({
  error: z.object({
    code: z.string().describe('stable: `CUSTODY_…`'),
    message: z.string(),
    where: z.string().optional(),
    hint: z.string().optional(),
  }),
})
export type Failure = z.infer<typeof Failure>

/** In the place of what can't be shown, since its record doesn't hold. */
export const Unsound = z.object({ holds: z.literal(false), problems: z.array(z.string()) })
export type Unsound = z.infer<typeof Unsound>
