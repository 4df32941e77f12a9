/** By what a token left a node, as its visit is on record. */
import { VISIT_EXHAUSTED, type VisitFact } from '../../format/entry.ts'
import type { PlanNode } from '../../plan/plan.ts'
import { onRecord } from '../record/on-record.ts'
import type { Passage } from '../token/passage.ts'

/** `held_by`: the group that had held it there. */
export function passageOf(node: PlanNode, visit: VisitFact, held_by: number | null): Passage {
  if (visit.error === null) return { kind: node.kind === 'gate' ? 'gate' : 'flow', node: node.number }
  const { error } = visit
  switch (node.kind) {
    case 'source':
      return { kind: 'invalid', node: node.number, error }
    case 'sink':
      return { kind: 'error', node: node.number, cause: { kind: 'sink_rejected' }, error }
    case 'aggregate':
      return {
        kind: 'error',
        node: node.number,
        // One that no batch held met an error of its own: too many of them were open.
        cause:
          held_by === null && node.per !== null
            ? { kind: 'error' }
            : { kind: 'batch_failed', group: onRecord(held_by, `batch of token ${visit.token}`) },
        error,
      }
    default:
      return {
        kind: 'error',
        node: node.number,
        cause: { kind: visit.status === VISIT_EXHAUSTED ? 'retries_exhausted' : 'error' },
        error,
      }
  }
}
