/** Runs whose splits one thread works on, one after the other, however many could. */
import { servicesOf } from '../../engine/calls/contexts.ts'
import type { SplitRequest } from '../../engine/split/split-session.ts'
import type { PlanNode } from '../../plan/plan.ts'

/**
 * Why, for people; null: any number can. Files that rows name are named by who knows all that the run writes, services are asked by who knows
 * all that the run has asked, and a run is replayed by who has the record of the one that it repeats.
 */
export function whyAlone({
  plan,
  known,
  recordings = null,
}: Pick<SplitRequest, 'plan' | 'known' | 'recordings'>): string | null {
  if (known.names_files) return 'rows name the files that they are written to'
  if (recordings !== null) return 'it is a replay'
  if (plan.nodes.some(sendsAlone)) return 'a sink must be the only one that has its file open'
  return plan.nodes.some(node => servicesOf(node).length > 0) ? 'nodes call services' : null
}

function sendsAlone(node: PlanNode): boolean {
  if (node.kind !== 'sink') return false
  const { spec, options } = node.plugin
  return spec.delivery === 'outbound' && spec.alone?.(options) === true
}
