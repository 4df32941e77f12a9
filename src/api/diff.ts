/** Two runs compared, as `diff --json`. */
import { z } from 'zod'
import { AnyJson, Count, RowNumber, RunId, RunName, TokenNumber } from './common.ts'

const both = <T extends z.ZodType>(of: T) => z.object({ old: of, new: of })

export const Parting = z.looseObject({
  node: z.string(),
  kind: z.enum(['way', 'error', 'value', 'rows', 'members', 'outcome']),
  old: z.string().nullable(),
  new: z.string().nullable(),
  to: both(z.string().nullable()),
  fields: z.array(z.string()),
  because: z.enum(['answer', 'request']).nullable(),
})
export type Parting = z.infer<typeof Parting>

export const EndingSummary = z.object({
  outcome: z.string(),
  cause: z.string(),
  sink: z.string().nullable(),
  error_code: z.string().nullable(),
})

export const RowDifference = z.looseObject({
  row: both(RowNumber),
  source: z.string(),
  index: Count,
  key: z.record(z.string(), AnyJson).optional(),
  parted_at: Parting,
  changed: z.record(z.string(), z.object({ old: AnyJson.optional(), new: AnyJson.optional() })),
  token: both(TokenNumber.nullable()),
  outcome: both(EndingSummary.nullable()),
  differs: z.object({ path: z.boolean(), outcome: z.boolean(), output: z.boolean() }),
})
export type RowDifference = z.infer<typeof RowDifference>

const DiffCounts = z.looseObject({
  compared: Count,
  same: Count,
  unknown: Count,
  different: Count,
  only_old: Count,
  only_new: Count,
})

const KeyedRows = z.looseObject({
  repeated: z.looseObject({ examples: z.array(z.looseObject({ rows: z.array(RowNumber) })) }),
})

export const DiffQuery = z.object({
  old: RunName,
  new: RunName,
  key: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe('fields that match rows, for who sees values; else they are matched by number'),
  list: z.coerce.number().int().min(0).max(1000).default(100).describe('differences that are listed one by one'),
  list_by: z
    .enum(['run', 'group'])
    .optional()
    .describe('`group`: so many of each way to part, 10,000 in all; else the first'),
})

export const RunDiff = z.looseObject({
  old: RunId,
  new: RunId,
  result_digest: z
    .object({ old: z.string().nullable(), new: z.string().nullable() })
    .optional()
    .describe('of what each came to; null where it is erased, or can’t be read; absent unless both have one'),
  matched_by: z.enum(['number', 'key', 'repeats']).describe('`repeats`: rows of a re-run with those that they repeat'),
  rows: DiffCounts,
  groups: z
    .array(Parting.extend({ rows: Count, examples: z.array(RowNumber) }))
    .describe('by where rows parted, the biggest first; examples are rows of the old run'),
  differences: z.array(RowDifference),
  only: z.array(
    z.object({
      in: z.enum(['old', 'new']),
      source: z.string(),
      index: z.object({ from: Count, to: Count }),
      row: z.object({ from: RowNumber, to: RowNumber }),
    }),
  ),
  key: z.looseObject({ old: KeyedRows, new: KeyedRows }).optional().describe('if rows were matched by one'),
  batches: z.looseObject({ differences: z.array(z.looseObject({})) }),
  holds: z.literal(true),
})
export type RunDiff = z.infer<typeof RunDiff>
