/** What the verifier knows of a token while it is open: a fold of its visits. */
import {
  isError,
  type SubjectEntry,
  VISIT_EXHAUSTED,
  VISIT_HELD,
  VISIT_OK,
  type VisitFact,
  type VisitStatus,
} from '../../format/entry.ts'
import { DISCARD, type NodeKind } from '../../format/topology.ts'
import { grouped } from '../../model/number-text.ts'
import { Sending, type SendingFacts } from './sending.ts'
import type { Ways } from './ways.ts'

export interface ErrorRef {
  readonly code: string
  readonly value: number
}

/** Values that one entry commits to. */
export interface ValueRange {
  readonly first: number
  readonly last: number
}

export function isWithin(value: number, { first, last }: ValueRange): boolean {
  return value >= first && value <= last
}

/** What is asked of a token's latest visit. */
type LastVisit = Pick<VisitFact, 'node' | 'status' | 'in' | 'out' | 'edge' | 'error'>

/** All that is known of a token, as JSON has it: numbers, what it is, errors, the latest visit, what was sent. */
export type TokenFacts = readonly [
  numbers: readonly [
    ...[id: number, node: number, attempt: number, value: number, via: number],
    ...[via_group: number, group: number, last_group: number, ordinal: number, stood_at: number, stood_since: number],
  ],
  is: readonly [via_exhausted: boolean, held: boolean],
  via_error: ErrorRef | null,
  last:
    | readonly [node: number, status: VisitStatus, in_: number, out: number, edge: number, error: ErrorRef | null]
    | null,
  sending: SendingFacts | null,
]

/** A place in the set of open tokens (open-set.ts). */
export interface Stand {
  readonly node: number
  readonly seq: number
}

const NOWHERE: Stand = { node: 0, seq: 0 }

export class TokenState {
  readonly id: number
  /** Where it stands: a node, or DISCARD. */
  node: number
  /** Number of the visit that comes next at this node. */
  attempt = 1
  /** Number of its value as it stands there: 0 before the source has read it. */
  value: number
  /** The edge by which it came to where it stands; 0 for none. */
  via: number
  /** Of the visit that took that edge, if that was an error; and the group that held it there, if one did. */
  via_error: ErrorRef | null = null
  via_exhausted = false
  via_group = 0
  /** The group that holds it; 0 for none. */
  group = 0
  /** The group that held it last, or still does. */
  last_group = 0
  held = false
  /** At a join or a sort: its place among those that came. */
  ordinal = 0
  last: LastVisit | null = null
  /** At a sink that sends. */
  readonly sending = new Sending()
  ended = false
  /** Where the set of open tokens has it, and since which entry; node 0 if it isn't there yet. */
  stands: Stand = NOWHERE

  constructor(id: number, node: number, via: number, value: number) {
    this.id = id
    this.node = node
    this.via = via
    this.value = value
  }

  static of([numbers, [via_exhausted, held], via_error, last, sending]: TokenFacts): TokenState {
    const [id, node, attempt, value, via, via_group, group, last_group, ordinal, stood_at, stood_since] = numbers
    const token = new TokenState(id, node, via, value)
    Object.assign(token, { attempt, via_group, group, last_group, ordinal, via_exhausted, held, via_error })
    if (last !== null) {
      const [at, status, before, out, edge, error] = last
      token.last = { node: at, status, in: before, out, edge, error }
    }
    token.stands = { node: stood_at, seq: stood_since }
    if (sending !== null) token.sending.restore(sending)
    return token
  }

  /** Between entries: what has ended is gone then. */
  get facts(): TokenFacts {
    const { id, node, attempt, value, via, via_group, group, last_group, ordinal, last, stands } = this
    return [
      [id, node, attempt, value, via, via_group, group, last_group, ordinal, stands.node, stands.seq],
      [this.via_exhausted, this.held],
      this.via_error,
      last === null ? null : [last.node, last.status, last.in, last.out, last.edge, last.error],
      this.sending.facts,
    ]
  }

  /** Nothing but an ending can follow. */
  get finished(): boolean {
    const { last } = this
    if (last === null) return this.node === DISCARD
    return this.node === DISCARD || (last.status === VISIT_OK && last.edge === 0)
  }

