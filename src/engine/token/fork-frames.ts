/**
 * What a token carries of the forks it is inside, and the groups that wait for it.
 *
 * FORK-FRAMES-1. A fork group and its groups at coalesces live as long as a token carries a frame of it, and no longer: late arrivals are
 *     recognised exactly, with memory bounded by what is in flight (I12).
 * FORK-FRAMES-2. Frames are never changed; a coalesce goes back to what was outside its fork.
 */

import type { BirthFact } from '../../format/entry.ts'
import { DISCARD } from '../../format/topology.ts'
import type { GroupId, NodeNumber, ValueNumber } from '../../model/ids.ts'
import type { Row } from '../../model/row.ts'
import type { CoalesceNode } from '../../plan/plan.ts'
import { type GroupVerdict, type MergeFailure, mayMerge } from './group-verdict.ts'
import type { Place } from './place.ts'
import type { Subject, Token } from './token.ts'
import type { LateLoss, Trace } from './traces.ts'

const NONE: readonly never[] = []

export interface Frame {
  readonly fork: ForkGroup
  /** Ordinal of the branch within its fork. */
  readonly branch: number
  readonly outer: Frame | null
}

export interface ForkGroup {
  readonly subject: Subject
  readonly group: GroupId
  /** The fork's node. */
  readonly node: NodeNumber
  /** The parent as it entered the fork. */
  readonly row: Row
  /** How the parent came to be (format/lineage.ts). */
  readonly path: string
  /** Its value's number. */
  readonly value: ValueNumber
  /** One for each coalesce that joins its branches, as soon as something has happened there. */
  groups: readonly CoalesceGroup[]
  /** Open tokens that carry a frame of it, and late losses that count as such. */
  carriers: ReadonlyArray<Token | LateLoss>
}

/** Of what a token is born, and into which forks. */
export interface Born extends Pick<BirthFact, 'group' | 'ordinal' | 'parents'> {
  readonly frames: Frame | null
  readonly path: string
}

export interface Waiting {
  readonly token: Token
  /** Position of its branch in the coalesce's list. */
  readonly branch: number
  readonly started_us: number
}

/** All of `members` fail together; `message` is content. */
export interface MembersFailed {
  readonly kind: 'fail'
  readonly group: CoalesceGroup
  readonly members: readonly Waiting[]
  readonly cause: MergeFailure | 'late_arrival'
  readonly message: string
  /** That branches wrote differently. */
  readonly field?: string
  /** Whether the group closes by this; false for tokens that come after its verdict. */
  readonly closes: boolean
}

/**
 * One group at one coalesce. There may be very many of them, which is why lists are replaced instead of added to: a list that
 * grows keeps room for sixteen.
 */
export interface CoalesceGroup {
  readonly node: CoalesceNode
  readonly fork: ForkGroup
  /** What the frame of its branches had outside. */
  readonly outer: Frame | null
  /** null until the first arrival. */
  number: GroupId | null
  /** In order of arrival. */
  arrived: readonly Waiting[]
  /** Positions in the coalesce's list of branches that can't arrive any more. */
  lost: readonly number[]
  /** null while it waits. */
  verdict: GroupVerdict | null
  /** It has its verdict because its time was up. */
  timed_out: boolean
  callOffTimeout: (() => void) | null
  /** Where in the order list its traces stand, by their numbers (traces.ts). null while there are none. */
  traces: Map<number, Place> | null
}

/** What goes on next, the first on top: tokens, and traces that are still to come to their places. */
export type Stack = (Token | Trace)[]

/** Whether members of groups of this coalesce that failed are written to a sink. */
export function isWritten({ on_error }: CoalesceNode): boolean {
  return on_error !== null && on_error.to !== DISCARD
}

/** Whether who comes after the verdict ends with it, too. */
export function isShared(verdict: GroupVerdict): verdict is Exclude<MergeFailure, 'timeout'> {
  return verdict !== 'merged' && verdict !== 'closed' && verdict !== 'timeout'
}

/** Whether what comes to the group can't merge there any more: it came too late, or the group has failed or must. */
export function isDead({ node, lost, verdict }: CoalesceGroup): boolean {
  return verdict !== null || !mayMerge(node, lost)
}

const NO_NODES: readonly NodeNumber[] = []

/** Coalesces that wait for this token, or did, and can't merge it any more. */
export function deadFor(frames: Frame | null): readonly NodeNumber[] {
  let dead = NO_NODES
  for (let at = frames; at !== null; at = at.outer)
    for (const group of at.fork.groups) if (isDead(group)) dead = [...dead, group.node.number]
  return dead
}

/** Where something stands, and what it carries. */
export type Carrier = Pick<Token, 'node' | 'frames'>

/** An open token carries its frames. */
export function carry(token: Token | LateLoss): void {
  for (let at = token.frames; at !== null; at = at.outer) at.fork.carriers = [...at.fork.carriers, token]
}

/** The token has ended, or the late loss counts. */
export function drop(token: Token | LateLoss): void {
  for (let at = token.frames; at !== null; at = at.outer)
    at.fork.carriers = at.fork.carriers.filter(each => each !== token)
}

/** The frame of `fork` that a token carries, however deep. */
export function frameOf(frames: Frame | null, fork_node: NodeNumber): Frame | null {
  let at = frames
  while (at !== null && at.fork.node !== fork_node) at = at.outer
  return at
}

/** Whether a token carries this very branch of this very group. */
export function carries(frames: Frame | null, fork: ForkGroup, branch: number): boolean {
  for (let at = frames; at !== null; at = at.outer) if (at.fork === fork) return at.branch === branch
  return false
}

export function groupAt({ groups }: ForkGroup, node: CoalesceNode): CoalesceGroup | undefined {
  return groups.find(group => group.node === node)
}

export function groupOf(frame: Frame, node: CoalesceNode): CoalesceGroup {
  const known = groupAt(frame.fork, node)
  if (known !== undefined) return known
  const group: CoalesceGroup = {
    node,
    fork: frame.fork,
    outer: frame.outer,
    number: null,
    arrived: NONE,
    lost: NONE,
    verdict: null,
    timed_out: false,
    callOffTimeout: null,
    traces: null,
  }
  frame.fork.groups = [...frame.fork.groups, group]
  return group
}
