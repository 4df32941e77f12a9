/**
 * What a token carries of the forks it is inside, and the groups that wait for it.
 *
 * F1. A fork group and its joins live as long as a token carries a frame of it, and no longer: late arrivals are
 *     recognised exactly, with memory bounded by what is in flight (I12).
 * F2. Frames are never changed; a coalesce goes back to what was outside its fork.
 */

import type { Row } from '../model/row.ts'
import type { CoalesceNode } from '../plan/plan.ts'
import type { MergeFailure } from './decide/coalesce.ts'
import type { Place } from './line.ts'
import type { Token } from './token.ts'

const NONE: readonly never[] = []

export interface Frame {
  readonly fork: ForkGroup
  /** Ordinal of the branch within its fork. */
  readonly branch: number
  readonly outer: Frame | null
}

export interface ForkGroup {
  readonly group: number
  /** The fork's node. */
  readonly node: number
  /** The parent as it entered the fork. */
  readonly row: Row
  /** How the parent came to be (model/lineage.ts). */
  readonly path: string
  /** Its value's number; 0 where it needn't be known any more. */
  readonly value: number
  /** One for each coalesce that joins its branches, as soon as something has happened there. */
  joins: readonly Join[]
}

export interface Waiting {
  readonly token: Token
  /** Position of its branch in the coalesce's list. */
  readonly branch: number
  readonly started_us: number
}

/**
 * One group at one coalesce. There may be very many of them, which is why lists are replaced instead of added to: a list that
 * grows keeps room for sixteen.
 */
export interface Join {
  readonly node: CoalesceNode
  readonly fork: ForkGroup
  /** What the frame of its branches had outside. */
  readonly outer: Frame | null
  /** 0 until the first arrival. */
  group: number
  /** In order of arrival. */
  arrived: readonly Waiting[]
  /** Positions in the coalesce's list of branches that can't arrive any more. */
  lost: readonly number[]
  /** null while it waits. */
  verdict: 'merged' | 'closed' | MergeFailure | null
  callOffTimeout: (() => void) | null
  /**
   * While it waits: where in the line carriers of a branch were lost, the last of them, by the branch's position in the
   * coalesce's list. null while there are none.
   */
  traces: Map<number, Place> | null
}

/** What stands in the line where a carrier of a branch was lost, for a group that waits on. */
export interface Trace {
  readonly join: Join
  readonly branch: number
}

/** Where in the line those branches were lost that are. */
export function tracesOfLost({ traces, lost }: Join): Place[] {
  if (traces === null) return []
  return [...traces].flatMap(([branch, place]) => (lost.includes(branch) ? [place] : []))
}

/** The frame of `fork` that a token carries, however deep. */
export function frameOf(frames: Frame | null, fork_node: number): Frame | null {
  let at = frames
  while (at !== null && at.fork.node !== fork_node) at = at.outer
  return at
}

/** Whether a token carries this very branch of this very group. */
export function carries(frames: Frame | null, fork: ForkGroup, branch: number): boolean {
  for (let at = frames; at !== null; at = at.outer) if (at.fork === fork) return at.branch === branch
  return false
}

export function joinAt({ joins }: ForkGroup, node: CoalesceNode): Join | undefined {
  return joins.find(join => join.node === node)
}

export function joinOf(frame: Frame, node: CoalesceNode): Join {
  const known = joinAt(frame.fork, node)
  if (known !== undefined) return known
  const join: Join = {
    node,
    fork: frame.fork,
    outer: frame.outer,
    group: 0,
    arrived: NONE,
    lost: NONE,
    verdict: null,
    callOffTimeout: null,
    traces: null,
  }
  frame.fork.joins = [...frame.fork.joins, join]
  return join
}
