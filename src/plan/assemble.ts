/** One node of the plan from what was found out about it. Only for drafts without errors. */
import type { RetryConfig } from '../config/pipeline.ts'
import { CustodyError } from '../model/error.ts'
import type { PluginKind, PluginSpec } from '../sdk/spec.ts'
import type { Branches } from './branches.ts'
import type { DraftNode } from './draft.ts'
import type { NodeFacts } from './flow.ts'
import { decimalsAmong, decimalsOfJoin } from './key-decimals.ts'
import type { GateNode, PlanEdge, PlanNode, PluginOf } from './plan.ts'
import type { ResolvedPlugin } from './plugins.ts'
import { sortKeysOf } from './sort-keys.ts'

export interface Findings {
  readonly facts: NodeFacts | undefined
  readonly plugin: ResolvedPlugin | undefined
  readonly retry: RetryConfig | undefined
  readonly branches: Branches
  readonly way: (label: string) => PlanEdge | null
}

/** @throws CustodyError CUSTODY_INTERNAL if something is missing though no error was reported. */
export function assemble(node: DraftNode, findings: Findings): PlanNode {
  const { config, number, name } = node
  const facts = must(findings.facts, node, 'facts')
  const way = (label: string) => must(findings.way(label), node, `an edge ${label}`)
  const retry = () => must(findings.retry, node, 'a retry')
  const common = { number, name, input: facts.input }
  switch (config.kind) {
    case 'source': {
      const plugin = pluginOf('source', node, findings)
      const [file = null, ...others] = plugin.spec.reads?.(plugin.options) ?? []
      return {
        kind: 'source',
        ...common,
        plugin,
        schema: facts.output,
        extra_columns: config.extra_columns,
        file: others.length > 0 ? null : file,
        to: way('to'),
        on_invalid: way('on_invalid'),
        guards: config.guards,
        retry: retry(),
      }
    }
    case 'transform': {
      const plugin = pluginOf('transform', node, findings)
      return { kind: 'transform', ...common, plugin, retry: retry(), to: way('to'), on_error: way('on_error') }
    }
    case 'gate':
      return {
        kind: 'gate',
        ...common,
        ...gateRoutes(node, findings),
        retry: retry(),
        on_error: findings.way('on_error'),
      }
    case 'fork':
      return { kind: 'fork', ...common, branches: config.branches.map(({ branch }) => ({ branch, edge: way(branch) })) }
    case 'coalesce': {
      const fork = must(findings.branches.forkOfCoalesce(config), node, 'a fork').number
      const { branches, policy, merge } = config
      const ways = { to: way('to'), on_error: findings.way('on_error') }
      return { kind: 'coalesce', ...common, fork, branches, policy, merge, ...ways }
    }
    case 'aggregate': {
      const plugin = pluginOf('aggregate', node, findings)
      const trigger = { ...config.trigger, when: facts.when }
      const { output, output_rows } = config
      const per =
        config.per === null ? null : { ...config.per, by_value: decimalsAmong(config.per.fields, facts.input) }
      const ways = { to: way('to'), on_error: way('on_error') }
      const how = { trigger, per, of_key: config.scope === 'key', output, output_rows }
      return { kind: 'aggregate', ...common, plugin, ...how, retry: retry(), ...ways }
    }
    case 'sort':
      return { kind: 'sort', ...common, keys: sortKeysOf(config, facts.input), to: way('to') }
    case 'join': {
      const { keys, max_matches, merge } = config
      const routes = { matched: way('matched'), left: way('left'), right: way('right') }
      const by_value = decimalsOfJoin(keys, facts.sides)
      return { kind: 'join', ...common, keys, by_value, max_matches, merge, routes, on_error: way('on_error') }
    }
    case 'sink': {
      const plugin = pluginOf('sink', node, findings)
      return { kind: 'sink', ...common, plugin, retry: retry(), on_error: way('on_error') }
    }
  }
}

function gateRoutes(node: DraftNode, findings: Findings): Pick<GateNode, 'by' | 'routes' | 'otherwise'> {
  const { config } = node
  if (config.kind !== 'gate') throw broken(node, 'routes')
  const decision = must(findings.facts?.decision, node, 'a decision')
  const by =
    decision.kind === 'plugin' ? { kind: 'plugin' as const, plugin: pluginOf('gate', node, findings) } : decision
  const routes = new Map<string, PlanEdge>()
  let otherwise: PlanEdge | null = null
  for (const { label } of config.routes) {
    const edge = must(findings.way(label), node, `an edge ${label}`)
    // Cases choose their last one themselves; anywhere else `else` stands for all labels without a route.
    if (label === 'else' && decision.kind !== 'cases') otherwise = edge
    else routes.set(label, edge)
  }
  return { by, routes, otherwise }
}

function pluginOf<Kind extends PluginKind>(
  kind: Kind,
  node: DraftNode,
  { plugin }: Findings,
): PluginOf<Extract<PluginSpec, { kind: Kind }>> {
  const { spec, options, secrets } = must(plugin, node, 'a plugin')
  if (spec.kind !== kind) throw broken(node, `a ${kind} plugin`)
  return { spec: spec as Extract<PluginSpec, { kind: Kind }>, options, secrets }
}

function must<T>(value: T | null | undefined, node: DraftNode, what: string): T {
  if (value === null || value === undefined) throw broken(node, what)
  return value
}

const broken = (node: DraftNode, what: string) =>
  new CustodyError('CUSTODY_INTERNAL', `The plan of \`${node.name}\` has no ${what}, though nothing wrong was found.`)
