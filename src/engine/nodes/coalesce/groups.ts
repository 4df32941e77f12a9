/**
 * Coalesces: who waits for whom, and what follows from it. Changes only its own groups, and returns what is to be recorded.
 *
 * GROUPS-1. A verdict is acted upon once, in the transition that made it.
 * GROUPS-2. A branch is lost as soon as no token that carries its frame can still reach the coalesce. What can come there only through a
 *     group inside that can't merge any more can't reach it.
 * GROUPS-3. (I7) A branch that is lost late counts as carried until all is done that comes before (late-losses.ts).
 * GROUPS-4. In a replay groups are closed as on record, as long as it fits.
 */

import type { RecordedGroup } from '../../../format/recording.ts'
import { MAX_ROW_DEPTH } from '../../../model/canonical.ts'
import { CustodyError } from '../../../model/error.ts'
import type { NodeNumber } from '../../../model/ids.ts'
import type { Json } from '../../../model/row.ts'
import type { CoalesceNode, ForkNode, Plan, PlanNode } from '../../../plan/plan.ts'
import type { Reaches } from '../../order/reachability.ts'
import {
  type Carrier,
  type CoalesceGroup,
  carries,
  type ForkGroup,
  type Frame,
  frameOf,
  groupAt,
  groupOf,
  isDead,
  isShared,
  isWritten,
  type MembersFailed,
  type Waiting,
} from '../../token/fork-frames.ts'
import type { MergeFailure } from '../../token/group-verdict.ts'
import type { Place } from '../../token/place.ts'
import type { Token } from '../../token/token.ts'
import { placeOf, type Trace } from '../../token/traces.ts'
import { type Merged, mergeBranches } from './merge.ts'
import { causeOf, isByTime, type Verdict, verdictOn, verdictOnRecord } from './verdict.ts'

/** What follows from an arrival, a loss or a timeout. */
export type GroupEffect =
  /** A branch is lost, before the group has a verdict. `has_trace`: of where that is. */
  | { readonly kind: 'lose'; readonly group: CoalesceGroup; readonly branch: number; readonly has_trace: boolean }
  /** A branch is lost late, and what comes before may come to the group: it counts as carried until then. */
  | { readonly kind: 'wait'; readonly group: CoalesceGroup; readonly branch: number }
  /** The group had failed, and now a branch is lost. */
  | { readonly kind: 'lose_after_verdict'; readonly group: CoalesceGroup }
  /** Every branch is lost: nothing is left to wait for. */
  | { readonly kind: 'close'; readonly group: CoalesceGroup }
  /** The token that arrived has to wait. */
  | { readonly kind: 'hold'; readonly group: CoalesceGroup; readonly arrival: Waiting }
  | {
      readonly kind: 'merge'
      readonly group: CoalesceGroup
      readonly members: readonly Waiting[]
      readonly merged: Extract<Merged, { kind: 'row' }>
    }
  | MembersFailed

/** Whether it can still come to a node (or stands there). */
export type CanReach = (carrier: Carrier, node: NodeNumber) => boolean

/** Whether the loss of a branch that a batch had kept has to wait for what comes before. */
type Waits = (group: CoalesceGroup, branch: number) => boolean

/** Kinds of nodes that may keep tokens until much else has passed. */
const KEEPING: ReadonlySet<PlanNode['kind']> = new Set(['aggregate', 'join', 'sort'])

interface Expecting {
  readonly node: CoalesceNode
  /** By ordinal of the fork's branches: position in the coalesce's list, or −1. */
  readonly position: readonly number[]
  /** By ordinal: whether a fork inside the branch lies on a way to the coalesce. */
  readonly nested: readonly boolean[]
  /** Whether a batch, a join or a sort may keep a token that is on its way there. */
  readonly batched: boolean
}

/** What the run that is replayed has on record of a group of a subject; null if nothing. */
export interface GroupRecords {
  groupOf(group: CoalesceGroup): RecordedGroup | null
}

export class CoalesceGroups {
  readonly #by_fork = new Map<NodeNumber, Expecting[]>()
  readonly #reaches: Reaches
  readonly #canReach: CanReach
  readonly #records: GroupRecords | null

