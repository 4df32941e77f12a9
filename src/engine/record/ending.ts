/**
 * How tokens end: pure functions of how a token came to where it ends. The only place where endings are made.
 */
import type { GroupId, NodeNumber, TokenId } from '../../model/ids.ts'
import { type Ending, type ErrorFact, fateNumber } from '../../model/outcome.ts'
import type { MergeFailure } from '../token/group-verdict.ts'
import type { Passage } from '../token/passage.ts'

const COMPLETED = fateNumber('COMPLETED', 'flow')
const ROUTED = fateNumber('ROUTED', 'gate')
const ROUTED_ERROR = fateNumber('ROUTED', 'error')
const DISCARDED_GATE = fateNumber('DISCARDED', 'gate')
const DISCARDED_FILTER = fateNumber('DISCARDED', 'filter')
const SOURCE_INVALID = fateNumber('QUARANTINED', 'source_invalid')
const DROPPED = fateNumber('QUARANTINED', 'error')
const RETRIES_EXHAUSTED = fateNumber('FAILED', 'retries_exhausted')
const LATE_ARRIVAL = fateNumber('FAILED', 'late_arrival')
const BRANCH_LOST = fateNumber('FAILED', 'branch_lost')
const QUORUM_NOT_MET = fateNumber('FAILED', 'quorum_not_met')
const TIMEOUT = fateNumber('FAILED', 'timeout')
const MERGE_CONFLICT = fateNumber('FAILED', 'merge_conflict')
const SELECT_MISSING = fateNumber('FAILED', 'select_missing')
const FORKED = fateNumber('FORKED', 'fork')
const EXPANDED = fateNumber('EXPANDED', 'expand')
const COALESCED = fateNumber('COALESCED', 'merge')
const CONSUMED = fateNumber('CONSUMED_IN_BATCH', 'batch')
/** How members of a join end. */
export const JOINED = fateNumber('CONSUMED_IN_BATCH', 'join')
export const ABANDONED = fateNumber('FAILED', 'abandoned')
const REPLAY_MISS = fateNumber('FAILED', 'replay_miss')
const BATCH_FAILED = fateNumber('FAILED', 'batch_failed')
const IN_DOUBT = fateNumber('FAILED', 'in_doubt')
const SINK_REJECTED = fateNumber('FAILED', 'sink_rejected')

/** The ending of a token that `sink` has taken. */
export function endAtSink(token: TokenId, passage: Passage, sink: NodeNumber): Ending {
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
export function endAtDiscard(token: TokenId, passage: Passage): Ending {
  switch (passage.kind) {
    case 'flow':
      return filtered(token, passage.node)
    case 'gate':
      return { fate: DISCARDED_GATE, token, node: passage.node, sink: 0, group: 0, error: null }
    case 'invalid':
      return { fate: SOURCE_INVALID, token, node: passage.node, sink: 0, group: 0, error: passage.error }
    case 'error':
      return endAfterError(token, passage, null)
  }
}

/** The ending of a token that was written to no sink because it and others became something new. */
export function passedOn(token: TokenId, node: NodeNumber, how: keyof typeof PASSED_ON, group: GroupId): Ending {
  return { fate: PASSED_ON[how], token, node, sink: 0, group, error: null }
}

const PASSED_ON = { fork: FORKED, expand: EXPANDED, merge: COALESCED, batch: CONSUMED, join: JOINED } as const

/** The ending of a token at a coalesce whose group failed, or that came after its group; `sink`: the one that has its row, if one has. */
export function failedAtCoalesce(
  token: TokenId,
  node: NodeNumber,
  cause: MergeFailure | 'late_arrival',
  group: GroupId,
  error: ErrorFact,
  sink: NodeNumber | null = null,
): Ending {
  const common = { token, node, sink: sink ?? 0, group, error } as const
  switch (cause) {
    case 'late_arrival':
      return { fate: LATE_ARRIVAL, ...common }
    case 'branch_lost':
      return { fate: BRANCH_LOST, ...common }
    case 'quorum_not_met':
      return { fate: QUORUM_NOT_MET, ...common }
    case 'timeout':
      return { fate: TIMEOUT, ...common }
    case 'merge_conflict':
      return { fate: MERGE_CONFLICT, ...common }
    case 'select_missing':
      return { fate: SELECT_MISSING, ...common }
  }
}

/** The ending of a token that was still open when its run was given up. */
export function abandoned(token: TokenId, node: NodeNumber, error: ErrorFact): Ending {
  return { fate: ABANDONED, token, node, sink: 0, group: 0, error }
}

/** The ending of a token whose visit asked for what the replayed run has no record of. */
export function replayMissed(token: TokenId, node: NodeNumber, error: ErrorFact): Ending {
  return { fate: REPLAY_MISS, token, node, sink: 0, group: 0, error }
}

/** The ending of a token that a sink may have sent, or not. It counts as none of the sink's rows. */
export function inDoubt(token: TokenId, node: NodeNumber, error: ErrorFact): Ending {
  return { fate: IN_DOUBT, token, node, sink: 0, group: 0, error }
}

/** The ending of a token for which a transform returned nothing. */
export function filtered(token: TokenId, node: NodeNumber): Ending {
  return { fate: DISCARDED_FILTER, token, node, sink: 0, group: 0, error: null }
}

function endAfterError(token: TokenId, passage: Extract<Passage, { kind: 'error' }>, sink: NodeNumber | null): Ending {
  const { node, error } = passage
  const written = sink ?? 0
  switch (passage.cause.kind) {
    case 'batch_failed':
      return { fate: BATCH_FAILED, token, node, sink: written, group: passage.cause.group, error }
    case 'error':
      return sink === null
        ? { fate: DROPPED, token, node, sink: 0, group: 0, error }
        : { fate: ROUTED_ERROR, token, node, sink, group: 0, error }
    case 'retries_exhausted':
      return { fate: RETRIES_EXHAUSTED, token, node, sink: written, group: 0, error }
    case 'sink_rejected':
      return { fate: SINK_REJECTED, token, node, sink: written, group: 0, error }
    default:
      return failedAtCoalesce(token, node, passage.cause.kind, passage.cause.group, error, sink)
  }
}
