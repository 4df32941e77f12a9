/** Another model, as somebody would change a pipeline, or get other data, to see what would have happened. */
import type { Model, NodeModel, SourceModel } from './model.ts'
import type { Random } from './random.ts'

export function variantOf(model: Model, random: Random): Model {
  return {
    ...model,
    sources: model.sources.map(each => (random.chance(0.3) ? withOtherValues(each, random) : each)),
    nodes: model.nodes.map(each => (random.chance(0.4) ? changed(each, random) : each)),
  }
}

function withOtherValues(source: SourceModel, random: Random): SourceModel {
  return { ...source, values: source.values.filter(() => random.chance(0.9)) }
}

function changed(node: NodeModel, random: Random): NodeModel {
  switch (node.kind) {
    case 'step':
      if (node.operation.op === 'count')
        return { ...node, operation: { ...node.operation, size: random.between(2, 9) } }
      return { ...node, operation: { op: 'filter', mod: random.between(2, 5) } }
    case 'gate':
      return { ...node, broken: random.between(3, 9) }
    case 'coalesce':
      return { ...node, policy: random.pick(['require_all', 'quorum', 'best_effort', 'first'] as const) }
    case 'aggregate':
      return random.chance(0.5) ? { ...node, count: random.below(5) } : { ...node, max_age_ms: random.between(1, 90) }
    case 'sort':
      return { ...node, keys: node.keys.toReversed() }
    case 'join':
      return { ...node, max_matches: random.between(1, 3) }
    case 'fork':
      return node
  }
}
