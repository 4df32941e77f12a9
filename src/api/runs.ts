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
import { SplitSummary } from './splits.ts'

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
  reruns: RunId.optional().describe('the run whose rows it repeats'),
  replays: RunId.optional().describe('the run whose recorded answers it is given'),
  staged: z.array(z.unknown()).optional(),
})
export type RunLine = z.infer<typeof RunLine>

/** One whose opening or end can't be read, or isn't what was recorded. */
export const UnreadableRun = z.object({ run: z.string(), problem: z.string() })
export type UnreadableRun = z.infer<typeof UnreadableRun>

/** One run, as it is named. */
export const RunQuery = z.object({ run: RunName })

export const RunsQuery = z.object({
  name: z.string().optional().describe('name of a pipeline'),
  status: RunStatus.optional(),
  cursor: z
    .string()
    .regex(/^[1-9]\d{0,15}$/)
    .optional()
    .describe('of the header `Link` of the page before'),
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

/** Of all calls of a run. */
export const CallTotals = z.object({
  made: Count,
  failed: Count,
  throttled: Count.describe('the service asked to be left alone'),
  recorded: Count.describe('answered from the record, and not made'),
  input_tokens: Count.describe('LLM tokens'),
  output_tokens: Count.describe('LLM tokens'),
  cost_usd: z.number(),
})

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
  result_digest: Hash.nullable()
    .optional()
    .describe('of a run with splits: what it came to, in one hash; null where it is erased, or can’t be read'),
  split_summary: SplitSummary.optional().describe('absent if it has no splits'),
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
  stopped: z
    .object({ reason: z.string(), code: z.string().nullable(), message: z.string().nullable() })
    .nullable()
    .describe('why it stopped; the message is null where it is erased, or the reader may not see values'),
  calls: CallTotals.optional().describe('absent if nothing was asked'),
  staged: z.array(z.unknown()).describe('what is to come into its place at the end, and is there under a hidden name'),
  in_doubt: z.array(z.unknown()).describe('tokens that a far side may have taken that didn’t answer'),
  repeatable: z.enum(['fully', 'from_record', 'no']),
  repeatable_reason: z.string(),
  holds: z.literal(true),
})
export type ShownRun = z.infer<typeof ShownRun>

/** What of a node can be tried otherwise: its expressions, and values of its options. */
export const Tunable = z.object({
  path: z.string().describe('as `--set` takes it: `nodes.tier.gate`'),
  node: z.string(),
  name: z.string().describe('within its node: `gate`, `cases.0.when`, `options.threshold`'),
  kind: z.enum(['expression', 'number', 'text', 'switch']),
  value: z.string().describe('as it was in this run'),
})
export type Tunable = z.infer<typeof Tunable>

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
  tunables: z.array(Tunable).describe('what `POST /what-if` takes; empty where `text` is null'),
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
/** How one service was used, whichever node asked. Times in microseconds. */
export const ServiceUse = z.object({
  service: z.string(),
  calls: Count.describe('that were made'),
  throttled: Count.describe('of these: the service asked to be left alone, and the call was made again'),
  most_failed_in_a_row: Count,
  most_at_once: Count,
  most_in_a_minute: Count.describe('begun in any 60 seconds'),
  wait_us: z
    .object({ p50: Count, p95: Count, max: Count })
    .describe('from when a visit began, or a call was turned away, until its call began'),
})
export type ServiceUse = z.infer<typeof ServiceUse>
export const Calls = z.object({
  run: RunId,
  groups: z.array(CallGroup),
  services: z.array(ServiceUse),
  calls: Count,
  cost_usd: z.number(),
  holds: z.literal(true),
})
