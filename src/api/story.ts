/** The story of a row, as `explain --json`. */
import { z } from 'zod'
import { AnyJson, Count, Hash, RowAsked, RowNumber, RunId, RunName, TokenAsked, TokenNumber } from './common.ts'
import { NodeKind } from './runs.ts'

/** A row, or the row or batch that a token belongs to. */
export const RowQuery = z.union([
  z.object({ run: RunName, row: RowAsked }),
  z.object({ run: RunName, token: TokenAsked }),
])
export type RowQuery = z.infer<typeof RowQuery>

export const StoryError = z.looseObject({
  code: z.string(),
  message: z.string().nullable(),
  details: AnyJson.optional(),
})

export const StoryCall = z.looseObject({
  call: Count,
  service: z.string(),
  status: z.string(),
  ordinal: Count,
  request: AnyJson.nullable(),
  response: AnyJson.nullable(),
  request_hash: Hash.nullable(),
  response_hash: Hash.nullable(),
  input_tokens: Count,
  output_tokens: Count,
  cost_usd: z.number(),
  started_us: Count,
  duration_us: Count,
  erased: z.literal(true).optional(),
  unreadable: z.literal(true).optional(),
})
export type StoryCall = z.infer<typeof StoryCall>

export const StoryVisit = z.looseObject({
  node: z.string(),
  kind: NodeKind,
  attempt: Count,
  status: z.enum(['ok', 'error', 'held']),
  input_hash: Hash.nullable(),
  output_hash: Hash.nullable(),
  data: AnyJson.optional().describe('as the token entered'),
  erased: z.literal(true).optional(),
  unreadable: z.literal(true).optional().describe('encrypted with a key that isn’t at hand'),
  withheld: z.literal(true).optional(),
  changed: z.object({ set: z.record(z.string(), AnyJson), unset: z.array(z.string()) }).optional(),
  decision: z
    .looseObject({
      expression: z.string(),
      values: z.record(z.string(), AnyJson),
      label: z.string().nullable(),
      tried: z.array(z.object({ label: z.string(), expression: z.string() })).optional(),
    })
    .optional(),
  evaluations: z
    .array(z.looseObject({ for: z.string(), expression: z.string(), values: z.record(z.string(), AnyJson) }))
    .optional(),
  error: StoryError.optional(),
  calls: z.array(StoryCall),
  to: z.string().nullable().describe('where it went on: a node, or discard; null if it ended or stayed'),
  started_us: Count,
  duration_us: Count,
})
export type StoryVisit = z.infer<typeof StoryVisit>

export const StoryToken = z.looseObject({
  token: TokenNumber,
  parents: z.array(TokenNumber),
  branch: z.string().nullable(),
  visits: z.array(StoryVisit),
  outcome: z.string().nullable(),
  cause: z.string().nullable(),
  sink: z.string().nullable(),
  error: StoryError.optional(),
  waits_at: z.string().optional(),
})
export type StoryToken = z.infer<typeof StoryToken>

const storyKeys = {
  run: RunId,
  row: RowNumber.nullable().describe('null: of a batch'),
  source: z.string().nullable(),
  batch: z
    .looseObject({
      batch: Count,
      node: z.string(),
      key: AnyJson.nullable().optional(),
      trigger: z.string().nullable(),
      members: z.array(TokenNumber),
      calls: z.array(StoryCall),
    })
    .optional(),
  tokens: z.array(StoryToken),
  origin: z
    .object({
      path: z.string().nullable(),
      line: Count.nullable(),
      index: Count,
      page: z
        .object({ page: Count, call: Count, service: z.string(), url: z.string().nullable() })
        .optional()
        .describe('of a source that asks a service: the answer by which the record came'),
    })
    .nullable(),
  left_out: z.object({ batches: Count, token: TokenNumber.nullable() }).optional(),
  entries: z.array(Count),
  head: z.object({ size: Count, root: Hash, signed_by: z.string().nullable() }).nullable(),
  sealed: z.string().nullable(),
}

export interface Story extends z.infer<z.ZodObject<typeof storyKeys>> {
  /** Batches that its tokens went into, and rows that they were joined with. */
  readonly onward?: Story[] | undefined
}
export const Story: z.ZodType<Story> = z.looseObject({
  ...storyKeys,
  get onward() {
    return z.array(Story).optional()
  },
})

/** Other rows of a run whose values stand in a story. */
export const OtherRows = z.object({
  run: RunId,
  rows: z.array(z.tuple([RowNumber, RowNumber])).describe('from and to, both included'),
  and_more: z.boolean().describe('there are others, and it isn’t known which'),
})

/** The whole answer: with the stories of the same record in runs before and after. */
export const ExplainedRow = z.looseObject({
  ...storyKeys,
  onward: z.array(Story).optional(),
  bound: Count.optional(),
  repeats: z.array(Story).optional(),
  reruns: z.array(Story).optional(),
  values_of: z
    .array(OtherRows)
    .optional()
    .describe('rows of which there are values in it, too: of one request, one batch, or one join with them'),
  holds: z.literal(true),
})
export type ExplainedRow = z.infer<typeof ExplainedRow>