  constructor(plan: Plan, reaches: Reaches, canReach: CanReach, records: GroupRecords | null = null) {
    this.#reaches = reaches
    this.#canReach = canReach
    this.#records = records
    const forks = plan.nodes.filter(node => node.kind === 'fork')
    for (const node of plan.nodes) {
      if (node.kind !== 'coalesce') continue
      const fork = forks.find(({ number }) => number === node.fork)
      if (fork === undefined) throw new TypeError(`coalesce ${node.name} has no fork`)
      const position = fork.branches.map(({ branch }) => node.branches.indexOf(branch))
      const nested = fork.branches.map(({ edge }) =>
        forks.some(({ number }) => reaches(edge.to, number) && reaches(number, node.number)),
      )
      const batched = plan.nodes.some(
        ({ kind, number }) => KEEPING.has(kind) && reaches(fork.number, number) && reaches(number, node.number),
      )
      const known = this.#by_fork.get(fork.number)
      if (known === undefined) this.#by_fork.set(fork.number, [{ node, position, nested, batched }])
      else known.push({ node, position, nested, batched })
    }
  }

  /** Whether children of a fork have anything behind them. */
  hasTraces({ number }: ForkNode): boolean {
    return this.#by_fork.get(number)?.some(({ node, nested }) => isWritten(node) || nested.includes(true)) ?? false
  }

