/** Random pipelines run into a real ledger: material for the verifier. */
import { runPlan } from '../../src/engine/run.ts'
import { openLedger } from '../../src/ledger/open.ts'
import type { Plan, PlanNode } from '../../src/plan/plan.ts'
import { generateModel, type Shape } from '../simulation/generate.ts'
import type { Model } from '../simulation/model.ts'
import { Random } from '../simulation/random.ts'
import { World } from '../simulation/world.ts'
import { testPorts } from './ledger.ts'
import { VirtualClock } from './virtual-clock.ts'

export const simulatedRun = (seed: number): string => `01890000-0000-7000-8000-${`${seed}`.padStart(12, '0')}`

/**
 * Runs the model of a seed into the ledger at `url`, which is made if there is none; with `stop_after_us`, not to its end.
 */
export async function runSimulated(url: string, seed: number, shape: Shape, stop_after_us?: number): Promise<Model> {
  const random = new Random(seed)
  const model = generateModel(random, shape)
  const clock = new VirtualClock()
  const stop = new AbortController()
  if (stop_after_us !== undefined) clock.wake(stop_after_us, () => stop.abort())
  const plan = withTopology(new World(clock, new Random(seed + 1)).plan(model))
  const ledger = await openLedger(url, testPorts(`${seed}`), { create: true })
  const { error } = await clock.drive(
    runPlan({
      plan,
      run: simulatedRun(seed),
      ledger,
      clock,
      custody: 'simulated',
      limit: Number.POSITIVE_INFINITY,
      dry_run: false,
      signal: stop.signal,
    }),
  )
  await ledger.close()
  if (error !== null) throw error
  return model
}

/** With the branches that a compiled plan's topology has. */
function withTopology(plan: Plan): Plan {
  const nodes = plan.nodes.map(node => ({ name: node.name, kind: node.kind, ...joined(node) }))
  return { ...plan, topology: { nodes, edges: plan.topology.edges } }
}

function joined(node: PlanNode): { branches?: readonly string[]; policy?: string } {
  if (node.kind === 'fork') return { branches: node.branches.map(each => each.branch) }
  if (node.kind === 'coalesce') return { branches: node.branches, policy: node.policy.kind }
  return {}
}
