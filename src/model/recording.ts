/** What a run recorded of a call, as another run that repeats it asks for it. */
import type { Json } from './row.ts'

/** Where a call was made: the same in every run of the same data. */
export interface CallPlace {
  /** Name of the row's source, and number of the record in it; null and 0 for a batch. */
  readonly source: string | null
  readonly index: number
  /** Number of the batch that the call was made for; 0 for a row. */
  readonly batch: number
  /** Name of the node. */
  readonly node: string
  /** Branches of the forks that the row instance is inside, the outermost first. */
  readonly branches: readonly string[]
}

export interface RecordedCall {
  /** `error`: the response is `{code, message, retryable, response?}`. */
  readonly kind: 'answer' | 'error'
  readonly response: Json
}

export interface Recordings {
  /**
   * What the next call with this very request (canonical text) was answered: the one made in the same place, or else another,
   * in recorded order. null if there is none.
   */
  take(place: CallPlace, service: string, request: string): Promise<RecordedCall | null>
}
