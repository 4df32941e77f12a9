/**
 * What a token is doing where it stands: exactly one of these. Only `Token` changes its state, and only along these arrows; who
 * moves on to the next node, or fails an attempt and waits for another, is free again.
 *
 *   free ──► awaits_turn ──► free           an ordered node can't take it yet, and then can
 *   free ──► sending ──► sending            it had its turn at a sink that sends; the next attempt knows more
 *   free ──► in_group                       held at a coalesce for the rest of its group
 *   free ──► kept                           held at a join or a sort until its input has ended
 *   free ──► in_batch ──► in_work ──► in_work   held in a batch that gathers members; then its plugin works on that, once or again
 *   in_group, kept, in_batch, in_work, sending ──► free
 *   free, in_group, kept, in_batch, in_work, sending ──► ended
 *
 * Whether it has a place in the order list, and blocks others there, is the list's own business (place.ts).
 */
import type { Together } from '../../format/entry.ts'
import type { Token } from './token.ts'

export type TokenState =
  /** Is advanced, or waits for its plugin, for room in a pool, for the next attempt, or, in a replay, for its turn on record. */
  | { readonly kind: 'free' }
  | { readonly kind: 'awaits_turn' }
  | Sending
  | { readonly kind: 'in_group' }
  | { readonly kind: 'kept' }
  | { readonly kind: 'in_batch' }
  /** `keeper`: the member that keeps the batch's place in the order list. One object for all members. */
  | { readonly kind: 'in_work'; readonly keeper: Token }
  | { readonly kind: 'ended' }

/** Of a token that had its turn at a sink that sends, until it leaves it. */
export interface Sending {
  readonly kind: 'sending'
  /** Of some request nobody knows whether it was taken. */
  readonly in_doubt: boolean
  /** The rows of its request; null while they gather. */
  readonly together: Together | null
  /** Attempts that are not used up, because the service was down. */
  readonly uncounted: number
}

type Kind = TokenState['kind']

// One object each: a row makes several transitions, and none of them should cost one.
export const FREE: TokenState = Object.freeze({ kind: 'free' })
export const AWAITS_TURN: TokenState = Object.freeze({ kind: 'awaits_turn' })
export const IN_GROUP: TokenState = Object.freeze({ kind: 'in_group' })
export const KEPT: TokenState = Object.freeze({ kind: 'kept' })
export const IN_BATCH: TokenState = Object.freeze({ kind: 'in_batch' })
export const ENDED: TokenState = Object.freeze({ kind: 'ended' })

const NEXT: { readonly [from in Kind]: readonly Kind[] } = {
  free: ['free', 'awaits_turn', 'sending', 'in_group', 'kept', 'in_batch', 'ended'],
  awaits_turn: ['free'],
  sending: ['sending', 'free', 'ended'],
  in_group: ['free', 'ended'],
  kept: ['free', 'ended'],
  in_batch: ['in_work', 'free', 'ended'],
  in_work: ['in_work', 'free', 'ended'],
  ended: [],
}

/** Whether a token in state `from` may come into state `to`. */
export function mayFollow(from: TokenState, to: TokenState): boolean {
  // On the row path most tokens go on, or end.
  if (from === FREE && (to === FREE || to === ENDED)) return true
  return NEXT[from.kind].includes(to.kind)
}

const HELD: ReadonlySet<Kind> = new Set(['in_group', 'kept', 'in_batch', 'in_work'])

/** Whether its visit goes on until its group, or its batch, closes, or its join or sort lets it go. */
export function isHeld(state: TokenState): boolean {
  // Asked at each visit, and most are free.
  if (state === FREE) return false
  const { kind } = state
  return HELD.has(kind)
}
