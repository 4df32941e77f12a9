/**
 * That no group of a coalesce waits for what can't come any more: right before each verdict, what the facts tell of who stood where
 * must have left it open. Recomputed from the durable drafts alone, and only for runs that were never down and had no slow commits.
 */

import { DISCARD } from '../../src/format/topology.ts'
import type { SubjectDraft } from '../../src/ledger/write-port.ts'
import type { CoalesceNode, ForkNode, Plan, PlanNode } from '../../src/plan/plan.ts'

/** A group of a fork, and which branch of it. */
interface Inside {
  readonly group: number
  readonly ordinal: number
}

interface Stand {
  readonly node: number
  began_us: number
  ended_us: number
}

interface Life {
  readonly born_us: number
  /** Of the forks that it is inside, from the outermost in. */
  readonly inside: readonly Inside[]
  /** In order. */
  readonly stands: readonly Stand[]
}

interface Closed {
  readonly node: CoalesceNode
  readonly fork_group: number
  readonly closed_us: number
  /** By position in the coalesce's list: when it came. */
  readonly came_us: ReadonlyMap<number, number>
}

/** Visits of one instant begin a microsecond apart; all else in a simulation takes milliseconds. */
const ONE_INSTANT_US = 500

/** Kinds of nodes that keep tokens for others than those of their forks. */
const KEEPING: ReadonlySet<PlanNode['kind']> = new Set(['aggregate', 'join', 'sort'])

/** Problems, each a sentence. */
export function waitedInVain(plan: Plan, drafts: readonly SubjectDraft[]): string[] {
  const past = new Past(plan, drafts)
  return past.closed.filter(each => past.wasDecidedBefore(each)).map(sentenceOf)
}

function sentenceOf({ node, fork_group }: Closed): string {
  return `coalesce ${node.name}: of fork group ${fork_group} it waited for what couldn't come any more`
}

class Past {
  readonly closed: readonly Closed[]
  readonly #plan: Plan
  readonly #lives: ReadonlyMap<number, Life>
  readonly #fork_nodes = new Map<number, number>()

