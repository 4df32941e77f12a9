/** Runs, and what there is to say of one: `runs --json`, `show --json`, its plan, its errors, its calls. */
import { z } from 'zod'
import {
  Count,
  Hash,
  OutcomeClass,
  RowCounts,
  RowNumber,
  RunId,
  RunName,
  RunStatus,
  Time,
  TokenCounts,
  TokenNumber,
} from './common.ts'

export const NodeKind = z.enum([
  ...(['source', 'transform', 'gate', 'fork', 'coalesce', 'aggregate', 'join', 'sort', 'sink'] as const),
])

/** As in `runs --json`, with what its end adds. */
export const RunLine = z.object({
  run: RunId,
  name: z.string().describe('of the pipeline'),
  status: RunStatus,
  started_at: Time,
  ended_at: Time.nullable(),
  rows: RowCounts,
  tokens: TokenCounts,
  failed_rows: Count.describe('rows with an ending of class failure, rejected records among them'),
  cost_usd: z.number().describe('of the calls of language models'),
  duration_ms: Count.describe('until its end, or its last commit'),
  staged: z.array(z.unknown()).optional(),
})
export type RunLine = z.infer<typeof RunLine>

/** One whose opening or end can't be read. */
export const UnreadableRun = z.object({ run: z.string(), problem: z.string() })
export type UnreadableRun = z.infer<typeof UnreadableRun>

/** One run, as it is named. */
export const RunQuery = z.object({ run: RunName })

export const RunsQuery = z.object({
  name: z.string().optional().describe('name of a pipeline'),
  status: RunStatus.optional(),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
})
/** An array, as `runs --json`; the next page stands in the header `Link`, rel="next". */
export const Runs = z.array(z.union([RunLine, UnreadableRun]))
/** The newest first. With a filter a page may have fewer than were asked for, and still be followed by others. */
export const RunsPage = z.object({ runs: Runs, next_cursor: z.string().nullable() })
export type RunsPage = z.infer<typeof RunsPage>

export const NodeCounts = z.object({
  node: z.string(),
  kind: NodeKind,
  in: Count,
  ok: Count,
  error: Count,
  held: Count,
  out: z.record(z.string(), Count).describe('how often each way out was taken, by its label'),
})
export type NodeCounts = z.infer<typeof NodeCounts>

/** As `show --json`. */
export const ShownRun = z.looseObject({
  run: RunId,
  name: z.string(),
  status: RunStatus,
  rows: RowCounts,
  tokens: TokenCounts,
  outcomes: z.record(z.string(), Count),
  causes: z.record(z.string(), Count),
  sinks: z.record(
    z.string(),
    z.object({
      rows: Count,
      path: z.string().optional(),
      sha256: Hash.optional(),
      bytes: Count.optional().describe('of the file as it was published'),
      files: Count.optional(),
    }),
  ),
  checkpoint: z.string().describe('root of the log of the run at its latest checkpoint'),
  duration_ms: Count,
  nodes: z.array(NodeCounts),
  failed_rows: Count,
  signed_by: z.string().nullable(),
  endings: z.array(
    z.object({
      outcome: z.string(),
      cause: z.string(),
      class: OutcomeClass,
      words: z.string(),
      sink: z.string().nullable(),
      count: Count,
    }),
  ),
  errors: z.array(z.object({ node: z.string(), code: z.string(), count: Count })),
  started_at: Time,
  ended_at: Time.nullable(),
  entries: Count,
  stopped: z.unknown(),
  holds: z.literal(true),
})
export type ShownRun = z.infer<typeof ShownRun>

/** The graph of a run, from its own record; `text` is null where it is erased, or the reader may not see values. */
export const Plan = z.object({
  run: RunId,
  name: z.string(),
  plan_hash: Hash,
  file: z.string().nullable(),
  nodes: z.array(
    z.object({
      name: z.string(),
      kind: NodeKind,
      plugin: z.string().optional(),
      branches: z.array(z.string()).optional(),
      policy: z.string().optional(),
      services: z.array(z.string()).optional(),
      expression: z.string().optional().describe('of a gate with a single one'),
      expressions: z
        .array(z.object({ for: z.string(), text: z.string() }))
        .optional()
        .describe('all that it evaluates, by what it decides: `gate`, the label of a case, the path of an option'),
    }),
  ),
  edges: z.array(z.object({ from: z.string(), label: z.string(), to: z.string().describe('a node, or discard') })),
  text: z.string().nullable().describe('the pipeline file as it ran'),
  holds: z.literal(true),
})
export type Plan = z.infer<typeof Plan>

/** Errors of one code at one node: those that ended tokens, and those after which tokens went on. */
export const ErrorGroup = z.object({
  node: z.string(),
  code: z.string(),
  count: Count.describe('tokens that met it last'),
  example: z
    .object({ row: RowNumber.nullable(), token: TokenNumber, message: z.string().nullable() })
    .nullable()
    .describe('the first of them; its message is null where it is erased, or the reader may not see values'),
})
export type ErrorGroup = z.infer<typeof ErrorGroup>
export const Errors = z.object({
  run: RunId,
  errors: z.array(ErrorGroup),
  failed_rows: Count,
  holds: z.literal(true),
})

/** Calls of one node to one service. Times in microseconds. */
export const CallGroup = z.object({
  node: z.string(),
  service: z.string(),
  model: z.string().nullable(),
  calls: Count,
  statuses: z.record(z.string(), Count),
  duration_us: z.object({ p50: Count, p95: Count, max: Count }),
  input_tokens: Count.describe('LLM tokens'),
  output_tokens: Count.describe('LLM tokens'),
  cost_usd: z.number(),
})
export type CallGroup = z.infer<typeof CallGroup>
export const Calls = z.object({
  run: RunId,
  groups: z.array(CallGroup),
  calls: Count,
  cost_usd: z.number(),
  holds: z.literal(true),
})
