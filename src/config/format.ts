/**
 * The format of pipeline files (docs: “The pipeline file”), as zod schemas: the checker, `--set`, the typed
 * configuration, the editor's schema and the documents are made from them.
 */
import { z } from 'zod'
import { newRow } from '../model/row.ts'
import { distinct, list, map, object } from './compound.ts'
import * as leaf from './leaf.ts'
import { words } from './part.ts'
import { byKey, byType } from './picked.ts'

const { choice, count, expression, integer, interval, plugin, sink_target, target, text, wait } = leaf

const waits = {
  attempts: count.describe('How often a row is tried at a node, the first attempt included.'),
  backoff: wait.describe('Wait before the second attempt.'),
  max_backoff: wait.describe('Longest wait.'),
  factor: leaf.number(1).describe('By what each wait is longer than the one before.'),
}
const retry = object('retry', {
  attempts: waits.attempts.prefault(3),
  backoff: waits.backoff.prefault('1s'),
  /** A longest wait that nobody named is never shorter than the first one. */
  max_backoff: waits.max_backoff.optional().meta({ default: '60s' }),
  factor: waits.factor.prefault(2),
})

const to = target.describe('Where rows go next: a node, a sink, or discard.')
const options = leaf.plugin_options.prefault(newRow).describe('Options of the plugin.')
const on_error = target
  .optional()
  .describe('Where a row goes after an error: a sink, a node, or discard. Required here or in defaults.')
const on_error_of_gate = target
  .optional()
  .describe(
    'Where a row goes after an error: a sink, a node, or discard. Required here or in defaults, unless nothing can fail.',
  )
const node_retry = z
  .strictObject(waits)
  .partial()
  .register(words, { what: 'retry', empty: true })
  .prefault({})
  .describe('What differs from the pipeline’s retry.')

const guards = object('guards', {
  rejected: leaf.threshold(true).optional().describe('How many records of a source may be rejected at most.'),
  failed: leaf
    .threshold(true)
    .optional()
    .describe('How many rows may have an ending in failure at most, rejected ones included.'),
  min_rows: leaf.threshold(false).optional().describe('How many rows must be ingested at least.'),
})

const schema = object('a schema', {
  mode: choice('fixed', 'flexible', 'observed')
    .prefault('observed')
    .describe('fixed: exactly these fields. flexible: at least these. observed: whatever comes.'),
  fields: map('field', 'any', 1, leaf.field)
    .optional()
    .describe(
      'Fields and their types: string, integer, number, decimal, boolean, with ? if they may be missing; or a JSON Schema.',
    ),
})

const source = object(
  'a source',
  {
    plugin: plugin.describe('The source plugin.'),
    options,
    schema: schema.prefault({}).describe('What is known of the rows.'),
    extra_columns: choice('error', 'drop')
      .prefault('error')
      .describe(
        'Under mode fixed: what becomes of columns and fields that the schema doesn’t know. error: a header that has one stops the run before anything is written, a record is rejected. drop: they are left out.',
      ),
    guards: guards.prefault({}).describe('What must hold of this source’s rows before anything is published.'),
    on_invalid: sink_target
      .optional()
      .describe(
        'Where records go that can’t be read or don’t fit the schema: a sink, or discard. Required here or in defaults.',
      ),
    to,
  },
  {
    refused: { on_error: 'a source has on_invalid: where records go that can’t be read' },
    plugin: { key: 'plugin', kind: 'source' },
  },
)

const transform = object(
  'a transform',
  { transform: plugin.describe('The transform plugin.'), options, to, on_error, retry: node_retry },
  {
    refused: {
      plugin: 'the plugin of a transform is the value of transform',
      routes: 'only gates have routes; a transform has to',
    },
    plugin: { key: 'transform', kind: 'transform' },
  },
)

const plugin_gate = object(
  'a plugin gate',
  { plugin: plugin.describe('The gate plugin.'), options },
  { plugin: { key: 'plugin', kind: 'gate' } },
)
const gate = object(
  'a gate',
  {
    gate: byType(expression, plugin_gate)
      .register(words, { expects: 'an expression, or a map with plugin and options' })
      .describe('A CEL expression that gives true or false, or a text; or a gate plugin.'),
    routes: map('route', 'label', 1, target).describe('Where rows go for each label; else for all others.'),
    on_error: on_error_of_gate,
    retry: node_retry,
  },
  { refused: { to: 'a gate has routes, one for each of its labels' } },
)

const when_case = object('a case', {
  when: expression.describe('The case holds if this is true.'),
  to,
  label: leaf.label.optional().describe('Its label; its number from 1 if not given.'),
})
const else_case = object('the last case', {
  else: target.describe('Where rows go for which no case holds.'),
  label: leaf.label.optional().describe('Its label; else if not given.'),
})
const cases = object(
  'a gate with cases',
  {
    cases: list('case', 1, byKey({ when: when_case, else: else_case }).register(words, { what: 'a case' })).describe(
      'The first case that holds decides; the last is else.',
    ),
    on_error: on_error_of_gate,
    retry: node_retry,
  },
  {
    refused: {
      to: 'each case has its own to',
      routes: 'each case has its own to',
      else: 'write { else: … } as the last case',
    },
  },
)

