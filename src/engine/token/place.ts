/** Where something stands in the order of what is in flight. Only the order list makes places and moves them. */
import type { Token } from './token.ts'
import type { Trace } from './traces.ts'

/** What has a place in the order list, or none while it comes after all that have. */
export interface Placed {
  readonly place: Place | null
}

export interface Place {
  /** A token, or a trace; neither at a mark. */
  readonly token: Token | null
  readonly trace: Trace | null
  /** Blocks nobody: its token is held at a coalesce. */
  passive: boolean
  /** Grows along the order list. */
  label: number
  before: Place | null
  after: Place | null
}
