/** What a run recorded of a call, as another run that repeats it asks for it. */
import type { Json } from './row.ts'

/** Where a call was made: the same in every run of the same data. */
export interface CallPlace {
  /** Name of the row's source, and number of the record in it; of a batch its aggregate, and which of its batches it is. */
  readonly source: string | null
  readonly index: number
  /** Name of the node. */
  readonly node: string
  /** Branches of the forks that the row instance is inside, the outermost first. */
  readonly branches: readonly string[]
}

/** A call, as it is found again. */
export interface CallAsked {
  readonly place: CallPlace
  /** Of the visit; and which of the attempt's calls it is. */
  readonly attempt: number
  readonly ordinal: number
  readonly service: string
  /** Canonical text. */
  readonly request: string
}

export interface RecordedCall {
  /** `error`: the response is `{code, message, retryable, response?}`. */
  readonly kind: 'answer' | 'error'
  readonly response: Json
}

export interface Recordings {
  /**
   * What a call with this very request came to: the one made in the same place, by the same attempt with the same ordinal if
   * there is one, or else another that was answered, in recorded order. null if there is none. `only`: no errors.
   */
  take(asked: CallAsked, only?: 'answer'): Promise<RecordedCall | null>
}
