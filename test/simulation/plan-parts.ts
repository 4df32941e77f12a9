/** Parts of the plan of a simulated pipeline that need nothing but its model. */
import { compileExpression, type Expression } from '../../src/expression/expression.ts'
import type { TopologyNode } from '../../src/format/topology.ts'
import type { CoalesceNode, Plan, PlanNode } from '../../src/plan/plan.ts'
import type { CoalesceModel, Model } from './model.ts'

/** What the topology has of a node beside its name and kind. */
export function topologyOf(node: PlanNode): Partial<TopologyNode> {
  if (node.kind === 'fork') return { branches: node.branches.map(each => each.branch) }
  if (node.kind === 'coalesce') return { branches: node.branches, policy: node.policy.kind }
  if (node.kind === 'aggregate') return node.per === null ? {} : { per: node.per.fields, ...byValue(node.per) }
  if (node.kind === 'join') return { keys: node.keys, ...byValue(node) }
  if (node.kind === 'transform') return node.plugin.spec.ordered === true ? { ordered: true } : {}
  return node.kind === 'sort' ? { sort: node.keys } : {}
}

const byValue = ({ by_value }: { readonly by_value: readonly number[] }) => (by_value.length === 0 ? {} : { by_value })

export function servicesOf(model: Model, name: string): { services?: readonly string[] } {
  if (model.sinks.some(sink => sink.name === name && sink.sends === true)) return { services: [name] }
  const node = model.nodes.find(each => each.name === name)
  return node !== undefined && 'asks' in node && node.asks !== undefined ? { services: [node.asks.service] } : {}
}

export function limitsOf({ limits }: Model): Plan['limits']['services'] {
  const services = Object.entries(limits?.services ?? {})
  return new Map(
    services.map(([name, { concurrency = null, per_minute = null, give_up_after_ms, max_wait_ms = null }]) => [
      name,
      {
        ...{ concurrency, per_minute, max_wait_ms },
        breaker: give_up_after_ms === undefined ? null : { failures: 1, give_up_after_ms },
      },
    ]),
  )
}

export function olderThan(seconds: number): Expression {
  const compiled = compileExpression(`batch.age_seconds >= double(${seconds})`, { over: 'batch' })
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  return compiled.expression
}

/** Where a model has no timeout it is so long that none ever comes. */
export function policyOf(node: CoalesceModel): CoalesceNode['policy'] {
  const timeout_ms = node.timeout_ms ?? null
  switch (node.policy) {
    case 'require_all':
      return { kind: 'require_all', timeout_ms }
    case 'quorum':
      return { kind: 'quorum', quorum: node.quorum, timeout_ms, decide: node.complete === true ? 'complete' : 'early' }
    case 'best_effort':
      return { kind: 'best_effort', timeout_ms: timeout_ms ?? 1e9 }
    case 'first':
      return { kind: 'first' }
  }
}

export function mergeOf(node: CoalesceModel): CoalesceNode['merge'] {
  switch (node.merge) {
    case 'union':
      return { kind: 'union', on_conflict: node.on_conflict }
    case 'nested':
      return { kind: 'nested' }
    case 'select':
      return { kind: 'select', branch: node.branches[0] as string }
  }
}
