/**
 * The line: all tokens that wait for something, in the order in which an interpreter that takes one row at a time, depth
 * first, would meet them (I7). Nodes where order matters (sinks and aggregates) take a token when no token before it in
 * the line can still reach them.
 *
 * N1. A token that isn't in the line and is being advanced comes after all that are.
 * N2. What is born of a token stands where it stood, in order; what groups merge into stands right before the last of those
 *     that decided it.
 *     A batch that is closed by time stands before all that are: they come to its node after it.
 *     A branch is lost where the last of its carriers is, in the order of the line: while others are under way that don't
 *     stand later, and while its group waits for other branches, a trace stands there.
 * N3. A token that is held at a coalesce keeps its place, and blocks nobody.
 *     One that had its turn at a sink that sends keeps its place, too, and blocks nobody who comes to that sink; to what lies
 *     behind its `on_error` it may still come.
 * N4. For each ordered node, no place before its mark can reach it; marks only go back when something is put before them.
 */
import { frameOf, type Join, type Trace } from './frames.ts'
import type { Token } from './token.ts'

export interface Place {
  /** A token, or a trace of one that was lost for a group that waits. */
  readonly token: Token | null
  readonly trace: Trace | null
  /** Of a trace: stands for the transition that left it. */
  readonly moment: object | null
  /** Grows along the line. */
  label: number
  before: Place | null
  after: Place | null
}

/** A carrier of a branch is lost for a group, and these are left. */
export interface Lost extends Trace {
  readonly left: readonly Token[]
}

/** What happened to the line since it was last told. */
export interface LineChanges {
  /** Members that were in it then, and have left. */
  readonly out: readonly (Token | Trace)[]
  /** Members that weren't, in order, each run with the member before it, which was; null where the line begins. */
  readonly runs: ReadonlyArray<{ readonly behind: Token | Trace | null; readonly members: readonly (Token | Trace)[] }>
  /** How many came or left. */
  readonly size: number
}

/** What a mark says when every place has been looked at and none can reach the node. */
const NONE = null

export class Line {
  /** Number of tokens in line. */
  size = 0
  /** Of these, those that block others. */
  active = 0
  /** Tokens and traces. */
  length = 0
  /** Places that came, and members that left, since `changes` was last asked. */
  readonly #fresh = new Set<Place>()
  #gone: (Token | Trace)[] = []
  #first: Place | null = null
  #last: Place | null = null
  readonly #reaches: (node: number, target: number) => boolean
  readonly #marks: Map<number, Place | typeof NONE>

  constructor(ordered: Iterable<number>, reaches: (node: number, target: number) => boolean) {
    this.#reaches = reaches
    this.#marks = new Map(Array.from(ordered, node => [node, NONE]))
  }

  /** Puts a token at the end. */
  join(token: Token): void {
    this.#insert(token, this.#last)
  }

  /** Puts a token at the end, unless it has a place. */
  stay(token: Token): void {
    if (token.place === null) this.join(token)
  }

  /** Puts a token before all others, unless it has a place. */
  lead(token: Token): void {
    if (token.place === null) this.#insert(token, null)
  }

  /** Keeps a token's place, or gives it one at the end, but lets it block nobody from now on. */
  hold(token: Token): void {
    if (token.place === null) this.join(token)
    token.passive = true
    this.active--
  }

  /**
   * Puts tokens where `former` stands, in order, in its stead; it may be among them. Nothing if it isn't in the line: then
   * they come after all that is.
   */
  replace(former: Token, next: readonly Token[]): void {
    const place = former.place
    if (place === null) return
    this.#forget(former)
    let after = place
    for (const token of next) after = this.#insert(token, after)
    this.#remove(place)
  }

  /**
   * Puts `born` right before the one of `others` that stands last, or right after the last of `traces` if that stands after
   * all of them. If one of `others` isn't in the line it comes after all that are, and so does what is born: it stays out.
   */
  insertAtLast(others: readonly Token[], traces: Iterable<Place>, born: Token): void {
    let last: Place | null = null
    for (const { place } of others) {
      if (place === null) return
      if (last === null || place.label > last.label) last = place
    }
    for (const trace of traces) if (last === null || trace.label > last.label) last = trace
    if (last !== null) this.#insert(born, last.token === null ? last : last.before)
  }

  /** The one of `tokens` that stands last; one that isn't in the line comes after all that are (N1). */
  lastOf(tokens: readonly [Token, ...Token[]]): Token {
    let last = tokens[0]
    for (const token of tokens) {
      if (token.place === null) return token
      if (last.place !== null && token.place.label > last.place.label) last = token
    }
    return last
  }

