/**
 * How a token can end: the one table of outcomes.
 * The types below, the constraints of the `endings` table, `docs/outcomes.md` and the verifier all come from it.
 */
import type { GroupId, NodeNumber, TokenId, ValueNumber } from './ids.ts'

export type OutcomeClass = 'success' | 'failure' | 'passed on'

/** Whether an ending of this kind names a sink, a group, an error. */
type Presence = 'required' | 'optional' | 'forbidden'

interface FateSpec {
  /** The number that entries and tables carry. Never reused, never renumbered: it is part of the ledger format. */
  readonly number: number
  readonly outcome: string
  readonly cause: string
  readonly class: OutcomeClass
  readonly sink: Presence
  readonly group: Presence
  /** An error is a code and a commitment to its details; they come together. */
  readonly error: 'required' | 'forbidden'
  /** For people: "Row 17 was … ". */
  readonly words: string
}

const fate = <const T extends FateSpec>(spec: T): T => spec

export const FATES = [
  fate({
    number: 1,
    outcome: 'COMPLETED',
    cause: 'flow',
    class: 'success',
    sink: 'required',
    group: 'forbidden',
    error: 'forbidden',
    words: 'written to a sink',
  }),
  fate({
    number: 2,
    outcome: 'ROUTED',
    cause: 'gate',
    class: 'success',
    sink: 'required',
    group: 'forbidden',
    error: 'forbidden',
    words: 'routed to a sink by a gate',
  }),
  fate({
    number: 3,
    outcome: 'ROUTED',
    cause: 'error',
    class: 'failure',
    sink: 'required',
    group: 'forbidden',
    error: 'required',
    words: 'routed to a sink after an error',
  }),
  fate({
    number: 4,
    outcome: 'DISCARDED',
    cause: 'gate',
    class: 'success',
    sink: 'forbidden',
    group: 'forbidden',
    error: 'forbidden',
    words: 'discarded by a gate',
  }),
  fate({
    number: 5,
    outcome: 'DISCARDED',
    cause: 'filter',
    class: 'success',
    sink: 'forbidden',
    group: 'forbidden',
    error: 'forbidden',
    words: 'filtered out',
  }),
  fate({
    number: 6,
    outcome: 'QUARANTINED',
    cause: 'source_invalid',
    class: 'failure',
    sink: 'optional',
    group: 'forbidden',
    error: 'required',
    words: 'rejected at the source',
  }),
  fate({
    number: 7,
    outcome: 'QUARANTINED',
    cause: 'error',
    class: 'failure',
    sink: 'forbidden',
    group: 'forbidden',
    error: 'required',
    words: 'dropped after an error',
  }),
  fate({
    number: 8,
    outcome: 'FAILED',
    cause: 'retries_exhausted',
    class: 'failure',
    sink: 'optional',
    group: 'forbidden',
    error: 'required',
    words: 'failed after all retries',
  }),
  fate({
    number: 9,
    outcome: 'FAILED',
    cause: 'batch_failed',
    class: 'failure',
    sink: 'optional',
    group: 'required',
    error: 'required',
    words: 'failed with its batch',
  }),
  fate({
    number: 10,
    outcome: 'FAILED',
    cause: 'sink_rejected',
    class: 'failure',
    sink: 'optional',
    group: 'forbidden',
    error: 'required',
    words: 'refused by a sink',
  }),
  fate({
    number: 11,
    outcome: 'FAILED',
    cause: 'late_arrival',
    class: 'failure',
    sink: 'optional',
    group: 'required',
    error: 'required',
    words: 'came too late to be merged',
  }),
  fate({
    number: 12,
    outcome: 'FAILED',
    cause: 'branch_lost',
    class: 'failure',
    sink: 'optional',
    group: 'required',
    error: 'required',
    words: 'failed because another branch was lost',
  }),
  fate({
    number: 13,
    outcome: 'FAILED',
    cause: 'quorum_not_met',
    class: 'failure',
    sink: 'optional',
    group: 'required',
    error: 'required',
    words: 'failed because too few branches arrived',
  }),
  fate({
    number: 14,
    outcome: 'FAILED',
    cause: 'timeout',
    class: 'failure',
    sink: 'optional',
    group: 'required',
    error: 'required',
    words: 'failed because another branch took too long',
  }),
  fate({
    number: 15,
    outcome: 'FAILED',
    cause: 'merge_conflict',
    class: 'failure',
    sink: 'optional',
    group: 'required',
    error: 'required',
    words: 'failed because branches disagreed',
  }),
  fate({
    number: 16,
    outcome: 'FAILED',
    cause: 'select_missing',
    class: 'failure',
    sink: 'optional',
    group: 'required',
    error: 'required',
    words: 'failed because the selected branch was missing',
  }),
  fate({
    number: 17,
    outcome: 'FAILED',
    cause: 'in_doubt',
    class: 'failure',
    sink: 'forbidden',
    group: 'forbidden',
    error: 'required',
    words: 'in doubt: the far side may have taken it',
  }),
  fate({
    number: 18,
    outcome: 'FAILED',
    cause: 'replay_miss',
    class: 'failure',
    sink: 'forbidden',
    group: 'forbidden',
    error: 'required',
    words: 'failed because the replayed run has no such call',
  }),
  fate({
    number: 19,
    outcome: 'FAILED',
    cause: 'abandoned',
    class: 'failure',
    sink: 'forbidden',
    group: 'forbidden',
    error: 'required',
    words: 'abandoned',
  }),
  fate({
    number: 20,
    outcome: 'FORKED',
    cause: 'fork',
    class: 'passed on',
    sink: 'forbidden',
    group: 'required',
    error: 'forbidden',
    words: 'split into branches',
  }),
  fate({
    number: 21,
    outcome: 'EXPANDED',
    cause: 'expand',
    class: 'passed on',
    sink: 'forbidden',
    group: 'required',
    error: 'forbidden',
    words: 'expanded into several rows',
  }),
  fate({
    number: 22,
    outcome: 'COALESCED',
    cause: 'merge',
    class: 'passed on',
    sink: 'forbidden',
    group: 'required',
    error: 'forbidden',
    words: 'merged with its other branches',
  }),
  fate({
    number: 23,
    outcome: 'CONSUMED_IN_BATCH',
    cause: 'batch',
    class: 'passed on',
    sink: 'forbidden',
    group: 'required',
    error: 'forbidden',
    words: 'consumed in a batch',
  }),
  fate({
    number: 24,
    outcome: 'CONSUMED_IN_BATCH',
    cause: 'join',
    class: 'passed on',
    sink: 'forbidden',
    group: 'required',
    error: 'forbidden',
    words: 'joined with what matches it',
  }),
] as const