  /**
   * Takes in its next visit; `fresh` are the values that its entry commits to, `forked` those that its subject's forks had.
   * Yields what is wrong with it.
   */
  *visit(fact: VisitFact, ways: Ways, fresh: ValueRange, forked: ReadonlySet<number>): Iterable<string> {
    const kind = ways.kind(fact.node)
    const at = `at ${ways.name(fact.node)}`
    if (kind === undefined) yield `a visit of node ${fact.node}, which isn't there`
    else if (this.ended || this.finished) yield `a visit ${at} after its story had ended`
    else if (fact.node !== this.node) yield `a visit ${at}, and it stands at ${ways.name(this.node)}`
    if (fact.attempt !== this.attempt) yield `attempt ${fact.attempt} ${at}, where ${this.attempt} comes next`
    if (fact.in !== this.value) yield `value ${fact.in} enters ${at}, and it has value ${this.value}`
    // What merges may have changed nothing: then it is what the fork had.
    const unmerged = kind === 'coalesce' && forked.has(fact.out)
    if (fact.out !== 0 && fact.out !== fact.in && !isWithin(fact.out, fresh) && !unmerged) {
      yield `value ${fact.out} leaves ${at}, and is neither the one that entered nor a new one`
    }
    if (fact.error !== null && !isWithin(fact.error.value, fresh)) {
      yield `value ${fact.error.value} is its error ${at}, and isn't a new one`
    }
    yield* statusProblems(fact, ways, at)
    if (kind === 'sink') yield* this.sending.visit(fact, at)
    this.#move(fact, ways)
  }

  #move(fact: VisitFact, ways: Ways): void {
    this.last = fact
    if (fact.status === VISIT_HELD) {
      this.held = true
      return
    }
    if (fact.edge !== 0) {
      this.node = ways.to(fact.edge)
      this.via = fact.edge
      this.via_error = fact.error
      this.via_exhausted = fact.status === VISIT_EXHAUSTED
      this.via_group = this.group
      this.attempt = 1
      this.sending.clear()
      if (fact.out !== 0) this.value = fact.out
    } else if (isError(fact.status)) {
      this.attempt = fact.attempt + 1
    }
    this.held = false
    this.group = 0
  }
}

/** Kinds of nodes that hold tokens. */
const HOLDING: ReadonlySet<NodeKind> = new Set<NodeKind>(['coalesce', 'aggregate', 'join', 'sort'])

/** Whether status, values and edge of a visit fit each other and the node. */
function* statusProblems(fact: VisitFact, ways: Ways, at: string): Iterable<string> {
  const { edge, status } = fact
  const kind = ways.kind(fact.node)
  if (edge !== 0) {
    if (!ways.hasEdge(edge)) yield `it leaves ${at} by edge ${edge}, which isn't there`
    else if (ways.from(edge) !== fact.node) yield `it leaves ${at} by an edge of ${ways.name(ways.from(edge))}`
    else if (isError(status) && !ways.isForErrors(edge))
      yield `it met an error ${at} and leaves by an edge that isn't for errors`
    else if (status === VISIT_OK && !ways.isForFlow(edge))
      yield `it met no error ${at} and leaves by the edge for errors`
    if (fact.out === 0 && ways.to(edge) !== DISCARD) yield `it leaves ${at} with no value`
  }
  if (status === VISIT_EXHAUSTED && edge === 0) yield `its attempts ${at} are exhausted, and it doesn't leave`
  if (status === VISIT_HELD) {
    if (kind === undefined || !HOLDING.has(kind)) yield `it is held ${at}, which is a ${kind}`
    if (edge !== 0 || fact.out !== 0) yield `it is held ${at}, and leaves it`
  }
  const keeps = kind === 'gate' || kind === 'sort' || (kind === 'join' && edge !== 0)
  if (keeps && status === VISIT_OK && fact.out !== fact.in) yield `${kind} ${ways.name(fact.node)} changed its value`
  if (kind === 'source' && (edge === 0 || fact.out === 0)) yield `it was read ${at}, and doesn't leave it`
  if (kind === 'sink' && status === VISIT_OK && (edge !== 0 || fact.out !== 0))
    yield `it was written ${at}, and leaves it`
  // Merged tokens end, and tell the value that they merged into. After an error nothing is kept for `discard`.
  const merged = kind === 'coalesce' && status === VISIT_OK
  const dropped = isError(status) && kind !== 'source' && ways.to(edge) === DISCARD
  if (fact.out !== 0 && ((edge === 0 && !merged) || dropped)) {
    yield `value ${grouped(fact.out)} leaves ${at}, and goes nowhere`
  }
}

/** A token ended when its last visit of this entry did; where it made none, at the entry's time. */
export function endOf(token: number, { visits, time_us }: SubjectEntry): number {
  const last = visits.findLast(each => each.token === token)
  return last === undefined ? time_us : time_us + last.start_us + last.duration_us + last.stood_us
}
