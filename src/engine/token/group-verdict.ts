/** What a coalesce group may come to: why it fails, and whether it can still merge. */
import type { CoalesceNode } from '../../plan/plan.ts'

export const MERGE_FAILURES = ['branch_lost', 'quorum_not_met', 'timeout', 'merge_conflict', 'select_missing'] as const
export type MergeFailure = (typeof MERGE_FAILURES)[number]

/** How a group ended: `closed` if every branch was lost, and none had arrived. */
export const GROUP_VERDICTS = ['merged', 'closed', ...MERGE_FAILURES] as const
export type GroupVerdict = (typeof GROUP_VERDICTS)[number]

/** Whether a group without a verdict may still merge; `lost`: positions in the coalesce's list. */
export function mayMerge({ branches, policy, merge }: CoalesceNode, lost: readonly number[]): boolean {
  if (lost.length === 0) return true
  if (merge.kind === 'select' && lost.includes(branches.indexOf(merge.branch))) return false
  switch (policy.kind) {
    case 'require_all':
      return false
    case 'quorum':
      return branches.length - lost.length >= policy.quorum
    case 'best_effort':
    case 'first':
      return lost.length < branches.length
  }
}
