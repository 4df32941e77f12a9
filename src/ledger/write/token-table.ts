/**
 * Where open tokens stand: a map from a token to a node and an entry, in as few bytes as it takes, since there may be millions of them.
 * Tokens are mostly open in a row, as where a sort holds all rows of a run: then it is 14 bytes for each, and at most 40 where only some of
 * many are. An object for each would take 200.
 *
 * TOKEN-TABLE-1. A token is looked for from its own slot on, up to the first that is empty; what is taken out leaves no gap on that way.
 * TOKEN-TABLE-2. A segment never copies more than its own tokens as it grows, so that no second table of all stands beside the first.
 */

export interface Stand {
  /** From 1. */
  readonly node: number
  /** The entry that brought it there. */
  readonly seq: number
}

/** Tokens of one segment. As many slots hold them all, each in its own: its place in the segment times an odd number is another for each. */
const SEGMENT = 65_536
const LEAST_SLOTS = 16
/** How full it may be, while it can grow. */
const MOST = 0.7
/** Of Fibonacci hashing: tokens with numbers in a row are spread over all slots. */
const SPREAD = 0x9e3779b1

export class TokenTable {
  size = 0
  readonly #segments = new Map<number, Segment>()
  /** The one that was asked for last: mostly it is the next, too. */
  #number = -1
  #last: Segment | undefined

  get(token: number): Stand | undefined {
    return this.#of(token)?.get(token % SEGMENT)
  }

  set(token: number, stand: Stand): void {
    const segment = this.#of(token) ?? this.#begin()
    const before = segment.size
    segment.set(token % SEGMENT, stand)
    this.size += segment.size - before
  }

  /** False if it isn't there. */
  delete(token: number): boolean {
    const segment = this.#of(token)
    if (segment?.delete(token % SEGMENT) !== true) return false
    this.size--
    if (segment.size === 0) {
      this.#segments.delete(this.#number)
      this.#last = undefined
    }
    return true
  }

  #of(token: number): Segment | undefined {
    const number = Math.floor(token / SEGMENT)
    if (number !== this.#number) {
      this.#number = number
      this.#last = this.#segments.get(number)
    }
    return this.#last
  }

  /** Of the token that was asked for last. */
  #begin(): Segment {
    const segment = new Segment()
    this.#segments.set(this.#number, segment)
    this.#last = segment
    return segment
  }
}

/** Of tokens by their places in it, from 0. */
class Segment {
  size = 0
  #places = new Uint16Array(LEAST_SLOTS)
  /** 0 where a slot is empty. As many as there are slots, a power of two. */
  #nodes = new Uint32Array(LEAST_SLOTS)
  #seqs = new Float64Array(LEAST_SLOTS)

  get(place: number): Stand | undefined {
    const at = this.#slotOf(place)
    return this.#isAt(place, at) ? { node: this.#nodes[at] ?? 0, seq: this.#seqs[at] ?? 0 } : undefined
  }

  set(place: number, { node, seq }: Stand): void {
    let at = this.#slotOf(place)
    if (!this.#isAt(place, at)) {
      const slots = this.#nodes.length
      if (slots < SEGMENT && this.size + 1 > slots * MOST) {
        this.#resize(2 * slots)
        at = this.#slotOf(place)
      }
      this.size++
    }
    this.#put(at, place, node, seq)
  }

  delete(place: number): boolean {
    const at = this.#slotOf(place)
    if (!this.#isAt(place, at)) return false
    this.#nodes[at] = 0
    // With as many slots as places nobody was put elsewhere because of it.
    if (this.#nodes.length < SEGMENT) this.#close(at)
    this.size--
    if (this.#nodes.length > LEAST_SLOTS && this.size < (this.#nodes.length * MOST) / 8)
      this.#resize(this.#nodes.length / 4)
    return true
  }

  #close(empty: number): void {
    const last = this.#nodes.length - 1
    let gap = empty
    for (let at = (gap + 1) & last; this.#nodes[at] !== 0; at = (at + 1) & last) {
      const own = this.#firstSlot(this.#places[at] ?? 0)
      // It stays where its way from its own slot on doesn't pass the gap.
      if (((at - own) & last) < ((at - gap) & last)) continue
      this.#put(gap, this.#places[at] ?? 0, this.#nodes[at] ?? 0, this.#seqs[at] ?? 0)
      this.#nodes[at] = 0
      gap = at
    }
  }

  #isAt(place: number, at: number): boolean {
    return this.#nodes[at] !== 0 && this.#places[at] === place
  }

  #put(at: number, place: number, node: number, seq: number): void {
    this.#places[at] = place
    this.#nodes[at] = node
    this.#seqs[at] = seq
  }

  #firstSlot(place: number): number {
    return Math.imul(place, SPREAD) & (this.#nodes.length - 1)
  }

  /** Where it is, or would be put. */
  #slotOf(place: number): number {
    const last = this.#nodes.length - 1
    let at = this.#firstSlot(place)
    while (this.#nodes[at] !== 0 && this.#places[at] !== place) at = (at + 1) & last
    return at
  }

  #resize(slots: number): void {
    const [places, nodes, seqs] = [this.#places, this.#nodes, this.#seqs]
    const least = Math.max(LEAST_SLOTS, slots)
    this.#places = new Uint16Array(least)
    this.#nodes = new Uint32Array(least)
    this.#seqs = new Float64Array(least)
    for (const [i, node] of nodes.entries())
      if (node !== 0) this.#put(this.#slotOf(places[i] ?? 0), places[i] ?? 0, node, seqs[i] ?? 0)
  }
}
