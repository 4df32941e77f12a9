/** What a run has in flight at a commit, for whoever continues it. */
import type { Answers } from './answers.ts'
import type { BatchGroup } from './batch-group.ts'
import type { CoalesceGroup, Waiting } from './fork-frames.ts'
import type { Subject, Token } from './token.ts'
import type { Trace } from './traces.ts'

/** What was under way at a commit, but for what sorts and joins hold. Times are what is left of them. */
export interface InFlight {
  readonly order: readonly (Token | Trace)[]
  /** All that have open tokens in memory. */
  readonly subjects: readonly Subject[]
  readonly groups: ReadonlyArray<{ readonly group: CoalesceGroup; readonly left_us: number }>
  readonly batches: ReadonlyArray<{
    readonly group: BatchGroup
    readonly members: readonly Waiting[]
    readonly opened_us: number
    readonly answers: Answers | null
    /** Of its backoff, if an attempt has failed. */
    readonly left_us: number
  }>
  readonly resting: ReadonlyArray<{ readonly token: Token; readonly left_us: number }>
}