const cannot_fail = 'rows can’t fail here with an error of their own'
const fork = object(
  'a fork',
  {
    fork: byType(distinct('branch', 1, leaf.branch), map('branch', 'branch', 1, target))
      .register(words, { expects: 'a map of branches and where they go, or a list of nodes' })
      .describe('Branches and where they go; [a, b] is {a: a, b: b}.'),
  },
  {
    refused: {
      on_error: cannot_fail,
      retry: cannot_fail,
      to: 'each branch of a fork has its own target',
      routes: 'a fork sends rows to all of its branches; only gates have routes',
    },
  },
)

const coalesce = object(
  'a coalesce',
  {
    coalesce: distinct('branch', 1, leaf.branch).describe('Branches of one fork that are joined here.'),
    policy: choice('require_all', 'quorum', 'best_effort', 'first')
      .prefault('require_all')
      .describe('Which branches must have arrived.'),
    quorum: count.optional().describe('How many branches policy quorum needs.'),
    timeout: interval.optional().describe('How long to wait after the first arrival; best_effort needs it.'),
    decide: choice('early', 'complete')
      .prefault('early')
      .describe('complete: quorum and best_effort decide when every branch has arrived or is lost, or time is up.'),
    merge: choice('union', 'nested', 'select')
      .prefault('union')
      .describe('union: fields of all branches. nested: {branch: row}. select: the row of one branch.'),
    select: leaf.branch.optional().describe('The branch that merge select takes.'),
    on_conflict: choice('last_wins', 'first_wins', 'fail')
      .prefault('last_wins')
      .describe('What union does if branches wrote different values to a field.'),
    on_error: sink_target.optional().describe('A sink or discard: where members of groups that failed are written.'),
    to,
  },
  { refused: { retry: cannot_fail } },
)

const trigger = object('a trigger', {
  count: count.optional().describe('Close the batch at this many rows.'),
  max_age: interval.optional().describe('Close the batch this long after its first row.'),
  when: expression.optional().describe('Close the batch when this is true; sees batch.count and batch.age_seconds.'),
})
const aggregate = object(
  'an aggregate',
  {
    aggregate: plugin.describe('The aggregate plugin.'),
    trigger: trigger.prefault({}).describe('When a batch closes, besides the end of input; any of these.'),
    per: distinct('field', 1, leaf.text)
      .optional()
      .describe('Fields: rows with different values of them are in different batches, each with its own triggers.'),
    max_open: count
      .prefault(10_000)
      .describe('With per: how many batches may be open at a time; a row that would open one more is an error.'),
    scope: choice('split', 'key')
      .optional()
      .describe(
        'With `splits`, where it must be said: split, each split has batches of its own; key, each value of the field that `by` names has, and `per` has that field.',
      ),
    output: choice('transform', 'passthrough')
      .prefault('transform')
      .describe('transform: new rows. passthrough: the same rows go on, enriched or dropped.'),
    output_rows: integer(0).optional().describe('Rows that each batch must give.'),
    options,
    to,
    on_error,
    retry: node_retry,
  },
  {
    refused: { plugin: 'the plugin of an aggregate is the value of aggregate' },
    plugin: { key: 'aggregate', kind: 'aggregate' },
  },
)

const sort_key = byType(
  leaf.sort_key,
  object('a key of a sort', {
    field: leaf.field_name.describe('The field.'),
    order: choice('asc', 'desc').prefault('asc').describe('asc: the smallest first. desc: the largest first.'),
    nulls: choice('first', 'last').prefault('last').describe('Where rows stand in which it is null or missing.'),
  }),
).register(words, { expects: 'a field with its direction, or a map with field, order and nulls' })
const sort = object(
  'a sort',
  {
    sort: list('key', 1, sort_key).describe(
      'Fields by which rows are put in order, the first one first; rows that are equal in all of them keep the order in which they came.',
    ),
    to,
  },
  {
    refused: {
      on_error: cannot_fail,
      retry: cannot_fail,
      by: 'the keys of a sort are the value of sort',
      order: 'write sort: [field desc]',
    },
  },
)
const key_fields = byType(leaf.field_name, distinct('field', 1, leaf.field_name)).register(words, {
  expects: 'a field, or a list of fields',
})
const join = object(
  'a join',
  {
    join: object('the key of a join', {
      left: key_fields.describe(
        'The field, or the fields, by which rows that come by `to: NAME.left` are found together.',
      ),
      right: key_fields.describe(
        'The same of rows that come by `to: NAME.right`: as many fields, compared in this order.',
      ),
    }).describe('The key: rows of both sides that have the same values there match.'),
    max_matches: count
      .prefault(1000)
      .describe('How many right rows may match one left row; a left row that more match is an error.'),
    merge: choice('union', 'nested')
      .prefault('union')
      .describe('union: fields of both rows, where both have one the left row’s. nested: {left: row, right: row}.'),
    routes: object('the routes of a join', {
      matched: target.describe('Where what matches goes: a new row for each pair.'),
      left: target.describe('Where left rows go that nothing matches.'),
      right: target.describe('Where right rows go that nothing matches.'),
    }).describe('Where rows go.'),
    on_error,
  },
  {
    refused: {
      to: 'a join has routes: matched, left and right',
      retry: 'what fails here would fail again',
      on: 'write join: { left: FIELD, right: FIELD }',
    },
  },
)

