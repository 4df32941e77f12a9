/** Runs whose splits one thread works on, one after the other, however many could. */
import { callsServices } from '../../engine/split/split-calls.ts'
import type { SplitRequest } from '../../engine/split/split-session.ts'
import type { PlanNode } from '../../plan/plan.ts'

type Asked = Pick<SplitRequest, 'plan' | 'known' | 'recordings'>

/**
 * Why one thread does, for people; null: any number can. Files that rows name are named by who knows all that the run writes, and a run is replayed by who
 * has the record of the one that it repeats.
 */
export function whyAlone(of: Asked): string | null {
  const { nodes } = of.plan
  if (nodes.some(sendsAlone)) return 'a sink must be the only one that has its file open'
  return whyInOneProcess(of)
}

/**
 * Why one process does, however many machines offer to: they share what the run may ask of services, but not with runs of one of them; and what a sink
 * has sent one process knows.
 */
export function whyNotElsewhere(of: Asked): string | null {
  const { limits, nodes } = of.plan
  if (nodes.some(sends)) return 'a sink sends what it is given'
  const shares = limits.file !== null && callsServices(of.plan)
  return whyInOneProcess(of) ?? (shares ? '`limits.file` is shared by runs on one machine' : null)
}

function whyInOneProcess({ known, recordings = null }: Asked): string | null {
  if (known.names_files) return 'rows name the files that they are written to'
  return recordings === null ? null : 'it is a replay'
}

const sends = (node: PlanNode) => node.kind === 'sink' && node.plugin.spec.delivery === 'outbound'

function sendsAlone(node: PlanNode): boolean {
  if (node.kind !== 'sink') return false
  const { spec, options } = node.plugin
  return spec.delivery === 'outbound' && spec.alone?.(options) === true
}
