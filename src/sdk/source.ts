/** What a source is: it yields the records of an input, and can go on from each of them. */
import type { Json, Row } from '../model/row.ts'
import type { Call } from './call.ts'
import type { Probing } from './probe.ts'

/** A record that was read, before its schema was checked. */
export interface SourceRow {
  readonly kind: 'row'
  /** Line at which it begins, from 1; 0 where a source has no lines. */
  readonly line: number
  readonly row: Row
  /** The record's text, where there is one: kept if the row turns out not to fit its schema. */
  readonly raw?: string
  /** The file that it stands in, where the source has several. */
  readonly file?: string
  /** Where to continue after this record: whatever the source needs, JSON. */
  readonly position: Json
}
/** A record that could not be read. */
export interface SourceReject {
  readonly kind: 'reject'
  readonly line: number
  /** The record's text, or its value where there is no text. */
  readonly raw: Json
  readonly code: string
  readonly message: string
  /** The field that it is about, if it is about one. */
  readonly field?: string
  /** The file that it stands in, where the source has several. */
  readonly file?: string
  readonly position: Json
}
export type SourceRecord = SourceRow | SourceReject

/** Of a source with several files: one of them has been read to its end. What follows is the next one's. */
export interface SourceFileEnd {
  readonly kind: 'end_of_file'
  /** Its length. */
  readonly bytes: number
  /** Behind all that is in it; `hashUpTo` of it is the file's hash. */
  readonly position: Json
}

/** What a source yields. */
export type SourceItem = SourceRecord | SourceFileEnd

/** What was read of a file, and is on record. */
export interface FileRead {
  readonly records: number
  readonly bytes: number
  /** Lower-case hex SHA-256 of these bytes. */
  readonly sha256: string
}

export interface ResumePoint {
  readonly records: number
  readonly position: Json
  /** Of a source with several files: those that were read to their ends, in the order of the list. */
  readonly files?: readonly FileRead[]
}

/** The files that a source with several of them reads. */
export interface SourceFiles {
  /** As rows and people know them, in the order in which they are read. Each name is there once. */
  readonly names: readonly string[]
  /** What is opened for that: absolute paths, which no sink may write to. Asked for once the source is prepared. */
  paths(): readonly string[]
  /** Why a file with this absolute path would be read by the next run; null if it wouldn't. */
  matches?(path: string): string | null
}

/** A column that the input names before its first record. */
export interface SourceColumn {
  readonly field: string
  /** Its name as it stands there. */
  readonly header: string
}

/** What stands before the first record. */
export interface SourceHead {
  /** The input, for people: a file as the pipeline names it. */
  readonly input: string
  /** In order; null where the input names none. */
  readonly columns: readonly SourceColumn[] | null
  /** What people should know of how it is read, a sentence each. */
  readonly warnings?: readonly string[]
  /** Of several inputs: how many more begin just so. */
  readonly alike?: number
  /** Of several inputs: those that begin otherwise. */
  readonly unlike?: readonly SourceHead[]
}

/** What a source may use while it reads. */
export interface SourceContext {
  /** Aborted when the run stops; whatever takes long should then be given up. */
  readonly signal: AbortSignal
  /**
   * Asks one of the services that the spec's `services` names: one call at a time. What failed and could be helped by another attempt is
   * asked again as the pipeline's `retry` says; the error that comes back is the last one. A source that is resumed asks for what led to the
   * position that it continues from once more, and is given what is on record; so a request must follow from the position alone.
   * @throws CustodyError CUSTODY_REPLAY_MISS if the run that is replayed has no answer to it.
   */
  readonly call: Call
}

/** For reading where nobody can be asked: outside of runs. */
export const NOBODY_TO_ASK: SourceContext = {
  signal: new AbortController().signal,
  call: service => Promise.reject(new Error(`it calls ${service}, and nobody can be called here`)),
}

/**
 * A range of what a source reads: whole records, one after another, with all that stands before and between them. Which ranges there are
 * follows from the bytes, and from where they are asked to end, alone.
 */
export interface SourceRange {
  /** Where it begins, as positions are; null: where the input begins. */
  readonly from: Json
  /** Where it ends; of the source's own making, JSON. */
  readonly to: Json
  /** Records of the source before it. */
  readonly records_before: number
  /** In it, those that are rejected included. */
  readonly records: number
  /** The line at which it begins, from 1; 0 where a source has no lines. */
  readonly line: number
  /** In it. What stands before the first record is part of the first range, what follows the last one of the last. */
  readonly bytes: number
  /** Lower-case hex SHA-256 of its bytes; with several files, of those that it has in the last of its files. Empty for sources without bytes. */
  readonly sha256: string
  /** With several files: those that end in it, in order, each with what it has of them. */
  readonly files?: readonly FileRead[]
}

/** What a cut may stop at. */
export interface CutLimits {
  /** Aborted when nobody wants the ranges any more: then it throws the signal's reason. */
  readonly signal: AbortSignal
  /** No more records are part of any range than these, and nothing that follows the last of them. */
  readonly most_records?: number
}

