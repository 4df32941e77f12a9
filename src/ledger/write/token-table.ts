/**
 * Where open tokens stand: a map from a token to a node and an entry, in as few bytes as it takes, since there may be a million of them. An
 * object for each would take five times as much.
 *
 * TOKEN-TABLE-1. A token is looked for from its own slot on, up to the first that is empty; what is taken out leaves no gap on that way.
 */

export interface Stand {
  readonly node: number
  /** The entry that brought it there. */
  readonly seq: number
}

const LEAST_SLOTS = 64
/** How full it may be. */
const MOST = 0.7
/** Of Fibonacci hashing: tokens with numbers in a row are spread over all slots. */
const SPREAD = 0x9e3779b1

export class TokenTable {
  size = 0
  /** Tokens; 0 where a slot is empty. As many as there are slots, a power of two. */
  #tokens = new Float64Array(LEAST_SLOTS)
  #seqs = new Float64Array(LEAST_SLOTS)
  #nodes = new Uint32Array(LEAST_SLOTS)

  get(token: number): Stand | undefined {
    const at = this.#slotOf(token)
    return this.#tokens[at] === token ? this.#standAt(at) : undefined
  }

  set(token: number, { node, seq }: Stand): void {
    let at = this.#slotOf(token)
    if (this.#tokens[at] !== token) {
      if (this.size + 1 > this.#tokens.length * MOST) {
        this.#resize(2 * this.#tokens.length)
        at = this.#slotOf(token)
      }
      this.size++
    }
    this.#put(at, token, node, seq)
  }

  /** False if it isn't there. */
  delete(token: number): boolean {
    let gap = this.#slotOf(token)
    if (this.#tokens[gap] !== token) return false
    const last = this.#tokens.length - 1
    for (let at = (gap + 1) & last; this.#tokens[at] !== 0; at = (at + 1) & last) {
      const own = this.#firstSlot(this.#tokens[at] ?? 0)
      // It stays where its way from its own slot on doesn't pass the gap.
      if (((at - own) & last) < ((at - gap) & last)) continue
      this.#put(gap, this.#tokens[at] ?? 0, this.#nodes[at] ?? 0, this.#seqs[at] ?? 0)
      gap = at
    }
    this.#put(gap, 0, 0, 0)
    this.size--
    if (this.#tokens.length > LEAST_SLOTS && this.size < (this.#tokens.length * MOST) / 8)
      this.#resize(this.#tokens.length / 4)
    return true
  }

  #standAt(at: number): Stand {
    return { node: this.#nodes[at] ?? 0, seq: this.#seqs[at] ?? 0 }
  }

  #put(at: number, token: number, node: number, seq: number): void {
    this.#tokens[at] = token
    this.#nodes[at] = node
    this.#seqs[at] = seq
  }

  #firstSlot(token: number): number {
    return (Math.imul(token, SPREAD) >>> 0) & (this.#tokens.length - 1)
  }

  /** Where it is, or would be put. */
  #slotOf(token: number): number {
    const last = this.#tokens.length - 1
    let at = this.#firstSlot(token)
    while (this.#tokens[at] !== 0 && this.#tokens[at] !== token) at = (at + 1) & last
    return at
  }

  #resize(slots: number): void {
    const [tokens, nodes, seqs] = [this.#tokens, this.#nodes, this.#seqs]
    const least = Math.max(LEAST_SLOTS, slots)
    this.#tokens = new Float64Array(least)
    this.#seqs = new Float64Array(least)
    this.#nodes = new Uint32Array(least)
    for (const [i, token] of tokens.entries())
      if (token !== 0) this.#put(this.#slotOf(token), token, nodes[i] ?? 0, seqs[i] ?? 0)
  }
}
