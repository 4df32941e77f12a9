/**
 * The verdict on a coalesce group: a pure function from what has arrived to what happens.
 *
 * VERDICT-1. A verdict is final: a group that has one never gets another.
 * VERDICT-2. A branch counts once, as arrived or as lost, never as both.
 * VERDICT-3. A group that failed because its time was up has the verdict `timeout`, whatever its members end with: who comes later
 *     is late, and not lost with it.
 */
import type { CoalesceNode } from '../../../plan/plan.ts'
import type { MergeFailure } from '../../token/group-verdict.ts'

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

/** A group, branch by branch: positions in the coalesce's list. */
export interface GroupMembers {
  readonly expected: number
  readonly arrived: readonly number[]
  readonly lost: readonly number[]
}

/** What another run has on record of a group; members as positions. */
export interface GroupOnRecord {
  readonly verdict: string
  /** It would have waited for more, had its time not been up. */
  readonly timed_out: boolean
  readonly members: readonly number[]
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
    case 'quorum': {
      const waits = policy.decide === 'complete' && arrived + lost < expected
      if (waits && !timed_out) return WAIT
      if (arrived >= policy.quorum) return MERGE
      if (!waits && expected - lost < policy.quorum) return { kind: 'fail', verdict: 'quorum_not_met' }
      return timed_out ? { kind: 'fail', verdict: 'timeout' } : WAIT
    }
    case 'best_effort':
      return timed_out || arrived + lost === expected ? MERGE : WAIT
    case 'first':
      return arrived > 0 ? MERGE : WAIT
  }
}

/**
 * The verdict in a replay, as long as the record fits: a group that closed because its time was up closes when all have come that had
 * come then, whoever is lost meanwhile, and time closes no other. null if it doesn't fit: other branches came, or one is lost.
 */
export function verdictOnRecord(
  policy: CoalesceNode['policy'],
  { expected, arrived, lost }: GroupMembers,
  record: GroupOnRecord,
): Verdict | null {
  const { members, verdict } = record
  const state = { expected, arrived: arrived.length, lost: lost.length, timed_out: false }
  // Whoever came before or after the loss, the group fails by it.
  if (verdict === 'branch_lost' || verdict === 'quorum_not_met') return verdictOn(policy, state)
  if (arrived.some(each => !members.includes(each)) || members.some(each => lost.includes(each))) return null
  if (!record.timed_out) return verdictOn(policy, state)
  return verdictOn(policy, { ...state, lost: 0, timed_out: arrived.length === members.length })
}

/** Whether a group that has a verdict would still wait, had its time not been up. */
export function isByTime(policy: CoalesceNode['policy'], group: GroupState): boolean {
  return group.timed_out && verdictOn(policy, { ...group, timed_out: false }).kind === 'wait'
}