export interface Source extends Probing {
  /**
   * Of a source with several files: finds out which these are, once and before anything else is asked of it. They are on record from
   * then on. `recorded`: the names on record of the run that is resumed, or repeated; they are its files, whatever is there now, and
   * `prepare` is the time to look for them.
   * @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_SOURCE, CUSTODY_INPUT_FORMAT.
   */
  list?(recorded: readonly string[] | null): Promise<SourceFiles>
  /**
   * Looks whether there is something to read, and reads nothing. Meant for before a run begins, for sources that aren't
   * done yet. @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_SOURCE.
   */
  prepare?(): Promise<void>
  /**
   * Whom reading waits for before anything comes, for people: `somebody who writes to /tmp/pipe`; null if for nobody. Reads
   * nothing.
   */
  awaits?(from: ResumePoint | null): Promise<string | null>
  /**
   * Reads what stands before the first record (a header), and nothing else. Called at most once, before `read`, and where it can
   * be before anything is written: what it throws stops the run with all outputs as they were. Of a source with several files, those
   * that are left; it also makes sure that the others are what was read (`ResumePoint.files`).
   * @throws CustodyError CUSTODY_SOURCE, CUSTODY_INPUT_FORMAT if the input isn't what it should be, CUSTODY_SOURCE_CHANGED.
   */
  begin?(from?: ResumePoint | null): Promise<SourceHead>
  /**
   * How long it is where it is cut: what the `ends` of `cut` count. Absent: `size`; packed files, of which that isn't known, count as they
   * lie there.
   */
  extent?(): Promise<number>
  /**
   * Cuts what is there into ranges. The n-th ends behind the record in which the n-th of these bytes lies (ascending, from 0, of all that
   * `extent` counts), the last one with the input, so that there is one more than `ends`; some may have no records, or no bytes. With several
   * files, of which one can't be cut within, it ends where that file begins or ends, whichever is nearer; so it does with parts of a file that can
   * only be read as a whole. Records are
   * those that `read` finds, rejected ones included; they are counted, and nothing is made of them. Comes behind `prepare`, of a source
   * that isn't read; whoever has the ranges opens others for them. Absent, or null, where it can't be cut: one file that is compressed, a pipe, one
   * record that is the whole input, a table whose key doesn't tell rows apart; with `most_records`, any of several files that can't.
   * @throws CustodyError what `begin` and `read` throw, and CUSTODY_SOURCE_CHANGED if what is there changes meanwhile.
   */
  cut?(ends: readonly number[], limits: CutLimits): Promise<readonly SourceRange[] | null>
  /**
   * From now on it reads this range and nothing else, as if the input began and ended there; what stands before the first record, a header,
   * is that of the input. Called at most once, before `prepare`. Positions and lines are those of the whole input; records, `files`,
   * ends of files, `hashUpTo`, `size`, `bytesBefore` and `end` count from where the range begins. At its end, `hashUpTo` must give the range's
   * `sha256`, and files that end in it must be its `files`: whoever reads it compares.
   * Reading it throws CustodyError CUSTODY_SOURCE_CHANGED if no record ends any more where the range does.
   */
  select?(range: SourceRange): void
  /**
   * Yields records in order, in chunks of any size (some hundreds are best), from the start or after a point; with several files
   * also where each of these ends.
   * @throws CustodyError CUSTODY_SOURCE if it can't be read, CUSTODY_SOURCE_CHANGED.
   */
  read(from: ResumePoint | null, context: SourceContext): AsyncIterable<readonly SourceItem[]>
  /**
   * Lower-case hex SHA-256 of the bytes up to a position that was yielded, from the beginning of its file on; positions never go
   * back. Of the position that `read` continues from only once it has yielded something or ended: until then the recorded hash
   * stands.
   * Absent for sources without bytes.
   */
  hashUpTo?(position: Json): string
  /**
   * After `read` has ended: the position behind everything, and the number of bytes of all files, what follows the last record
   * (blank lines, a closing bracket) included. Absent for sources without bytes.
   */
  end?(): { readonly position: Json; readonly bytes: number }
  /** How many bytes there are to read; null if that can't be known. Only for showing people how far a run is. */
  size?(): Promise<number | null>
  /** How many of these lie before a position that was yielded. */
  bytesBefore?(position: Json): number
  /**
   * Whether nothing stood before the position at which `read` ended but blanks and line breaks. A run stops if such an input had rows
   * the time before. Absent: no byte did.
   */
  isBlank?(position: Json): boolean
  /**
   * Reads a record again that it rejected with `code` before, from what it gave as its `raw`: for `custody rerun`, where options
   * or schema may have changed since. `ended`: the position at which that run had come to the end of its input, null if that isn't
   * known; what has to be known of the input to read the record stands there, since the input may be another one by now. Of
   * a source with several files it is where the record's own one ended, and `file` that one's name. Null if `raw` isn't the whole
   * record, or it can't be read so. May be called without `read`.
   */
  reread?(raw: Json, code: string, ended: Json | null, file?: string | null): Promise<SourceRecord | null>
  /** The original names of normalised fields, once they are known: `{field: original}`. */
  originalNames?(): { readonly [field: string]: string } | null
  close(): Promise<void>
}
