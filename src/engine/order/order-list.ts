/**
 * The order list: all tokens that wait for something, in the order in which an interpreter that takes one row at a time, depth
 * first, would meet them (I7). Nodes where order matters (sinks and aggregates) take a token when no token before it in
 * the order list can still reach them.
 *
 * ORDER-LIST-1. A token that isn't in the order list and is being advanced comes after all that are.
 * ORDER-LIST-2. What is born of a token stands where it stood, in order; what groups merge into stands right before the last of those
 *     that decided it.
 *     A batch that is closed by time stands before all that are: they come to its node after it.
 *     Traces stand where no token does, and where something of a group may come to stand.
 * ORDER-LIST-3. A token that is held at a coalesce keeps its place, and blocks nobody.
 *     One that had its turn at a sink that sends keeps its place, too, and blocks nobody who comes to that sink; to what lies
 *     behind its `on_error` it may still come.
 * ORDER-LIST-4. For each ordered node, no place before its mark can reach it; marks only go back when something is put before them.
 */
import type { NodeNumber } from '../../model/ids.ts'
import type { Place, Placed } from '../token/place.ts'
import type { Token } from '../token/token.ts'
import { numberOf, placeOf, type Trace } from '../token/traces.ts'

/** What happened to the order list since `changes` was last asked. */
export interface ListChanges {
  /** Members that were in it then, and have left. */
  readonly out: readonly (Token | Trace)[]
  /** Members that weren't, in order, each run with the member before it, which was; null where the order list begins. */
  readonly runs: ReadonlyArray<{ readonly behind: Token | Trace | null; readonly members: readonly (Token | Trace)[] }>
  /** How many came or left. */
  readonly size: number
}

/** What a mark says when every place has been looked at and none can reach the node. */
const NONE = null

export class OrderList {
  /** Number of tokens in the order list. */
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
  readonly #reaches: (token: Token, target: NodeNumber) => boolean
  readonly #marks: Map<NodeNumber, Place | typeof NONE>

  constructor(ordered: Iterable<NodeNumber>, reaches: (token: Token, target: NodeNumber) => boolean) {
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
    const place = token.place ?? this.#insert(token, this.#last)
    place.passive = true
    this.active--
  }

  /**
   * Puts tokens and traces where `former` stands, in order, in its stead; it may be among them. Nothing if it isn't in the order list:
   * then they come after all that is.
   */
  replace(former: Token, next: Iterable<Token | Trace>): void {
    const place = former.place
    if (place === null) return
    this.#forget(former, place)
    let after = place
    for (const each of next) after = 'group' in each ? this.#insertTrace(each, after) : this.#insert(each, after)
    this.#remove(place)
  }

  /**
   * Puts `born` right before the one of `others` that stands last, or right after the last of `traces` if that stands after
   * all of them. If one of `others` isn't in the order list it comes after all that are, and so does what is born: it stays out.
   */
  insertAtLast(others: readonly Placed[], traces: Iterable<Place>, born: Token): void {
    const last = this.lastPlace(others, traces)
    if (last !== null) this.#insert(born, last.trace === null ? last.before : last)
  }

  /** Whether `event` stands behind a place; one that isn't in the order list comes after all that are (ORDER-LIST-1). */
  isBehind({ place }: Placed, other: Place): boolean {
    return place === null || place.label > other.label
  }

  /** The one of `tokens` that stands last; one that isn't in the order list comes after all that are (ORDER-LIST-1). */
  lastOf(tokens: readonly [Placed, ...Placed[]]): Placed {
    let last = tokens[0]
    for (const token of tokens) {
      if (token.place === null) return token
      if (last.place !== null && token.place.label > last.place.label) last = token
    }
    return last
  }

  /** The last of the places of tokens, and of traces; null if one of the tokens isn't in the order list: it comes after all that are. */
  lastPlace(tokens: readonly Placed[], traces: Iterable<Place>): Place | null {
    let last: Place | null = null
    for (const { place } of tokens) {
      if (place === null) return null
      if (last === null || place.label > last.label) last = place
    }
    for (const trace of traces) if (last === null || trace.label > last.label) last = trace
    return last
  }

