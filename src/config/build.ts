/**
 * A checked tree as a PipelineConfig. A file with problems is built too, as far as it can be told what it means:
 * `''` stands for a target, plugin or expression that is missing or wrong, which has been told; nodes whose kind can't be
 * told are left out, and named in `unreadable`.
 */
import { readFields } from './fields.ts'
import { entriesOf } from './names.ts'
import type {
  AggregateConfig,
  CoalesceConfig,
  ForkConfig,
  GateConfig,
  GuardsConfig,
  NodeConfig,
  PipelineConfig,
  RetryConfig,
  SchemaConfig,
  ServiceLimit,
  SinkConfig,
  SourceConfig,
} from './pipeline.ts'
import type { Problems } from './problems.ts'
import { asText, choiceAt, durationAt, nameAt, numberAt, optionsAt, textAt, textsOf, thresholdAt } from './read-tree.ts'
import { entryOf, type MapEntry, secretName, type Tree, valueAt } from './tree.ts'
import type { Environment } from './variables.ts'

/** Waits that the pipeline's `retry` doesn't give. */
const RETRY: RetryConfig = { attempts: 3, backoff_ms: 1000, max_backoff_ms: 60_000, factor: 2 }

/** A plugin that hasn't answered after that won't. */
const LONGEST_VISIT_MS = 3_600_000

/** Problems: CUSTODY_SCHEMA, CUSTODY_SECRET_UNSET. */
export function buildConfig(root: Tree, env: Environment, problems: Problems): PipelineConfig {
  const defaults = valueAt(root, 'defaults')
  const on_error = textAt(defaults, 'on_error')
  const on_invalid = textAt(defaults, 'on_invalid')
  const nodes = entriesOf(valueAt(root, 'nodes')).map(entry => ({ entry, node: buildNode(entry, on_error) }))
  return {
    name: nameAt(root, 'name'),
    description: textAt(root, 'description'),
    sources: entriesOf(valueAt(root, 'sources')).map(entry => buildSource(entry, on_invalid, problems)),
    nodes: nodes.flatMap(({ node }) => (node === null ? [] : [node])),
    sinks: entriesOf(valueAt(root, 'sinks')).map(entry => buildSink(entry, on_error)),
    retry: completeRetry(retryAt(root)),
    guards: guardsAt(root),
    ledger_url: ledgerUrl(root, env, problems),
    limits: {
      services: new Map(entriesOf(valueAt(valueAt(root, 'limits'), 'services')).map(buildService)),
      spend_usd: numberAt(valueAt(valueAt(root, 'limits'), 'spend'), 'usd'),
      file: textAt(valueAt(root, 'limits'), 'file'),
      visit_ms: durationAt(valueAt(root, 'limits'), 'visit') ?? LONGEST_VISIT_MS,
    },
    plugins: textsOf(valueAt(root, 'plugins')),
    unreadable: nodes.flatMap(({ entry, node }) => (node === null ? [entry.key] : [])),
  }
}

function buildSource({ key, value }: MapEntry, on_invalid: string | null, problems: Problems): SourceConfig {
  return {
    kind: 'source',
    name: key,
    plugin: nameAt(value, 'plugin'),
    options: optionsAt(value),
    schema: buildSchema(valueAt(value, 'schema'), problems),
    extra_columns: choiceAt(value, 'extra_columns', ['error', 'drop']) ?? 'error',
    guards: guardsAt(value),
    on_invalid: targetAt(value, 'on_invalid', on_invalid),
    to: nameAt(value, 'to'),
  }
}

/** Own target, else the default; `''` if there is one that is wrong. */
function targetAt(tree: Tree, key: string, fallback: string | null): string | null {
  return entryOf(tree, key) === undefined ? fallback : nameAt(tree, key)
}

function buildSchema(schema: Tree | undefined, problems: Problems): SchemaConfig {
  const fields = readFields(valueAt(schema, 'fields'), problems)
  const mode = choiceAt(schema, 'mode', ['fixed', 'flexible', 'observed']) ?? 'observed'
  // Fields under observed are a mistake that has been told; most likely they were meant.
  return { mode: mode === 'observed' && fields.length > 0 ? 'flexible' : mode, fields }
}

function buildSink({ key, value }: MapEntry, on_error: string | null): SinkConfig {
  return {
    kind: 'sink',
    name: key,
    plugin: nameAt(value, 'plugin'),
    options: optionsAt(value),
    on_error: targetAt(value, 'on_error', on_error),
  }
}

function buildNode({ key, value }: MapEntry, on_error: string | null): NodeConfig | null {
  const kinds = ['transform', 'gate', 'cases', 'fork', 'coalesce', 'aggregate'] as const
  const found = kinds.filter(kind => valueAt(value, kind) !== undefined)
  const [kind] = found
  if (kind === undefined || found.length > 1) return null
  const common = { name: key, on_error: targetAt(value, 'on_error', on_error), retry: retryAt(value) }
  const own = { name: key, on_error: null, retry: {} }
  switch (kind) {
    case 'transform':
      return { kind, ...common, plugin: nameAt(value, kind), options: optionsAt(value), to: nameAt(value, 'to') }
    case 'gate':
      return { kind, ...common, ...buildGate(value) }
    case 'cases':
      return { kind: 'gate', ...common, ...buildCases(valueAt(value, 'cases')) }
    case 'fork':
      return { kind, ...own, branches: buildBranches(valueAt(value, 'fork')) }
    case 'coalesce':
      return { kind, ...own, on_error: targetAt(value, 'on_error', on_error), ...buildCoalesce(value) }
    case 'aggregate':
      return { kind, ...common, ...buildAggregate(value) }
  }
}

