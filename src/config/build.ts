/**
 * The content of a pipeline file as a PipelineConfig: parts in order and with their names, defaults where nothing was
 * given, null for what was left out. A file with problems is built too: `''` then stands for a target, plugin or
 * expression that is missing or wrong, which has been reported; nodes whose kind isn't clear are named in `unreadable`.
 */
import type { PipelineContent } from './format.ts'
import { entriesOf } from './names.ts'
import { type Tree, valueAt } from './tree.ts'

type Named<T> = readonly [name: string, content: T]
type ValueOf<T> = T extends Map<string, infer Value> ? Value : never
type NodeContent = ValueOf<PipelineContent['nodes']>
type NodeOf<Kind extends PropertyKey> = Extract<NodeContent, { readonly [key in Kind]: unknown }>
type Defaults = PipelineContent['defaults']

/** Longest wait if the file names none; never shorter than the first one. */
const MAX_BACKOFF_MS = 60_000

export function buildConfig(content: PipelineContent, root: Tree) {
  const { defaults, limits, retry } = content
  return {
    name: content.name,
    description: content.description ?? null,
    sources: [...content.sources].map(each => buildSource(each, defaults)),
    nodes: [...content.nodes].map(each => buildNode(each, defaults)),
    sinks: [...content.sinks].map(each => buildSink(each, defaults)),
    retry: {
      /** The first included. */
      attempts: retry.attempts,
      backoff_ms: retry.backoff,
      max_backoff_ms: retry.max_backoff ?? Math.max(MAX_BACKOFF_MS, retry.backoff),
      factor: retry.factor,
    },
    guards: buildGuards(content.guards),
    /** As written. */
    ledger_url: content.ledger?.url ?? null,
    /** Where the key is that its values are encrypted with, as written. */
    ledger_key: content.ledger?.encryption?.key ?? null,
    /** File of the policy of its witnesses, as written. */
    witnesses: content.ledger?.witnesses ?? null,
    /** URL of a timestamp authority. */
    timestamps: content.ledger?.timestamps ?? null,
    limits: {
      services: new Map([...limits.services].map(([name, each]) => [name, buildService(each)])),
      spend_usd: limits.spend?.usd ?? null,
      /** As written. */
      file: limits.file ?? null,
      /** Longest that a plugin may take for a visit, its calls aside. */
      visit_ms: limits.visit,
    },
    /** How long values of a run are to be kept; null: nothing is said. */
    retention_ms: content.retention ?? null,
    /** Into how many parts the input is cut; null: it isn't. */
    splits: content.splits === undefined ? null : buildSplits(content.splits),
    plugins: textsOf(content.plugins),
    /** Names of nodes whose kind isn't clear, which has been reported; they are not among `nodes`. */
    unreadable: entriesOf(valueAt(root, 'nodes')).flatMap(({ key }) => (content.nodes.has(key) ? [] : [key])),
  }
}

/** Without the holes where texts were wrong. */
const textsOf = (list: readonly string[]) => Object.values(list)

function buildSource([name, source]: Named<ValueOf<PipelineContent['sources']>>, defaults: Defaults) {
  const { mode } = source.schema
  const fields = [...(source.schema.fields ?? [])].map(([field, type]) => ({ name: field, ...type }))
  return {
    kind: 'source' as const,
    name,
    plugin: source.plugin,
    options: source.options,
    schema: {
      // Fields under observed are a mistake that has been reported; most likely they were meant.
      mode: mode === 'observed' && fields.length > 0 ? ('flexible' as const) : mode,
      fields,
    },
    /** What becomes of columns and fields that a `fixed` schema doesn't know. */
    extra_columns: source.extra_columns,
    guards: buildGuards(source.guards),
    on_invalid: source.on_invalid ?? defaults.on_invalid ?? null,
    to: source.to,
  }
}

function buildSink([name, sink]: Named<ValueOf<PipelineContent['sinks']>>, defaults: Defaults) {
  const on_error = sink.on_error ?? defaults.on_error ?? null
  return { kind: 'sink' as const, name, plugin: sink.plugin, options: sink.options, on_error }
}

function buildNode([name, node]: Named<NodeContent>, defaults: Defaults) {
  if ('fork' in node) {
    return { kind: 'fork' as const, name, on_error: null, retry: {}, branches: buildBranches(node.fork) }
  }
  if ('sort' in node) {
    return { kind: 'sort' as const, name, on_error: null, retry: {}, keys: buildSortKeys(node.sort), to: node.to }
  }
  const on_error = node.on_error ?? defaults.on_error ?? null
  if ('coalesce' in node) return { kind: 'coalesce' as const, name, on_error, retry: {}, ...buildCoalesce(node) }
  if ('join' in node) return { kind: 'join' as const, name, on_error, retry: {}, ...buildJoin(node) }
  /** null: neither here nor in defaults. */
  const common = { name, on_error, retry: buildWaits(node.retry) }
  if ('transform' in node) {
    return { kind: 'transform' as const, ...common, plugin: node.transform, options: node.options, to: node.to }
  }
  if ('aggregate' in node) return { kind: 'aggregate' as const, ...common, ...buildAggregate(node) }
  if ('cases' in node) return { kind: 'gate' as const, ...common, ...buildCases(node.cases) }
  const routes = [...node.routes].map(([label, to]) => ({ label, to }))
  const by =
    typeof node.gate === 'string'
      ? { kind: 'expression' as const, source: node.gate }
      : { kind: 'plugin' as const, ...node.gate }
  return { kind: 'gate' as const, ...common, by, routes }
}

