/** What a run has on record, as another run that repeats it asks for it: its calls, and the order in which things came. */
import type { Json, Row } from '../model/row.ts'
import type { PlanValue, RerunValue } from './run-values.ts'

/** Where a call was made: the same in every run of the same data. */
export interface CallPlace {
  /** Name of the row's source, and number of the record in it; for a batch its aggregate, and which of its batches it is. */
  readonly source: string | null
  readonly index: number
  /** Of a batch in a run with splits: the part that has it; absent for all else. */
  readonly part?: number
  /** Name of the node. */
  readonly node: string
  /** Branches of the forks that the token is inside, the outermost first. */
  readonly branches: readonly string[]
  /** How the token came to be (format/lineage.ts). */
  readonly path: string
}

/** A call, as it is found again. */
export interface CallAsked {
  readonly place: CallPlace
  /** Attempt of the visit, and which of the attempt's calls it is. */
  readonly attempt: number
  readonly ordinal: number
  readonly service: string
  /** The request's canonical text. */
  readonly request: string
}

export interface RecordedCall {
  /** `error`, `refused`: the response is `{code, message, retryable, response?}`. */
  readonly kind: 'answer' | 'error' | 'refused'
  readonly response: Json
}

export interface Recordings {
  /** For whoever works on this part of a run with splits: its batches are those of the part, which are numbered in each by themselves. */
  inPart(part: number): Recordings
  /**
   * The result of a call with this very request: the one made in the same place, by the same attempt with the same ordinal if
   * there is one, or else another that was answered, in recorded order. null if there is none. `only`: no errors.
   */
  take(asked: CallAsked, only?: 'answer'): Promise<RecordedCall | null>
}

/** A node where order matters (a sink, an aggregate, a sort, a coalesce) took a token. */
export interface RecordedTake {
  /** How the token came to be (format/lineage.ts). */
  readonly path: string
  /** Name of the node. */
  readonly node: string
  /** Ascending in the order in which nodes took tokens. */
  readonly at_us: number
  /** If two come at the same time, the one that was born first came first. */
  readonly token: number
  /** For an aggregate: the batch that it became a member of; null if that didn't close. */
  readonly batch: RecordedBatch | null
  /** An aggregate had too many batches open to take it. */
  readonly refused: boolean
}

/** What became of a group at a coalesce. */
export interface RecordedGroup {
  readonly verdict: string
  /** It would have waited for more, had its time not been up. */
  readonly timed_out: boolean
  /** Names of the branches that had come before the verdict. */
  readonly members: readonly string[]
}

/** What became of a batch. */
export interface RecordedBatch {
  readonly group: number
  readonly size: number
  readonly trigger: string
  /** The course of the tokens that were born of it. */
  readonly course: Course
}

/** What became of a row, or of what was born of a batch, where order matters. */
export interface Course {
  /** When the row was read, or the batch begun. */
  readonly began_us: number
  readonly takes: readonly RecordedTake[]
  /** By the path of the token that it merges into, or would. */
  readonly groups: ReadonlyMap<string, RecordedGroup>
}

/** A file that another run has read. */
export interface RepeatedFile {
  /** null if it is erased. */
  readonly name: string | null
  /** Where reading it ended; null if that isn't known. */
  readonly ended: Json | null
}

/** A row of another run, to be run again. */
export interface RepeatedRow {
  /** Its number there. */
  readonly row: number
  /** Number of its record within its source, from 1. */
  readonly index: number
  /** Line at which the record began, from 1; 0 where its source has no lines. */
  readonly line: number
  /** The file that it stood in; null if its source had no list of them. */
  readonly file: RepeatedFile | null
  readonly record: /** As it was ingested. */
    | { readonly kind: 'row'; readonly row: Row }
    /** It couldn't be used: the record’s own text or value, and why. */
    | { readonly kind: 'rejected'; readonly raw: Json; readonly code: string; readonly message: string }
    | { readonly kind: 'erased' }
}

/** Rows of another run that a re-run begins with, instead of what its sources have. */
export interface Repeats {
  readonly run: string
  /** Root of its finished log, as 64 hex digits. */
  readonly root: string
  /** Which rows these are, for the record. */
  readonly chosen: RerunValue
  /** Rows of the source with this name behind the row `after`, in order. */
  rowsOf(source: string, after: number): AsyncIterable<readonly RepeatedRow[]>
  /** Where the source with this name ended, as it said itself; null if that isn't known. */
  endOf(source: string): Json | null
}

/** null: not on record. */
export interface Courses {
  /** What the pipeline said about when groups close (`PlanValue`). */
  readonly closes: PlanValue['closes']
  /** What this part of a run with splits has of it: the order of things is that of a part. */
  inPart(part: number): Courses
  /** The number of the nth record, from 1, that was read of a source. */
  indexAt(source: string, nth: number): number | null
  /** The course of the record with this number, from 1, in a source. */
  ofRow(source: string, index: number): Promise<Course | null>
  /** An aggregate’s batch with this number, from 1. */
  ofBatch(aggregate: string, nth: number): Promise<RecordedBatch | null>
}
