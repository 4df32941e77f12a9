/** By what a token came to where it stands: what its ending will say, if it ends there. */
import type { GroupId, NodeNumber } from '../../model/ids.ts'
import type { ErrorFact } from '../../model/outcome.ts'
import type { MergeFailure } from './group-verdict.ts'

/** Causes of error that come with an edge of their own. */
export type ErrorCause =
  | { readonly kind: 'error' | 'retries_exhausted' | 'sink_rejected' }
  /** With the batch's group, or that at a coalesce. */
  | { readonly kind: 'batch_failed' | MergeFailure | 'late_arrival'; readonly group: GroupId }

/** What the latest edge of a token says about an ending that may follow. */
export type Passage =
  | { readonly kind: 'flow'; readonly node: NodeNumber }
  | { readonly kind: 'gate'; readonly node: NodeNumber }
  | { readonly kind: 'invalid'; readonly node: NodeNumber; readonly error: ErrorFact }
  | { readonly kind: 'error'; readonly node: NodeNumber; readonly cause: ErrorCause; readonly error: ErrorFact }