  /** Leaves a trace right before `event`, or at the end if that isn't in the order list. If it has a place it leaves that. */
  trace(trace: Trace, event: Placed | null): void {
    this.erase(trace)
    const at = event?.place ?? null
    this.#insertTrace(trace, at === null ? this.#last : at.before)
  }

  /** Marks the place right behind a token or a trace, until it is taken out again: before `changes` is asked. */
  mark({ place }: Placed): Placed {
    return { place: place === null ? null : this.#insert(null, place) }
  }

  unmark({ place }: Placed): void {
    if (place !== null) this.#remove(place)
  }

  /** Takes out a trace, if it is there. */
  erase(trace: Trace): void {
    const place = placeOf(trace)
    if (place === null) return
    this.#remove(place)
    trace.group.traces?.delete(numberOf(trace))
  }

  /** One that is held continues, and blocks others from now on. */
  release(token: Token): void {
    if (token.place?.passive === true) this.replace(token, [token])
  }

  /**
   * Puts tokens, in order, behind the trace that stands at `place`, or before anything else, which may be among them. They leave
   * the places that they have.
   */
  move(tokens: readonly Token[], place: Place): void {
    const moving = new Set(tokens.map(each => each.place))
    let before = place.trace === null ? place.before : place
    while (before !== null && moving.has(before)) before = before.before
    for (const each of tokens) this.leave(each)
    for (const each of tokens) before = this.#insert(each, before)
  }

  leave(token: Token): void {
    const place = token.place
    if (place === null) return
    this.#forget(token, place)
    this.#remove(place)
  }

  /** The first token in the order list that blocks, and from whose node `ordered` can be reached, that node included. */
  firstFor(ordered: NodeNumber): Token | null {
    let at = this.#marks.get(ordered) ?? null
    while (at !== null && !this.#blocks(at, ordered)) at = at.after
    this.#marks.set(ordered, at)
    return at?.token ?? null
  }

  /** Everything in the order list, in order. */
  *order(): Iterable<Token | Trace> {
    for (let at = this.#first; at !== null; at = at.after) yield memberOf(at)
  }

  /** What happened since this was last asked. */
  changes(): ListChanges {
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

  /** Whether any token in the order list, passive ones included, can still come to `ordered` and have its turn there. */
  anyFor(ordered: NodeNumber): boolean {
    for (let at = this.#first; at !== null; at = at.after)
      if (at.token !== null && !hadTurn(at.token, ordered) && this.#reaches(at.token, ordered)) return true
    return false
  }

  /** Whether it is this token's turn at `ordered`. */
  isTurn(token: Token, ordered: NodeNumber): boolean {
    if (this.size === 0) return true
    const first = this.firstFor(ordered)
    return first === null || first === token
  }

  #forget(token: Token, { passive }: Place): void {
    token.place = null
    this.size--
    if (!passive) this.active--
  }

  #insertTrace(trace: Trace, before: Place | null): Place {
    const { group } = trace
    group.traces ??= new Map()
    const place = this.#insert(null, before, trace)
    group.traces.set(numberOf(trace), place)
    return place
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

  #blocks({ token, passive }: Place, ordered: NodeNumber): boolean {
    if (token === null || passive || hadTurn(token, ordered)) return false
    return this.#reaches(token, ordered)
  }

  #insert(token: Token | null, before: Place | null, trace: Trace | null = null): Place {
    const after = before === null ? this.#first : before.after
    const place: Place = { token, trace, passive: false, label: this.#labelBetween(before, after), before, after }
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

function hadTurn({ state, node }: Token, ordered: NodeNumber): boolean {
  return state.kind === 'sending' && node === ordered
}

function memberOf({ token, trace }: Place): Token | Trace {
  const member = token ?? trace
  if (member === null) throw new TypeError('a place in the order list has neither a token nor a trace')
  return member
}