function buildCases(list: NodeOf<'cases'>['cases']) {
  const cases = list.map((each, index) =>
    'else' in each
      ? { when: null, label: each.label ?? 'else', to: each.else }
      : { when: each.when, label: each.label ?? String(index + 1), to: each.to },
  )
  return {
    /** In order; `when` null is the `else`. Labels are the number from 1 or as written, `else` for the last. */
    by: { kind: 'cases' as const, cases: cases.map(({ when, label }) => ({ when, label })) },
    routes: cases.map(({ label, to }) => ({ label, to })),
  }
}

/** In order. */
function buildBranches(fork: NodeOf<'fork'>['fork']) {
  const branches = Array.isArray(fork) ? textsOf(fork).map(name => [name, name] as const) : [...fork]
  return branches.map(([branch, to]) => ({ branch, to }))
}

function buildCoalesce(node: NodeOf<'coalesce'>) {
  const timeout_ms = node.timeout ?? null
  const policies = {
    require_all: { kind: 'require_all', timeout_ms },
    /** `decide` complete: not before every branch has arrived or is lost. */
    quorum: { kind: 'quorum', quorum: node.quorum ?? 1, timeout_ms, decide: node.decide },
    best_effort: { kind: 'best_effort', timeout_ms: timeout_ms ?? 1 },
    first: { kind: 'first' },
  } as const
  const merges = {
    union: { kind: 'union', on_conflict: node.on_conflict },
    nested: { kind: 'nested' },
    select: { kind: 'select', branch: node.select ?? '' },
  } as const
  const branches = textsOf(node.coalesce)
  return { branches, policy: policies[node.policy], merge: merges[node.merge], to: node.to }
}

/** Part of what a plan's hash is of, so that `by` isn't there where it isn't said. */
function buildSplits({ count, by, pieces }: NonNullable<PipelineContent['splits']>) {
  return { count, ...(by === undefined ? {} : { by }), ...(pieces === undefined ? {} : { pieces }) }
}

function buildAggregate(node: NodeOf<'aggregate'>) {
  const { aggregate, options, trigger, per, max_open, scope = null, output, output_rows, to } = node
  const { count = null, max_age: max_age_ms = null, when = null } = trigger
  return {
    plugin: aggregate,
    options,
    trigger: { count, max_age_ms, when },
    /** null: all rows are in one batch. */
    per: per === undefined ? null : { fields: textsOf(per), max_open },
    ...(scope === null ? {} : { scope }),
    output,
    output_rows: output_rows ?? null,
    to,
  }
}

/** Without the holes where keys were wrong. */
function buildSortKeys(keys: NodeOf<'sort'>['sort']) {
  return Object.values(keys).flatMap(each => (each?.field ? [buildSortKey(each)] : []))
}

function buildSortKey({ field, order, nulls }: NodeOf<'sort'>['sort'][number]) {
  return { field, order: order === 'desc' ? 'desc' : 'asc', nulls: nulls === 'first' ? 'first' : 'last' } as const
}

function buildJoin({ join, max_matches, merge, routes: { matched, left, right } }: NodeOf<'join'>) {
  const fields = (key: string | readonly string[]) => (typeof key === 'string' ? [key] : textsOf(key))
  return {
    /** Fields that are compared, one by one. */
    keys: { left: fields(join.left), right: fields(join.right) },
    max_matches,
    merge,
    routes: [
      { label: 'matched', to: matched },
      { label: 'left', to: left },
      { label: 'right', to: right },
    ] as const,
  }
}

/** null: left out. */
function buildService(service: ValueOf<PipelineContent['limits']['services']>) {
  const { per_minute = null, concurrency = null, breaker = null, max_wait: max_wait_ms = null } = service
  return {
    per_minute,
    concurrency,
    /** `off`: calls that meet an outage are errors of their rows, however many there are. */
    breaker:
      breaker === null || breaker === 'off'
        ? breaker
        : { failures: breaker.failures ?? null, give_up_after_ms: breaker.give_up_after ?? null },
    max_wait_ms,
  }
}

/** What must hold before anything is published; null: left out. `most` of the count of `min_rows` is the least. */
function buildGuards({ rejected, failed, min_rows }: PipelineContent['guards']) {
  return { rejected: rejected ?? null, failed: failed ?? null, min_rows: min_rows ?? null }
}

/** What the `retry` of a node says, and nothing else. */
function buildWaits({ attempts, backoff, max_backoff, factor }: NodeOf<'transform'>['retry']) {
  return {
    ...(attempts === undefined ? {} : { attempts }),
    ...(backoff === undefined ? {} : { backoff_ms: backoff }),
    ...(max_backoff === undefined ? {} : { max_backoff_ms: max_backoff }),
    ...(factor === undefined ? {} : { factor }),
  }
}