/** Code of the error by which a token ends as in_doubt, and of calls after which nobody can say whether they were taken. */
export const IN_DOUBT = 'IN_DOUBT'

export type Fate = (typeof FATES)[number]
export type FateNumber = Fate['number']
export type Outcome = Fate['outcome']
export type Cause = Fate['cause']

/** Reported beside the endings, and not one: the token is held at an aggregate, a coalesce, a join or a sort. */
export const BUFFERED = 'BUFFERED'

type Optional<P extends Presence, T> = P extends 'required' ? T : P extends 'optional' ? T | 0 : 0

/** Code and commitment of an error; the details are a value. */
export interface ErrorFact {
  /** Declared by the plugin or the engine: `[A-Z0-9_]{1,64}`. */
  readonly code: string
  /** Number of the subject's value that holds `{code, message, …}`. */
  readonly value: ValueNumber
}

/**
 * One ending, as pure decisions return it. What a fate requires and forbids is part of the type:
 * `Ending<'late_arrival'>` can't be written without its group and error. 0 means none.
 */
export type Ending = {
  [F in Fate as F['number']]: {
    readonly fate: F['number']
    readonly token: TokenId
    /** The node at which it ended, or which decided that it ends. */
    readonly node: NodeNumber
    readonly sink: Optional<F['sink'], NodeNumber>
    readonly group: Optional<F['group'], GroupId>
    readonly error: F['error'] extends 'required' ? ErrorFact : null
  }
}[FateNumber]

const by_number: ReadonlyArray<Fate | undefined> = FATES.reduce<(Fate | undefined)[]>((table, each) => {
  table[each.number] = each
  return table
}, [])

export function fateOf(number: number): Fate | undefined {
  return by_number[number]
}

type NumberOf<O extends Outcome, C extends Cause> = Extract<Fate, { outcome: O; cause: C }>['number']

/** The number of an outcome and cause that the table has; anything else does not compile. */
export function fateNumber<O extends Outcome, C extends Extract<Fate, { outcome: O }>['cause']>(
  outcome: O,
  cause: C,
): NumberOf<O, C> {
  const found = FATES.find(each => each.outcome === outcome && each.cause === cause)
  if (found === undefined) throw new TypeError(`no fate ${outcome} / ${cause}`)
  return found.number as NumberOf<O, C>
}

/**
 * SQL that holds exactly for rows of `endings(fate, sink, grp, error_code, error_hash)` that the table allows.
 * Sets of fates are bit masks: lists (`fate IN (…)`) made each insert six times as slow.
 */
export function endingConstraint(): string {
  const among = (keep: (each: FateSpec) => boolean) =>
    `(((1 << fate) & ${FATES.filter(keep).reduce((mask, each) => mask | (1 << each.number), 0)}) <> 0)`
  return [
    `fate BETWEEN 1 AND ${Math.max(...FATES.map(each => each.number))}`,
    among(() => true),
    `(sink IS NOT NULL OR NOT ${among(each => each.sink === 'required')})`,
    `(sink IS NULL OR NOT ${among(each => each.sink === 'forbidden')})`,
    `(grp IS NOT NULL) = ${among(each => each.group === 'required')}`,
    `(error_code IS NOT NULL) = ${among(each => each.error === 'required')}`,
    `(error_hash IS NOT NULL) = (error_code IS NOT NULL)`,
  ].join(' AND ')
}
