/**
 * The verdict on a coalesce group: a pure function from what has arrived to what happens.
 *
 * V1. A verdict is final: a group that has one never gets another.
 * V2. A branch counts once, as arrived or as lost, never as both.
 * V3. A group that failed because its time was up has the verdict `timeout`, whatever its members end with: who comes later
 *     is late, and not lost with it.
 */
import type { CoalesceNode } from '../../plan/plan.ts'

export type MergeFailure = 'branch_lost' | 'quorum_not_met' | 'timeout' | 'merge_conflict' | 'select_missing'

export type Verdict =
  | { readonly kind: 'wait' }
  | { readonly kind: 'merge' }
  /** Every branch is lost, and none had arrived: nothing is left to happen. */
  | { readonly kind: 'close' }
  | { readonly kind: 'fail'; readonly verdict: MergeFailure }

/** The cause with which members of a group that failed end: a quorum whose time was up was not met. */
export function causeOf(policy: CoalesceNode['policy'], verdict: MergeFailure): MergeFailure {
  return policy.kind === 'quorum' && verdict === 'timeout' ? 'quorum_not_met' : verdict
}

export interface GroupState {
  /** Branches that the coalesce expects. */
  readonly expected: number
  readonly arrived: number
  readonly lost: number
  readonly timed_out: boolean
}

const WAIT: Verdict = { kind: 'wait' }
const MERGE: Verdict = { kind: 'merge' }
const CLOSE: Verdict = { kind: 'close' }

export function verdictOn(policy: CoalesceNode['policy'], group: GroupState): Verdict {
  const { expected, arrived, lost, timed_out } = group
  if (arrived === 0 && lost === expected) return CLOSE
  switch (policy.kind) {
    case 'require_all':
      if (arrived === expected) return MERGE
      if (lost > 0) return { kind: 'fail', verdict: 'branch_lost' }
      return timed_out ? { kind: 'fail', verdict: 'timeout' } : WAIT
    case 'quorum':
      if (arrived >= policy.quorum) return MERGE
      if (expected - lost < policy.quorum) return { kind: 'fail', verdict: 'quorum_not_met' }
      return timed_out ? { kind: 'fail', verdict: 'timeout' } : WAIT
    case 'best_effort':
      return timed_out || arrived + lost === expected ? MERGE : WAIT
    case 'first':
      return arrived > 0 ? MERGE : WAIT
  }
}
