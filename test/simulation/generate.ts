/** Random models: every node can be reached, nothing cycles, and any number of edges meet at a node. */
import type { GateNode, Model, NodeModel, Operation, SinkModel, SourceModel, StepNode, Target } from './model.ts'
import type { Random } from './random.ts'

/** An edge that still needs a target. */
type Loose = (target: Target) => void

type Draft<T> = { -readonly [K in keyof T]: T[K] }

export interface Shape {
  /** Whether steps may answer later. */
  readonly later: boolean
  readonly max_nodes: number
  readonly max_rows: number
}

export function generateModel(random: Random, shape: Shape): Model {
  const sinks: Draft<SinkModel>[] = Array.from({ length: random.between(1, 3) }, (_, i) => ({
    name: `sink${i}`,
    rejects: i > 0 && random.chance(0.3) ? random.between(2, 7) : 0,
    on_error: i > 0 && random.chance(0.5) ? `sink${i - 1}` : 'discard',
  }))
  const loose: Loose[] = []
  const sources: Draft<SourceModel>[] = Array.from({ length: random.between(1, 3) }, (_, i) => {
    const source: Draft<SourceModel> = {
      name: `source${i}`,
      to: 'discard',
      on_invalid: random.chance(0.5) ? 'discard' : 'sink0',
      values: generateValues(random, shape.max_rows),
    }
    loose.push(target => {
      source.to = target
    })
    return source
  })
  const nodes = Array.from({ length: random.between(0, shape.max_nodes) }, (_, i) =>
    generateNode(random, `node${i}`, shape, loose),
  )
  for (const connect of loose) connect(random.chance(0.15) ? 'discard' : random.pick(sinks).name)
  return { sources, nodes, sinks }
}

function generateValues(random: Random, max_rows: number): (number | null)[] {
  return Array.from({ length: random.between(0, max_rows) }, () => (random.chance(0.05) ? null : random.between(0, 60)))
}

/** Takes some loose edges as its own way in, and leaves new ones. */
function generateNode(random: Random, name: string, shape: Shape, loose: Loose[]): NodeModel {
  for (let taken = 0; taken < 3 && loose.length > 0 && (taken === 0 || random.chance(0.4)); taken++) {
    const [connect] = loose.splice(random.below(loose.length), 1)
    connect?.(name)
  }
  if (random.chance(0.35)) {
    const routes: Target[] = new Array(random.between(2, 3)).fill('discard')
    const gate: Draft<GateNode> = {
      kind: 'gate',
      name,
      mod: routes.length,
      broken: random.chance(0.2) ? random.between(3, 9) : 0,
      routes,
      on_error: 'discard',
    }
    for (const i of routes.keys())
      loose.push(target => {
        routes[i] = target
      })
    loose.push(target => {
      gate.on_error = target
    })
    return gate
  }
  const step: Draft<StepNode> = {
    kind: 'step',
    name,
    operation: generateOperation(random),
    later: shape.later && random.chance(0.6),
    attempts: random.between(1, 3),
    to: 'discard',
    on_error: 'discard',
  }
  loose.push(target => {
    step.to = target
  })
  loose.push(target => {
    step.on_error = target
  })
  return step
}

function generateOperation(random: Random): Operation {
  switch (random.below(8)) {
    case 0:
      return { op: 'same' }
    case 1:
      return { op: 'add', by: random.between(1, 9) }
    case 2:
      return { op: 'set', name: random.pick(['a', 'b', 'c']), by: random.between(1, 9) }
    case 3:
      return { op: 'drop', name: random.pick(['a', 'b', 'c']) }
    case 4:
      return { op: 'expand', size: random.between(2, 4) }
    case 5:
      return { op: 'filter', mod: random.between(2, 6) }
    case 6:
      return { op: 'fail', mod: random.between(2, 6) }
    default:
      return { op: 'flaky', times: random.between(2, 4) }
  }
}
