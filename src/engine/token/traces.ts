/** Places in the order of things that no token holds, for a branch of a group that waits. */
import type { NodeNumber } from '../../model/ids.ts'
import { type CoalesceGroup, type Frame, isShared } from './fork-frames.ts'
import type { Place } from './place.ts'

export interface Trace {
  readonly group: CoalesceGroup
  /** Position in the coalesce's list. */
  readonly branch: number
  readonly kind: TraceKind
}

/**
 * `end`: where the branch's carrier was lost; if there are forks inside the branch, from the fork on the end of all that comes from it.
 * `after`: where its carrier goes on if the group fails; from the fork on, behind all that comes from the fork.
 * `late`: where it was lost long after that, before all was done that comes before.
 */
export type TraceKind = 'end' | 'after' | 'late'

const KINDS: readonly TraceKind[] = ['end', 'after', 'late']

/** A branch that nobody carries any more: until it counts as lost it is as if a carrier stood at the coalesce. */
export interface LateLoss extends Trace {
  readonly frames: Frame
  readonly node: NodeNumber
}

/** By what its group, and commits, know a trace. */
export function numberOf({ group, branch, kind }: Trace): number {
  return KINDS.indexOf(kind) * group.node.branches.length + branch
}

export function traceOf(group: CoalesceGroup, number: number): Trace {
  const { length } = group.node.branches
  return { group, branch: number % length, kind: KINDS[Math.floor(number / length)] ?? 'end' }
}

/** null if it isn't in the order list. */
export function placeOf(trace: Trace): Place | null {
  return trace.group.traces?.get(numberOf(trace)) ?? null
}

/** Where in the order list those branches were lost that are. */
export function endsOfLost(group: CoalesceGroup): Place[] {
  return group.lost.flatMap(branch => placeOf({ group, branch, kind: 'end' }) ?? [])
}

/** Whether something may still come to the place of a trace. */
export function isAwaited({ group, branch, kind }: Trace): boolean {
  const { verdict, arrived, lost } = group
  const has_arrived = arrived.some(each => each.branch === branch)
  switch (kind) {
    case 'end':
      return verdict === null && !has_arrived
    case 'after':
      return (verdict === null || (isShared(verdict) && !has_arrived)) && !lost.includes(branch)
    case 'late':
      return true
  }
}