const node = byKey({ transform, gate, cases, fork, coalesce, aggregate, join, sort }).register(words, {
  what: 'a node',
})

const sink = object(
  'a sink',
  { plugin: plugin.describe('The sink plugin.'), options, on_error },
  {
    refused: {
      to: 'a row’s way ends at a sink',
      retry: 'sinks that send follow the pipeline’s retry; others take a row or refuse it',
    },
    plugin: { key: 'plugin', kind: 'sink' },
  },
)

const breaker = object('breaker', {
  failures: count
    .optional()
    .describe(
      'So many calls in a row that meet an outage pause the service; the larger of 25 and 3 × concurrency if not given.',
    ),
  give_up_after: interval.optional().meta({
    description: 'How long it stays paused, and is tried now and then, before the run stops, and can be resumed.',
    default: '10m',
  }),
})
const service = object('a service', {
  per_minute: count.optional().describe('Requests in any 60 seconds.'),
  concurrency: count.optional().meta({ description: 'Requests at a time.', default: 16 }),
  breaker: byType(choice('off'), breaker)
    .register(words, { expects: 'off, or a map with failures and give_up_after' })
    .optional()
    .describe('When the service is taken for down; `off`: never.'),
  max_wait: interval.optional().meta({
    description: 'How long the service may ask to be left alone; the run stops, and can be resumed, if it wants more.',
    default: '15m',
  }),
})
const limits = object('limits', {
  services: map('service', 'any', 0, service)
    .prefault(() => new Map())
    .describe('Limits of outside services, by name.'),
  file: text
    .optional()
    .describe('A file in which all runs of this machine that name it keep the limits of services together.'),
  visit: interval
    .prefault('1h')
    .describe(
      'Longest that a plugin may take to answer for a row or a batch while none of its calls is under way; then the run stops by it.',
    ),
  spend: object('spend', { usd: leaf.number(0).describe('US dollars.') })
    .optional()
    .describe('The run stops, and can be resumed, once this is spent.'),
})

const defaults = object('defaults', {
  on_error: target.optional().describe('on_error of each node and sink that says nothing else.'),
  on_invalid: sink_target.optional().describe('on_invalid of each source that says nothing else.'),
})

export const PIPELINE = object('a pipeline', {
  name: leaf.pipeline_name.describe('Lower case, digits and dashes.'),
  description: text.optional().describe('For people.'),
  defaults: defaults.prefault({}).describe('What holds where nothing else is said.'),
  sources: map('source', 'name', 1, source).describe('Where rows come from; read one after another in this order.'),
  nodes: map('node', 'name', 0, node)
    .prefault(() => new Map())
    .describe('What happens to rows.'),
  sinks: map('sink', 'name', 1, sink).describe('Where rows end.'),
  retry: retry.prefault({}).describe('How often, and when, a row is tried again after an error that could pass.'),
  ledger: object('ledger', {
    url: leaf.ledger_url.optional().describe('sqlite:PATH or postgres://…'),
    witnesses: text
      .optional()
      .describe(
        'File with the witnesses that cosign its heads, and how many must have: a C2SP policy, with their URLs.',
      ),
    encryption: object('encryption', {
      key: leaf.ledger_key.describe('Where the key is: `custody ledger key new` makes one.'),
    })
      .optional()
      .describe('Encrypts the values that runs record from now on; what evidence there is of them stays as it is.'),
    timestamps: leaf.web_url.optional().describe('URL of a timestamp authority (RFC 3161) that dates its heads.'),
  })
    .optional()
    .describe('Where the evidence is kept.'),
  limits: limits.prefault({}).describe('Limits of outside services and of money.'),
  guards: guards
    .prefault({})
    .describe('What must hold before anything is published; else the run stops, and can be resumed.'),
  splits: object('splits', {
    count: leaf.splits.describe('How many. The number is part of the plan: how many workers there are is not.'),
    by: leaf.field_name
      .optional()
      .describe(
        'A field of each source: records are dealt by its value, so that those with the same one are in one split.',
      ),
    pieces: leaf.text
      .optional()
      .describe(
        'The folder in which what splits write is kept until the run is put together, from the pipeline file’s; where workers are on several machines, one that all of them see. Without it: beside the ledger.',
      ),
  })
    .optional()
    .describe('Cuts the input into parts that are processed by themselves, side by side.'),
  retention: leaf.retention
    .optional()
    .describe(
      'How long the data of a run is to be kept; each run records it, and `custody purge` follows it. Nothing is removed by itself.',
    ),
  plugins: distinct('plugin file or package', 0, text)
    .prefault([])
    .describe('Files and packages that bring further plugins.'),
})

/** A pipeline file's content, part by part as it is written. */
export type PipelineContent = z.output<typeof PIPELINE>
