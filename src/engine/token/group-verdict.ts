/** What a coalesce group may come to: why it fails, and whether it can still merge. */
import type { CoalesceNode } from '../../plan/plan.ts'

export type MergeFailure = 'branch_lost' | 'quorum_not_met' | 'timeout' | 'merge_conflict' | 'select_missing'

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
