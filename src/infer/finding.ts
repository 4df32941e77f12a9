/** What was found out about files: what is written as a pipeline, and what `--json` prints. */
import type { DeclaredType } from './declarable.ts'
import type { Options, Rejected } from './reading.ts'

/** What a schema declares of a field. */
export interface FieldFinding {
  readonly field: string
  /** As it stands in the file, where that differs. */
  readonly header?: string
  /** None: any. Several: of several types. */
  readonly types: readonly DeclaredType[]
  /** May be missing or null. */
  readonly optional: boolean
  /** Pattern of its dates; where they aren’t ISO 8601 already. */
  readonly date_format?: string
  /** No record lacks it, and no value stands twice. */
  readonly unique: boolean
  /** What is worth knowing, a phrase each. */
  readonly remarks: readonly string[]
  /** What isn’t certain, a sentence without a full stop each. */
  readonly doubts: readonly string[]
}

/** How a file is read, and what its fields are. */
export interface Found {
  /** Of the source. */
  readonly options: Options
  readonly mode: 'fixed' | 'flexible' | 'observed'
  readonly fields: readonly FieldFinding[]
  /** Of the file as a whole, a sentence without a full stop each; fields have their own. */
  readonly doubts: readonly string[]
}

export interface RejectedFinding {
  readonly count: number
  readonly codes: { readonly [code: string]: number }
  readonly first: readonly Rejected[]
}

/** Of the files that one source reads. */
export interface SourceFinding extends Found {
  /** As the pipeline names them. */
  readonly path: string | readonly string[]
  /** How many they are. */
  readonly files: number
  /** Its name. */
  readonly source: string
  readonly plugin: string
  /** Records, rejected ones included. */
  readonly records: number
  readonly rejected: RejectedFinding
}
