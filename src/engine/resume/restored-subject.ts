/** What the fold of one row's or batch's entries comes to, and what it is made of. */
import type { SubjectEntry } from '../../format/entry.ts'
import type { StoredPayload } from '../../ledger/read-port.ts'
import type { Answers } from '../token/answers.ts'
import type { CoalesceGroup } from '../token/fork-frames.ts'
import type { Subject, Token } from '../token/token.ts'

/** A token that is held, by the group, the join or the sort that holds it. */
export interface Held {
  readonly token: Token
  readonly ordinal: number
  readonly started_us: number
  /** Of its latest error: what it asked for. */
  readonly retry_after_ms: number
}

export interface RestoredSubject {
  readonly subject: Subject
  /** All that it ever had. */
  readonly tokens: readonly Token[]
  /** By batch: members of those that aren't closed. */
  readonly batched: ReadonlyMap<number, Held[]>
  /** Held by joins and sorts. */
  readonly kept: readonly Held[]
  /** Consumed by joins; of right ones the rows are known. */
  readonly joined: readonly Held[]
  /** Groups at coalesces that wait for branches. */
  readonly groups: readonly CoalesceGroup[]
  /** Tokens that wait for another attempt, since when, and what the error asked for. */
  readonly resting: ReadonlyArray<{
    readonly token: Token
    readonly failed_us: number
    readonly retry_after_ms: number
  }>
  /** Of a batch: its group, and when it was opened. */
  readonly opened: { readonly group: number; readonly node: number; readonly time_us: number } | null
  /** Of a batch: what its calls were answered. */
  readonly answers: Answers | null
}

/** An entry with its payload, and its name for people. */
export interface StoredStep {
  readonly seq: number
  readonly entry: SubjectEntry
  readonly payload: StoredPayload | null
  readonly place: string
}