  constructor(plan: Plan, drafts: readonly SubjectDraft[]) {
    this.#plan = plan
    for (const { groups_opened } of drafts)
      for (const { group, node } of groups_opened) this.#fork_nodes.set(group, node)
    this.#lives = this.#livesIn(drafts)
    this.closed = drafts.flatMap(each =>
      each.groups_closed.flatMap(({ group, members }) => this.#closing(group, members)),
    )
  }

  /** Whether the group could have had its verdict before it got it. */
  wasDecidedBefore({ node, fork_group, closed_us, came_us }: Closed): boolean {
    const at_us = closed_us - ONE_INSTANT_US
    const came = [...came_us].filter(([, us]) => us <= at_us).map(([branch]) => branch)
    if (came.length === 0) return false
    // What batches kept is lost in the order of rows, which may be later than it is known: behind who may still come.
    const has_waited = (branch: number) =>
      !this.#wasKept(branch, node, fork_group, at_us) || this.#allWait(node, fork_group, at_us)
    const lost = this.#lost(node, fork_group, at_us).filter(branch => !came.includes(branch) && has_waited(branch))
    const all = came.length + lost.length === node.branches.length
    switch (node.policy.kind) {
      case 'require_all':
        return all || lost.length > 0
      case 'best_effort':
        return all
      case 'first':
        return true
      case 'quorum': {
        const { quorum, decide } = node.policy
        return all || (decide === 'early' && (came.length >= quorum || node.branches.length - lost.length < quorum))
      }
    }
  }

  /** Whether something of the outermost branch that the branch is part of has been in a batch. */
  #wasKept(branch: number, node: CoalesceNode, fork_group: number, at_us: number): boolean {
    const ordinal = this.#positions(node).indexOf(branch)
    const lives = [...this.#lives.values()]
    const isOfBranch = (each: Inside) => each.group === fork_group && each.ordinal === ordinal
    const outermost = lives.find(({ inside }) => inside.some(isOfBranch))?.inside[0]
    return lives.some(
      ({ inside: [first], stands }) =>
        first !== undefined &&
        first.group === outermost?.group &&
        first.ordinal === outermost.ordinal &&
        stands.some(each => each.began_us <= at_us && KEEPING.has(this.#plan.nodes[each.node - 1]?.kind ?? 'source')),
    )
  }

  /** Whether all that are on ways there wait for others, at coalesces. */
  #allWait({ number }: CoalesceNode, fork_group: number, at_us: number): boolean {
    return [...this.#lives.values()].every(({ born_us, inside, stands }) => {
      const stand = stands.find(({ ended_us }) => ended_us > at_us)
      if (born_us > at_us || stand === undefined || inside.every(({ group }) => group !== fork_group)) return true
      if (!this.#reached(stand.node).has(number)) return true
      return stand.began_us <= at_us && this.#plan.nodes[stand.node - 1]?.kind === 'coalesce'
    })
  }

  /** Nodes to which ways lead from that one, itself among them; `closed`: which only errors leave. */
  #reached(from: number, closed: ReadonlySet<number> = new Set()): ReadonlySet<number> {
    const reached = new Set([from])
    for (const each of reached)
      for (const { from: at, to, label } of this.#plan.edges)
        if (at === each && to !== DISCARD && (!closed.has(at) || label === 'on_error')) reached.add(to)
    return reached
  }

  #livesIn(drafts: readonly SubjectDraft[]): ReadonlyMap<number, Life> {
    const stands = standsIn(drafts)
    const lives = new Map<number, Life>()
    const endOf = (token: number) => stands.get(token)?.at(-1)?.ended_us ?? Number.NEGATIVE_INFINITY
    // Who is born comes behind its parents, in the order of the drafts.
    for (const { births } of drafts)
      for (const { token, group, ordinal, parents } of births)
        lives.set(token, {
          born_us: Math.max(...parents.map(endOf)),
          inside: this.#inside(group, ordinal, lives.get(parents[0] ?? 0)?.inside ?? []),
          stands: stands.get(token) ?? [],
        })
    return lives
  }

  #inside(group: number, ordinal: number, of_parent: readonly Inside[]): readonly Inside[] {
    const node = this.#plan.nodes[(this.#fork_nodes.get(group) ?? 0) - 1]
    if (node?.kind === 'fork') return [...of_parent, { group, ordinal }]
    if (node?.kind === 'join') return []
    if (node?.kind === 'coalesce') return of_parent.slice(0, this.#depthOf(node, of_parent))
    return of_parent
  }

  /** Which of the forks that a token is inside a coalesce joins; −1 if none. */
  #depthOf({ fork }: CoalesceNode, inside: readonly Inside[]): number {
    return inside.findLastIndex(({ group }) => this.#fork_nodes.get(group) === fork)
  }

  #closing(group: number, members: readonly number[]): Closed[] {
    const node = this.#plan.nodes[(this.#fork_nodes.get(group) ?? 0) - 1]
    const lives = members.flatMap(token => this.#lives.get(token) ?? [])
    const [first] = lives
    if (node?.kind !== 'coalesce' || first === undefined) return []
    const standAt = ({ stands }: Life) => stands.find(each => each.node === node.number)
    const came_us = lives.map(life => {
      const { ordinal } = life.inside[this.#depthOf(node, life.inside)] as Inside
      return [this.#positions(node)[ordinal] ?? -1, standAt(life)?.began_us ?? 0] as const
    })
    const fork_group = (first.inside[this.#depthOf(node, first.inside)] as Inside).group
    return [{ node, fork_group, closed_us: standAt(first)?.ended_us ?? 0, came_us: new Map(came_us) }]
  }

  /** By ordinal of the fork's branches: position in the coalesce's list, or −1. */
  #positions(node: CoalesceNode): readonly number[] {
    const { branches } = this.#plan.nodes[node.fork - 1] as ForkNode
    return branches.map(({ branch }) => node.branches.indexOf(branch))
  }

  /** Positions of branches of which nobody can come any more. */
  #lost(node: CoalesceNode, fork_group: number, at_us: number): readonly number[] {
    const positions = this.#positions(node)
    const coming = new Set<number>()
    for (const life of this.#lives.values()) {
      const depth = life.inside.findIndex(({ group }) => group === fork_group)
      const position = depth === -1 ? -1 : (positions[(life.inside[depth] as Inside).ordinal] ?? -1)
      if (position !== -1 && !coming.has(position) && this.#canCome(life, depth, node, at_us)) coming.add(position)
    }
    return node.branches.map((_, position) => position).filter(position => !coming.has(position))
  }

  #canCome(life: Life, depth: number, { number: to }: CoalesceNode, at_us: number): boolean {
    const at = placeOf(life, at_us)
    if (at === null) return false
    const closed = new Set<number>()
    for (const { group } of life.inside.slice(depth + 1))
      for (const node of this.#plan.nodes)
        if (node.kind === 'coalesce' && node.fork === this.#fork_nodes.get(group) && this.#isDead(node, group, at_us))
          closed.add(node.number)
    return this.#reached(at, closed).has(to)
  }

  /** Whether nobody who comes to that group can merge there any more. */
  #isDead(node: CoalesceNode, fork_group: number, at_us: number): boolean {
    if (this.closed.some(each => each.node === node && each.fork_group === fork_group && each.closed_us < at_us))
      return true
    const { policy, merge, branches } = node
    const lost = this.#lost(node, fork_group, at_us)
    if (merge.kind === 'select' && lost.includes(branches.indexOf(merge.branch))) return true
    const needed = policy.kind === 'require_all' ? branches.length : policy.kind === 'quorum' ? policy.quorum : 1
    return branches.length - lost.length < needed
  }
}

/** By token: where it stood, one after another; attempts at one node are one stay. */
function standsIn(drafts: readonly SubjectDraft[]): ReadonlyMap<number, Stand[]> {
  const stands = new Map<number, Stand[]>()
  for (const { time_us, visits } of drafts)
    for (const { token, node, start_us, duration_us, stood_us } of visits) {
      const [began_us, ended_us] = [time_us + start_us, time_us + start_us + duration_us + stood_us]
      const of_token = stands.get(token) ?? []
      stands.set(token, of_token)
      const known = of_token.find(each => each.node === node)
      if (known === undefined) of_token.push({ node, began_us, ended_us })
      else {
        known.began_us = Math.min(known.began_us, began_us)
        known.ended_us = Math.max(known.ended_us, ended_us)
      }
    }
  return stands
}

/** The node at which it stood, or to which it was on the way; null if it wasn't born yet, or had ended. */
function placeOf({ born_us, stands }: Life, at_us: number): number | null {
  if (born_us > at_us) return null
  return stands.find(({ ended_us }) => ended_us > at_us)?.node ?? null
}
