/** Tools that tell of runs as a whole. */
import { z } from 'zod'
import { Count, RunName, RunStatus } from '../../api/common.ts'
import { Limits } from '../../api/limits.ts'
import { isUnsound } from '../../host/answers/unsound.ts'
import { type Asking, type Tool, tool } from './tool.ts'

const run = RunName.describe('a run: its id, a unique beginning of one, `latest`, or `latest~1` for the one before')
const ofRun = z.strictObject({ run })
const counts = z.record(z.string(), Count)

/** One question of whoever asks, and two of the ledger; what is unsound in either is the answer. */
async function shownWithLimits({ run: name }: { readonly run: string }, asking: Asking): Promise<object> {
  const shown = await asking.ask('run', { run: name })
  if (isUnsound(shown)) return shown
  // By its id: `latest` may be another run by now.
  const limits = await asking.ask('limits', { run: shown.run })
  if (isUnsound(limits)) return limits
  const { run: _, holds: __, ...of } = limits
  return { ...shown, limits: of }
}

export const RUN_TOOLS: readonly Tool[] = [
  tool({
    name: 'runs',
    title: 'List runs',
    description:
      'Lists runs of the ledger, newest first: pipeline, status, times, rows read and failed, cost. Begin here. `next_cursor` asks for older ones.',
    input: z.strictObject({
      name: z.string().optional().describe('only of this pipeline'),
      status: RunStatus.optional(),
      cursor: z.string().optional().describe('`next_cursor` of the page before'),
      limit: z.int().min(1).max(50).default(10),
    }),
    output: z.object({
      runs: z.array(z.looseObject({ run: z.string() })).describe('as `custody runs --json`'),
      next_cursor: z.string().nullable(),
    }),
    answer: (input, { ask }) => ask('runs', input),
  }),
  tool({
    name: 'run',
    title: 'Show a run',
    description:
      'What one run came to: counts at each node and on each way out, outcomes and causes, errors by node and code, outputs, why it stopped; and what its guards and limits allow, and did. As `custody show --json`, checked against the signatures.',
    input: ofRun,
    output: z.looseObject({
      run: z.string(),
      status: RunStatus,
      rows: z.looseObject({ read: Count }),
      outcomes: counts,
      causes: counts,
      nodes: z.array(z.looseObject({ node: z.string(), in: Count, out: counts })),
      errors: z.array(z.looseObject({ node: z.string(), code: z.string(), count: Count })),
      checkpoint: z.string().describe('root of its log: `custody prove` leads to it'),
      limits: Limits.omit({ run: true, holds: true }),
    }),
    answer: shownWithLimits,
  }),
  tool({
    name: 'plan',
    title: 'Show the plan of a run',
    description:
      'The graph that a run executed: nodes, ways between them, expressions of gates, and the text of the pipeline file as it ran.',
    input: ofRun,
    output: z.looseObject({
      run: z.string(),
      nodes: z.array(z.looseObject({ name: z.string(), kind: z.string() })),
      edges: z.array(z.looseObject({ from: z.string(), label: z.string(), to: z.string() })),
      text: z.string().nullable().describe('null: erased, or not to be seen'),
    }),
    answer: (input, { ask }) => ask('plan', input),
  }),
  tool({
    name: 'errors',
    title: 'Errors of a run',
    description:
      'What went wrong in a run, by node and code, the most frequent first, each with its number and the first row that met it, and the message there.',
    input: ofRun,
    output: z.looseObject({
      run: z.string(),
      failed_rows: Count,
      errors: z.array(
        z.looseObject({
          node: z.string(),
          code: z.string(),
          count: Count,
          example: z.looseObject({ row: z.int().nullable(), message: z.string().nullable() }).nullable(),
        }),
      ),
    }),
    answer: (input, { ask }) => ask('errors', input),
  }),
  tool({
    name: 'calls',
    title: 'Calls and cost of a run',
    description:
      'What a run asked services (models, HTTP, SQL), by node, service and model: how many, with which result, how long they took, LLM tokens, cost.',
    input: ofRun,
    output: z.looseObject({
      run: z.string(),
      calls: Count,
      cost_usd: z.number(),
      groups: z.array(z.looseObject({ node: z.string(), service: z.string(), calls: Count, cost_usd: z.number() })),
    }),
    answer: (input, { ask }) => ask('calls', input),
  }),
  tool({
    name: 'diff',
    title: 'Compare two runs',
    description:
      'How the rows of two runs differ: grouped by the decision or value at which they parted, with examples. Rows are matched by number, or by `key`.',
    input: z.strictObject({
      old: run,
      new: run,
      key: z.array(z.string()).min(1).max(10).optional().describe('fields by whose values rows are matched'),
      list: z.int().min(0).max(50).default(10).describe('differences that are listed one by one'),
    }),
    output: z.looseObject({
      old: z.string(),
      new: z.string(),
      rows: z.looseObject({ compared: Count, same: Count, different: Count }),
      groups: z.array(z.looseObject({ node: z.string(), rows: Count, examples: z.array(z.int()) })),
      differences: z.array(z.looseObject({ row: z.looseObject({ old: z.int(), new: z.int() }) })),
    }),
    answer: (input, { ask }) => ask('diff', input),
  }),
  tool({
    name: 'verify',
    title: 'Verify the record',
    description:
      'Recomputes a run, or the whole ledger, from the stored bytes, and names exactly what is wrong. It may take a minute for a million rows.',
    input: z.strictObject({ run: run.optional().describe('without it: the whole ledger') }),
    output: z.looseObject({
      ok: z.boolean(),
      head: z.looseObject({ ledger: z.string(), size: Count, root: z.string() }).nullable(),
      runs: z.array(
        z.looseObject({
          run: z.string(),
          ok: z.boolean(),
          checks: z.array(z.looseObject({ name: z.string(), ok: z.boolean(), problems: z.array(z.string()) })),
        }),
      ),
    }),
    answer: (input, { ask }) => ask('verify', input),
  }),
]
