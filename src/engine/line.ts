/**
 * The line: all tokens that wait for something, in the order in which an interpreter that takes one row at a time, depth
 * first, would meet them (I7). Nodes where order matters (sinks, and nodes with state) take a token when no token before
 * it in the line can still reach them.
 *
 * N1. A token that isn't in the line and is being advanced comes after all that are.
 * N2. Children stand where their parent stood, in order.
 * N3. Whatever a token can't reach, its children can't: so for each ordered node the first token that can reach it only
 *     ever moves towards the end, and finding it costs each place at most one look.
 */
import type { Token } from './token.ts'

export interface Place {
  readonly token: Token
  before: Place | null
  after: Place | null
}

export class Line {
  /** Number of tokens in line. */
  size = 0
  #first: Place | null = null
  #last: Place | null = null
  readonly #reaches: (node: number, target: number) => boolean
  /** By ordered node: no place before this one can reach it; null: unknown. */
  readonly #search: Map<number, Place | null>

  constructor(ordered: Iterable<number>, reaches: (node: number, target: number) => boolean) {
    this.#reaches = reaches
    this.#search = new Map(Array.from(ordered, node => [node, null]))
  }

  /** Puts a token at the end. */
  join(token: Token): void {
    token.place = this.#insert(token, this.#last)
  }

  /** Puts children where the parent stands, in order, and takes the parent out. */
  replace(parent: Token, children: readonly Token[]): void {
    let after = parent.place
    if (after === null) return
    for (const child of children) {
      after = this.#insert(child, after)
      child.place = after
    }
    this.leave(parent)
  }

  leave(token: Token): void {
    const place = token.place
    if (place === null) return
    token.place = null
    this.size--
    for (const [node, at] of this.#search) if (at === place) this.#search.set(node, place.after)
    if (place.before === null) this.#first = place.after
    else place.before.after = place.after
    if (place.after === null) this.#last = place.before
    else place.after.before = place.before
  }

  /** The first token in line that stands at a node from which `ordered` can be reached, that node included. */
  firstFor(ordered: number): Token | null {
    let at = this.#search.get(ordered) ?? this.#first
    while (at !== null && !this.#reaches(at.token.node, ordered)) at = at.after
    this.#search.set(ordered, at)
    return at?.token ?? null
  }

  /** Whether it is this token's turn at `ordered`. */
  isTurn(token: Token, ordered: number): boolean {
    if (this.size === 0) return true
    const first = this.firstFor(ordered)
    return first === null || first === token
  }

  #insert(token: Token, before: Place | null): Place {
    const after = before === null ? this.#first : before.after
    const place: Place = { token, before, after }
    if (before === null) this.#first = place
    else before.after = place
    if (after === null) this.#last = place
    else after.before = place
    this.size++
    return place
  }
}