  /** What has its place behind all that comes from `child`, which a fork has just made; `last`: of its children. */
  *tracesBehind(child: Token, last: boolean): Iterable<Trace> {
    const frame = child.frames
    if (frame === null) throw new TypeError(`token ${child.id} was born of no fork`)
    for (const { node, position, nested } of this.#by_fork.get(frame.fork.node) ?? []) {
      const branch = position[frame.branch] ?? -1
      if (branch !== -1 && nested[frame.branch] === true) yield { group: groupOf(frame, node), branch, kind: 'end' }
    }
    if (!last) return
    for (const { node, position } of this.#by_fork.get(frame.fork.node) ?? [])
      if (isWritten(node))
        for (const branch of position) if (branch !== -1) yield { group: groupOf(frame, node), branch, kind: 'after' }
  }

  /** A token has come to a coalesce. @throws CustodyError CUSTODY_ENGINE_DEFECT if it can't belong there, or came before. */
  arrive(token: Token, node: CoalesceNode, started_us: number): GroupEffect {
    const frame = frameOf(token.frames, node.fork)
    const branch = frame === null ? -1 : this.#position(node, frame.branch)
    if (frame === null || branch === -1) throw misplaced(node, `token ${token.id} carries none of the branches of`)
    const group = groupOf(frame, node)
    const arrival: Waiting = { token, branch, started_us }
    if (group.arrived.some(each => each.branch === branch))
      throw misplaced(node, `branch \`${node.branches[branch]}\` has come twice to`)
    group.arrived = [...group.arrived, arrival]
    if (group.verdict !== null) return late(group, arrival)
    return this.#decide(group, false) ?? { kind: 'hold', group, arrival }
  }

  /** The timeout of a group has come. */
  timeOut(group: CoalesceGroup): GroupEffect | null {
    return group.verdict === null ? this.#decide(group, true) : null
  }

  /**
   * A token that carried `frame` has left node `from`, or ended; or what was lost late counts now, and there is none. For which groups
   * of that fork it is lost, and what follows; `waits`: whether that is to wait.
   */
  *losses(frame: Frame, token: Token | null, from: NodeNumber, waits: Waits): Iterable<GroupEffect> {
    for (const expecting of this.#by_fork.get(frame.fork.node) ?? [])
      if (this.#concerns(frame.fork, expecting.node, token, from)) yield* this.#lost(frame, expecting, waits)
  }

  /** Whether there may be such groups. Mostly a token has only come nearer, or its group has merged. */
  mayLose({ fork }: Frame, token: Token | null, from: NodeNumber): boolean {
    const expecting = this.#by_fork.get(fork.node)
    return expecting?.some(({ node }) => this.#concerns(fork, node, token, from)) ?? false
  }

  #concerns(fork: ForkGroup, node: CoalesceNode, token: Token | null, from: NodeNumber): boolean {
    if (!this.#reaches(from, node.number)) return false
    // Of those with a verdict only who writes the rows of members that failed needs to know.
    const verdict = groupAt(fork, node)?.verdict ?? null
    if (verdict !== null && (!isShared(verdict) || !isWritten(node))) return false
    return token === null || token.ended || !this.#canReach(token, node.number)
  }

  /** What carriers of a branch carry. */
  frameOf(group: CoalesceGroup, branch: number): Frame {
    const { fork, outer, node } = group
    return { fork, branch: this.#expecting(node)?.position.indexOf(branch) ?? -1, outer }
  }

  /** Where in the order list that ends which comes from a branch, and of those outside, and of their forks. */
  endsOf(group: CoalesceGroup, branch: number): readonly Place[] {
    const ends: (Place | null)[] = []
    for (let frame: Frame | null = this.frameOf(group, branch); frame !== null; frame = frame.outer)
      for (const { node, position } of this.#by_fork.get(frame.fork.node) ?? []) {
        const at = groupAt(frame.fork, node)
        const own = position[frame.branch] ?? -1
        // Where it was lost before says nothing of where that ends.
        if (at === undefined || own === -1 || at.lost.includes(own)) continue
        ends.push(placeOf({ group: at, branch: own, kind: 'end' }), placeOf({ group: at, branch: own, kind: 'after' }))
      }
    return ends.filter(end => end !== null)
  }

  /** Branches as positions in the coalesce's list, in the order of the fork. */
  inOrder(node: CoalesceNode): readonly number[] {
    return this.#expecting(node)?.position.filter(branch => branch !== -1) ?? []
  }

  /** Branches that are lost, and whose end a trace marks. */
  lostWithTraces({ node, lost }: CoalesceGroup): readonly number[] {
    const expecting = lost.length === 0 ? undefined : this.#expecting(node)
    if (expecting === undefined) return lost
    const { position, nested } = expecting
    return lost.filter(branch => nested[position.indexOf(branch)])
  }

  /** What follows if no carrier of a branch can reach the coalesce any more. */
  *#lost(frame: Frame, expecting: Expecting, waits: Waits): Iterable<GroupEffect> {
    const { node, position, nested, batched } = expecting
    const { fork, branch: ordinal } = frame
    const branch = position[ordinal] ?? -1
    if (branch === -1) return
    const known = groupAt(fork, node)
    if (known?.arrived.some(each => each.branch === branch) || known?.lost.includes(branch)) return
    if (this.#isCarried(fork, ordinal, node)) return
    const group = known ?? groupOf(frame, node)
    if (batched && group.verdict === null && waits(group, branch)) return yield { kind: 'wait', group, branch }
    addLost(group, branch)
    if (group.verdict !== null) return yield { kind: 'lose_after_verdict', group }
    yield this.#decide(group, false) ?? { kind: 'lose', group, branch, has_trace: nested[ordinal] === true }
  }

  #isCarried(fork: ForkGroup, ordinal: number, node: CoalesceNode): boolean {
    return fork.carriers.some(each => carries(each.frames, fork, ordinal) && this.#canReach(each, node.number))
  }

  /**
   * Recomputes which branches are lost for the groups of forks that a restored subject has under way, and the verdicts that
   * no token was there to record. Those inside decide about those outside.
   */
  restore(carriers: Iterable<Carrier>): void {
    for (let again = true; again; ) {
      again = false
      for (const { frames } of carriers)
        for (let frame = frames; frame !== null; frame = frame.outer)
          for (const { node, position } of this.#by_fork.get(frame.fork.node) ?? []) {
            const group = groupOf(frame, node)
            const was_dead = isDead(group)
            this.#addLost(group, position)
            const verdict = group.verdict === null ? this.#verdictOn(group, false).verdict : null
            if (verdict?.kind === 'fail') group.verdict = verdict.verdict
            again ||= isDead(group) !== was_dead
          }
    }
  }

  #addLost(group: CoalesceGroup, position: readonly number[]): void {
    for (const [ordinal, branch] of position.entries()) {
      if (branch === -1 || group.arrived.some(each => each.branch === branch)) continue
      if (!this.#isCarried(group.fork, ordinal, group.node)) addLost(group, branch)
    }
  }

  #position(node: CoalesceNode, ordinal: number): number {
    return this.#expecting(node)?.position[ordinal] ?? -1
  }

  #expecting(node: CoalesceNode): Expecting | undefined {
    return this.#by_fork.get(node.fork)?.find(each => each.node === node)
  }

  #verdictOn(group: CoalesceGroup, timed_out: boolean): { readonly verdict: Verdict; readonly by_time: boolean } {
    const { node, arrived, lost } = group
    const { policy, branches } = node
    const recorded = this.#records?.groupOf(group)
    if (recorded != null) {
      const record = { ...recorded, members: recorded.members.map(branch => branches.indexOf(branch)) }
      const came = { expected: branches.length, arrived: arrived.map(({ branch }) => branch), lost }
      const verdict = verdictOnRecord(policy, came, record)
      if (verdict !== null) return { verdict, by_time: record.timed_out }
    }
    const state = { expected: branches.length, arrived: arrived.length, lost: lost.length, timed_out }
    return { verdict: verdictOn(policy, state), by_time: isByTime(policy, state) }
  }

  #decide(group: CoalesceGroup, timed_out: boolean): GroupEffect | null {
    const { verdict, by_time } = this.#verdictOn(group, timed_out)
    if (verdict.kind !== 'wait') group.timed_out = by_time
    switch (verdict.kind) {
      case 'wait':
        return null
      case 'close':
        group.verdict = 'closed'
        return { kind: 'close', group }
      case 'fail':
        return failed(group, verdict.verdict, reason(group, verdict.verdict))
      case 'merge':
        return merged(group)
    }
  }
}

/** What is kept of a merge beside its row; null where the row says it all. */
export function detailOf({
  group,
  merged: { origins, overruled },
}: Extract<GroupEffect, { kind: 'merge' }>): Json | null {
  return group.node.merge.kind === 'union' ? { origins, overruled } : null
}

function merged(group: CoalesceGroup): GroupEffect {
  const { node, arrived, fork } = group
  const rows = arrived
    .toSorted((a, b) => a.branch - b.branch)
    .map(({ branch, token }) => ({ branch: branchName(node, branch), row: token.row }))
  const result = mergeBranches(node.merge, rows, fork.row)
  switch (result.kind) {
    case 'conflict': {
      const { field, branches } = result
      const message = `field \`${field}\` was written differently by ${branches.join(' and ')}`
      return { ...failed(group, 'merge_conflict', message), field }
    }
    case 'too_deep':
      return failed(group, 'merge_conflict', `what the branches merge into is nested more than ${MAX_ROW_DEPTH} deep`)
    case 'select_missing':
      return failed(group, 'select_missing', reason(group, 'select_missing'))
    case 'row':
      group.verdict = 'merged'
      return { kind: 'merge', group, members: group.arrived, merged: result }
  }
}

/** Name of the branch at a position in the coalesce's list. */
function branchName({ name, branches }: CoalesceNode, position: number): string {
  const branch = branches[position]
  if (branch === undefined) throw new TypeError(`coalesce ${name} has no branch ${position}`)
  return branch
}

function failed(group: CoalesceGroup, verdict: MergeFailure, message: string): Extract<GroupEffect, { kind: 'fail' }> {
  group.verdict = verdict
  const cause = causeOf(group.node.policy, verdict)
  return { kind: 'fail', group, members: group.arrived, cause, message, closes: true }
}

function addLost(group: CoalesceGroup, branch: number): void {
  if (!group.lost.includes(branch)) group.lost = [...group.lost, branch]
}

/** A token comes to a group that has its verdict: it is late if the group merged or its time was up, else it shares the group's cause. */
function late(group: CoalesceGroup, arrival: Waiting): GroupEffect {
  const { verdict } = group
  if (verdict === null || !isShared(verdict)) {
    const message = `the group had ${verdict === 'timeout' ? 'timed out' : 'merged'} before`
    return { kind: 'fail', group, members: [arrival], cause: 'late_arrival', message, closes: false }
  }
  return { kind: 'fail', group, members: [arrival], cause: verdict, message: reason(group, verdict), closes: false }
}

/** The same whatever came first: members' rows may be written with it. */
function reason({ node }: CoalesceGroup, verdict: MergeFailure): string {
  switch (verdict) {
    case 'branch_lost':
      return 'a branch that is required can’t arrive any more'
    case 'quorum_not_met':
      return 'too few branches can still arrive'
    case 'timeout':
      return `${node.policy.kind === 'quorum' ? 'too few' : 'not all'} branches arrived in time`
    case 'merge_conflict':
      return node.merge.kind === 'nested'
        ? 'what the branches merge into is nested too deep'
        : 'branches wrote different values to one field'
    case 'select_missing':
      return `branch ${node.merge.kind === 'select' ? `\`${node.merge.branch}\` ` : ''}is not among those that arrived`
  }
}

function misplaced(node: CoalesceNode, what: string): CustodyError {
  return new CustodyError('CUSTODY_ENGINE_DEFECT', `${what} coalesce \`${node.name}\``, { where: { node: node.name } })
}