  /**
   * Leaves a trace right before `event`, or at the end if that isn't in the line, unless the branch has one that stands later.
   * `merged` is what the same transition has merged so far, the same array throughout. If the transition also left traces for
   * groups in which `left`, who still carry the branch, may merge, it goes before these: what they merge into comes later.
   */
  trace({ join, branch, left }: Lost, event: Token | null, merged: readonly Token[]): void {
    const former = join.traces?.get(branch)
    const at = event?.place ?? null
    let before = at === null ? this.#last : at.before
    for (let each = before; each !== null && isOf(each, merged); each = each.before)
      if (each.trace !== null && this.#leads(each.trace.join, join, left)) before = each.before
    if (former !== undefined) {
      if (before === null || former.label >= before.label) return
      this.#remove(former)
    }
    join.traces ??= new Map()
    join.traces.set(branch, this.#insert(null, before, { join, branch }, merged))
  }

  /** Takes out the trace of a branch, if it has one. */
  erase(join: Join, branch: number): void {
    const trace = join.traces?.get(branch)
    if (trace === undefined) return
    this.#remove(trace)
    join.traces?.delete(branch)
  }

  /** Whether `other` comes after what `event` does now. Where it stands isn't known of a member of a batch. */
  isLater(other: Token, event: Token | null): boolean {
    if (other.place === null) return !other.held
    const at = event?.place ?? null
    return at !== null && other.place.label > at.label
  }

  leave(token: Token): void {
    const place = token.place
    if (place === null) return
    this.#forget(token)
    this.#remove(place)
  }

  /** The first token in line that blocks, and from whose node `ordered` can be reached, that node included. */
  firstFor(ordered: number): Token | null {
    let at = this.#marks.get(ordered) ?? null
    while (at !== null && !this.#blocks(at.token, ordered)) at = at.after
    this.#marks.set(ordered, at)
    return at?.token ?? null
  }

  /** Everything in line, in order. */
  *order(): Iterable<Token | Trace> {
    for (let at = this.#first; at !== null; at = at.after) yield memberOf(at)
  }

  /** What happened since this was last asked. */
  changes(): LineChanges {
    const fresh = this.#fresh
    const runs: { behind: Token | Trace | null; members: (Token | Trace)[] }[] = []
    for (const place of fresh) {
      const { before } = place
      if (before !== null && fresh.has(before)) continue
      const members: (Token | Trace)[] = []
      for (let at: Place | null = place; at !== null && fresh.has(at); at = at.after) members.push(memberOf(at))
      runs.push({ behind: before === null ? null : memberOf(before), members })
    }
    const out = this.#gone
    const size = out.length + fresh.size
    fresh.clear()
    this.#gone = []
    return { out, runs, size }
  }

  /** Whether any token in line, passive ones included, can still come to `ordered` and have its turn there. */
  anyFor(ordered: number): boolean {
    for (let at = this.#first; at !== null; at = at.after)
      if (at.token !== null && !hadTurn(at.token, ordered) && this.#reaches(at.token.node, ordered)) return true
    return false
  }

  /** Whether it is this token's turn at `ordered`. */
  isTurn(token: Token, ordered: number): boolean {
    if (this.size === 0) return true
    const first = this.firstFor(ordered)
    return first === null || first === token
  }

  #forget(token: Token): void {
    token.place = null
    this.size--
    if (!token.passive) this.active--
    token.passive = false
  }

  /** Whether some of `left` may merge in `inner`, and come to `outer` then. */
  #leads(inner: Join, outer: Join, left: readonly Token[]): boolean {
    const { fork, node } = inner
    if (fork === outer.fork || !this.#reaches(node.number, outer.node.number)) return false
    return left.some(({ frames }) => frameOf(frames, fork.node)?.fork === fork)
  }

  #remove(place: Place): void {
    this.length--
    if (!this.#fresh.delete(place)) this.#gone.push(memberOf(place))
    for (const [node, at] of this.#marks) if (at === place) this.#marks.set(node, place.after)
    if (place.before === null) this.#first = place.after
    else place.before.after = place.after
    if (place.after === null) this.#last = place.before
    else place.after.before = place.before
  }

  #blocks(token: Token | null, ordered: number): boolean {
    if (token === null || token.passive || hadTurn(token, ordered)) return false
    return this.#reaches(token.node, ordered)
  }

  #insert(token: Token | null, before: Place | null, trace: Trace | null = null, moment: object | null = null): Place {
    const after = before === null ? this.#first : before.after
    const place: Place = { token, trace, moment, label: this.#labelBetween(before, after), before, after }
    if (before === null) this.#first = place
    else before.after = place
    if (after === null) this.#last = place
    else after.before = place
    this.length++
    this.#fresh.add(place)
    if (token === null) return place
    token.place = place
    this.size++
    this.active++
    for (const [node, at] of this.#marks) if (at === NONE || place.label < at.label) this.#marks.set(node, place)
    return place
  }

  #labelBetween(before: Place | null, after: Place | null): number {
    if (after === null) return (before?.label ?? 0) + 1
    const low = before?.label ?? after.label - 2
    const label = (low + after.label) / 2
    if (label > low && label < after.label) return label
    let next = 0
    for (let at = this.#first; at !== null; at = at.after) at.label = ++next
    return ((before?.label ?? 0) + after.label) / 2
  }
}

function hadTurn({ sending, node }: Token, ordered: number): boolean {
  return sending !== null && node === ordered
}

function memberOf({ token, trace }: Place): Token | Trace {
  const member = token ?? trace
  if (member === null) throw new TypeError('a place in line has neither a token nor a trace')
  return member
}

/** Whether a place came into being by the transition that merged `merged`. */
function isOf({ token, moment }: Place, merged: readonly Token[]): boolean {
  return token === null ? moment === merged : merged.includes(token)
}