function buildGate(node: Tree): Pick<GateConfig, 'by' | 'routes'> {
  const gate = valueAt(node, 'gate')
  const routes = entriesOf(valueAt(node, 'routes')).map(each => ({
    label: each.key,
    to: asText(each.value)?.trim() ?? '',
  }))
  if (gate?.kind !== 'map') return { by: { kind: 'expression', source: asText(gate) ?? '' }, routes }
  return { by: { kind: 'plugin', plugin: nameAt(gate, 'plugin'), options: optionsAt(gate) }, routes }
}

function buildCases(list: Tree | undefined): Pick<GateConfig, 'by' | 'routes'> {
  const items = list?.kind === 'list' ? list.items : []
  const cases = items.map((item, index) => {
    const last = valueAt(item, 'else') !== undefined
    return {
      when: last ? null : (textAt(item, 'when') ?? ''),
      label: textAt(item, 'label') ?? (last ? 'else' : String(index + 1)),
      to: nameAt(item, last ? 'else' : 'to'),
    }
  })
  return {
    by: { kind: 'cases', cases: cases.map(({ when, label }) => ({ when, label })) },
    routes: cases.map(({ label, to }) => ({ label, to })),
  }
}

function buildBranches(fork: Tree | undefined): ForkConfig['branches'] {
  if (fork?.kind === 'list') return textsOf(fork).map(name => ({ branch: name, to: name }))
  return entriesOf(fork).map(each => ({ branch: each.key, to: asText(each.value)?.trim() ?? '' }))
}

function buildCoalesce(node: Tree): Pick<CoalesceConfig, 'branches' | 'policy' | 'merge' | 'to'> {
  const timeout_ms = durationAt(node, 'timeout')
  const policy = choiceAt(node, 'policy', ['require_all', 'quorum', 'best_effort', 'first']) ?? 'require_all'
  const merge = choiceAt(node, 'merge', ['union', 'nested', 'select']) ?? 'union'
  const on_conflict = choiceAt(node, 'on_conflict', ['last_wins', 'first_wins', 'fail']) ?? 'last_wins'
  const decide = choiceAt(node, 'decide', ['early', 'complete']) ?? 'early'
  const policies = {
    require_all: { kind: 'require_all', timeout_ms },
    quorum: { kind: 'quorum', quorum: numberAt(node, 'quorum') ?? 1, timeout_ms, decide },
    best_effort: { kind: 'best_effort', timeout_ms: timeout_ms ?? 1 },
    first: { kind: 'first' },
  } as const
  const merges = {
    union: { kind: 'union', on_conflict },
    nested: { kind: 'nested' },
    select: { kind: 'select', branch: nameAt(node, 'select') },
  } as const
  return {
    branches: textsOf(valueAt(node, 'coalesce')),
    policy: policies[policy],
    merge: merges[merge],
    to: nameAt(node, 'to'),
  }
}

function buildAggregate(node: Tree): Omit<AggregateConfig, 'kind' | 'name' | 'on_error' | 'retry'> {
  const trigger = valueAt(node, 'trigger')
  return {
    plugin: nameAt(node, 'aggregate'),
    options: optionsAt(node),
    trigger: {
      count: numberAt(trigger, 'count'),
      max_age_ms: durationAt(trigger, 'max_age'),
      when: textAt(trigger, 'when'),
    },
    output: choiceAt(node, 'output', ['transform', 'passthrough']) ?? 'transform',
    output_rows: numberAt(node, 'output_rows'),
    to: nameAt(node, 'to'),
  }
}

function buildService({ key, value }: MapEntry): readonly [string, ServiceLimit] {
  const breaker = valueAt(value, 'breaker')
  return [
    key,
    {
      per_minute: numberAt(value, 'per_minute'),
      concurrency: numberAt(value, 'concurrency'),
      breaker: breaker === undefined ? null : buildBreaker(breaker),
      max_wait_ms: durationAt(value, 'max_wait'),
    },
  ]
}

function buildBreaker(breaker: Tree): ServiceLimit['breaker'] {
  if (breaker.kind !== 'map') return 'off'
  return { failures: numberAt(breaker, 'failures'), give_up_after_ms: durationAt(breaker, 'give_up_after') }
}

function guardsAt(tree: Tree): GuardsConfig {
  const guards = valueAt(tree, 'guards')
  return {
    rejected: thresholdAt(guards, 'rejected'),
    failed: thresholdAt(guards, 'failed'),
    min_rows: thresholdAt(guards, 'min_rows'),
  }
}

/** What a `retry` says, and nothing else. */
function retryAt(tree: Tree): Partial<RetryConfig> {
  const retry = valueAt(tree, 'retry')
  const said = {
    attempts: numberAt(retry, 'attempts'),
    backoff_ms: durationAt(retry, 'backoff'),
    max_backoff_ms: durationAt(retry, 'max_backoff'),
    factor: numberAt(retry, 'factor'),
  }
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null))
}

/** A longest wait that nobody named is never shorter than the first one. */
function completeRetry(said: Partial<RetryConfig>): RetryConfig {
  const all = { ...RETRY, ...said }
  return said.max_backoff_ms === undefined
    ? { ...all, max_backoff_ms: Math.max(all.max_backoff_ms, all.backoff_ms) }
    : all
}

function ledgerUrl(root: Tree, env: Environment, problems: Problems): string | null {
  const url = valueAt(valueAt(root, 'ledger'), 'url')
  const secret = url === undefined ? null : secretName(url)
  if (url === undefined || secret === null) return asText(url)
  const value = Object.hasOwn(env, secret) ? env[secret] : undefined
  if (value === undefined) {
    problems.error(
      'CUSTODY_SECRET_UNSET',
      url.at,
      `the environment variable ${secret}, which holds a secret, is not set`,
    )
  }
  return value ?? null
}
