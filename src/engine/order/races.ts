/** Where time decides: who comes first, or how long something takes. There I7 says nothing, and a replay follows its record. */
import type { NodeNumber } from '../../model/ids.ts'
import type { Plan, PlanNode } from '../../plan/plan.ts'
import { takesInOrder } from './turn-gate.ts'

/**
 * Numbers of such nodes, of the coalesces and of what takes tokens in order behind them, where order shows it, and of aggregates that
 * lead there: what comes from a batch is known from when it begins.
 */
export function racesOf(
  { nodes }: Pick<Plan, 'nodes'>,
  reaches: (node: NodeNumber, target: NodeNumber) => boolean,
): ReadonlySet<NodeNumber> {
  const begins = nodes.filter(isRace)
  const takes = nodes.filter(node => node.kind === 'coalesce' || takesInOrder(node))
  const shows = takes.filter(({ number }) => begins.some(each => reaches(each.number, number)))
  const leads = takes.filter(
    ({ kind, number }) => kind === 'aggregate' && shows.some(each => reaches(number, each.number)),
  )
  return new Set([...shows, ...leads].map(({ number }) => number))
}

function isRace(node: PlanNode): boolean {
  if (node.kind === 'aggregate') return node.trigger.max_age_ms !== null || node.trigger.when !== null
  if (node.kind !== 'coalesce') return false
  const { policy, branches } = node
  switch (policy.kind) {
    case 'first':
    case 'best_effort':
      return true
    case 'quorum':
      return policy.timeout_ms !== null || (policy.decide === 'early' && policy.quorum < branches.length)
    case 'require_all':
      return policy.timeout_ms !== null
  }
}
