/**
 * How a token ends where an edge leads to a sink or to `discard`: a pure function of how it came there.
 */
import { type Ending, type ErrorFact, fateNumber } from '../../model/outcome.ts'

/** Causes of error that come with an edge of their own. */
export type ErrorCause = 'error' | 'retries_exhausted' | 'sink_rejected'

/** What the latest edge of a token says about an ending that may follow. */
export type Passage =
  | { readonly kind: 'flow'; readonly node: number }
  | { readonly kind: 'gate'; readonly node: number }
  | { readonly kind: 'invalid'; readonly node: number; readonly error: ErrorFact }
  | { readonly kind: 'error'; readonly node: number; readonly cause: ErrorCause; readonly error: ErrorFact }

const COMPLETED = fateNumber('COMPLETED', 'flow')
const ROUTED = fateNumber('ROUTED', 'gate')
const ROUTED_ERROR = fateNumber('ROUTED', 'error')
const DISCARDED_GATE = fateNumber('DISCARDED', 'gate')
const DISCARDED_FILTER = fateNumber('DISCARDED', 'filter')
const SOURCE_INVALID = fateNumber('QUARANTINED', 'source_invalid')
const DROPPED = fateNumber('QUARANTINED', 'error')
const RETRIES_EXHAUSTED = fateNumber('FAILED', 'retries_exhausted')
const SINK_REJECTED = fateNumber('FAILED', 'sink_rejected')

/** The ending of a token that `sink` has taken. */
export function endAtSink(token: number, passage: Passage, sink: number): Ending {
  switch (passage.kind) {
    case 'flow':
      return { fate: COMPLETED, token, node: sink, sink, group: 0, error: null }
    case 'gate':
      return { fate: ROUTED, token, node: passage.node, sink, group: 0, error: null }
    case 'invalid':
      return { fate: SOURCE_INVALID, token, node: passage.node, sink, group: 0, error: passage.error }
    case 'error':
      return endAfterError(token, passage, sink)
  }
}

/** The ending of a token whose edge leads to `discard`. */
export function endAtDiscard(token: number, passage: Passage): Ending {
  switch (passage.kind) {
    case 'flow':
      return filtered(token, passage.node)
    case 'gate':
      return { fate: DISCARDED_GATE, token, node: passage.node, sink: 0, group: 0, error: null }
    case 'invalid':
      return { fate: SOURCE_INVALID, token, node: passage.node, sink: 0, group: 0, error: passage.error }
    case 'error':
      return endAfterError(token, passage, 0)
  }
}

/** The ending of a token for which a transform returned nothing. */
export function filtered(token: number, node: number): Ending {
  return { fate: DISCARDED_FILTER, token, node, sink: 0, group: 0, error: null }
}

function endAfterError(token: number, passage: Extract<Passage, { kind: 'error' }>, sink: number): Ending {
  const { node, error } = passage
  switch (passage.cause) {
    case 'error':
      return sink === 0
        ? { fate: DROPPED, token, node, sink: 0, group: 0, error }
        : { fate: ROUTED_ERROR, token, node, sink, group: 0, error }
    case 'retries_exhausted':
      return { fate: RETRIES_EXHAUSTED, token, node, sink, group: 0, error }
    case 'sink_rejected':
      return { fate: SINK_REJECTED, token, node, sink, group: 0, error }
  }
}
