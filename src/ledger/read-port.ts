/**
 * The read side of a ledger: stored facts as they stand, undecoded, and the views for auditors.
 * Readers (src/read) know nothing else. Nothing here ever creates or changes a ledger.
 *
 * READ-PORT-1. A cell's value has the type declared here, its text is that of its bytes, its number exact; a cell that isn't so
 *     is refused: CUSTODY_VERIFY_FAILED with its name.
 */
import type { TreeNumber } from '../format/trees.ts'

export interface StoredLog {
  readonly log: number
  /** null for log 0. */
  readonly run: string | null
  readonly part: number
}
export interface StoredEntry {
  readonly seq: number
  /** The row or the batch that it belongs to; both null: it belongs to the run. */
  readonly row: number | null
  readonly batch: number | null
  readonly body: string
}
/** The values of an entry. */
export type StoredPayload = ReadablePayload | UnreadablePayload
export interface ReadablePayload {
  readonly seq: number
  readonly salts: Uint8Array
  readonly body: string
}
/** Values that are encrypted, and stay so for this reader. */
export interface UnreadablePayload {
  readonly seq: number
  /** How many there are. */
  readonly values: number
  readonly unreadable: Unreadable
}
export type Unreadable =
  /** The reader hasn't got the key with this id. */
  | { readonly why: 'no_key'; readonly key_id: string }
  /** It has, and what is stored isn't what was encrypted. */
  | { readonly why: 'damaged' }

export function isReadable(payload: StoredPayload): payload is ReadablePayload {
  return !('unreadable' in payload)
}

/** Payloads of some entries, encrypted together: a record of the table `sealed` (docs/ledger-format.md). */
export interface SealedChunk {
  /** The first and the last of its entries. */
  readonly first: number
  readonly last: number
  /** Which entries these are, and how many values each has. */
  readonly entries: string
  /** Id of the ledger key that wraps the data key. */
  readonly key_id: string
  /** Nonce, encrypted data key, tag. */
  readonly data_key: Uint8Array
  /** What is encrypted, and its tag. */
  readonly message: Uint8Array
}
/** A full tile (format/tree.ts): its tree, its place, and its root. */
export interface StoredTile {
  readonly tree: number
  readonly level: number
  readonly idx: number
  readonly hash: Uint8Array
}
/** Tiles of one level, from 0: at most `most` from place `from` on. */
export interface TileRange {
  readonly level: number
  readonly from: number
  readonly most: number
}
/** Rows or batches by their numbers, both ends included. */
export interface SubjectRange {
  readonly kind: 'row' | 'batch'
  readonly first: number
  readonly last: number
}
/** An entry with its values; `payload` is null if it has none. */
export interface FullEntry extends StoredEntry {
  readonly payload: StoredPayload | null
}
/** All that is stored of a log with few entries, but for what is open in it. */
export interface ShortLog {
  readonly head: string | null
  /** In order. */
  readonly entries: readonly FullEntry[]
}
export interface StoredEnding {
  readonly token: number
  readonly seq: number
  readonly row: number | null
  readonly batch: number | null
  readonly fate: number
  readonly node: number
  readonly sink: number | null
  readonly grp: number | null
  readonly error_code: string | null
  readonly error_hash: Uint8Array | null
  readonly recorded_us: number
}
/** How many endings were errors with one code, at one node. */
export interface StoredErrorCount {
  readonly node: number
  readonly error_code: string
  readonly count: number
}
export interface StoredOpenToken {
  readonly token: number
  readonly row: number | null
  readonly batch: number | null
  /** Where it stands. */
  readonly node: number
  /** The entry that brought it there. */
  readonly seq: number
}

/** Logs by their numbers, both ends included. */
export interface LogRange {
  readonly from: number
  readonly to: number
}

/** Where a log ends. */
export interface LogEnd {
  readonly log: number
  /** How many entries it has. */
  readonly size: number
  /** Leaf hash of the last one. */
  readonly leaf: string
}

/** Some leases, where there may be very many. */
export interface LeasePage extends LogRange {
  readonly at_most: number
}

export interface StoredLease {
  readonly log: number
  readonly epoch: number
  /** JSON: host, boot, pid, start. */
  readonly holder: string
  readonly expires_us: number
}
/** In which order what others said of heads is read; `from`: of heads of so many entries or more. */
export type WordOrder = 'newest' | { readonly from: number }

/** A head of log 0 that witnesses have cosigned: a note with its text, the log's own signatures, and theirs. */
export interface StoredWitnessed {
  readonly size: number
  readonly note: string
}
/** A head of log 0 that a timestamp authority has dated: the note with the log's own signatures, and the token over it. */
export interface StoredTimestamp extends StoredWitnessed {
  readonly stamp: Uint8Array
}
/** All that is needed of a log to see whether log 0 describes it correctly. */
export interface StoredExtent {
  readonly log: number
  readonly run: string | null
  /** One more than its last entry's seq; 0 if it has none. */
  readonly size: number
  /** Body of entry 0. */
  readonly opening: string | null
  /** Its signed head. */
  readonly head: string | null
  /** Epoch of its lease; null if there is none. */
  readonly lease: number | null
}
/** A table, view, index, trigger or whatever else there is, as the database has it. */
export interface StoredObject {
  readonly type: string
  readonly name: string
  /** The table that it belongs to. */
  readonly tbl_name: string
  readonly sql: string | null
}
/** The objects of the file: those that are there, and those of the format. */
export interface StoredFile {
  readonly [property: string]: readonly [is: unknown, should: string | number]
}

export interface LedgerReader {
  /** For people: `sqlite:/abs/path`, or `postgres://…` without a password. */
  readonly url: string
  /** Opens it once more; may have a password, and is for no eyes. */
  readonly place: string
  /** All that `work` reads is from one moment, whatever is written meanwhile. Within another snapshot, that one's moment holds. */
  snapshot<T>(work: () => Promise<T>): Promise<T>
  /** Log 0, and the first log of each run: of a run with splits, its coordinator's. */
  logs(): Promise<readonly StoredLog[]>
  /** Those of splits, too. */
  allLogs(): Promise<readonly StoredLog[]>
  /** Logs of runs, those with the highest numbers first. */
  newestLogs(): AsyncIterable<StoredLog>
  /** Logs of runs whose id begins so, in their order, at most `most`. */
  logsBeginning(prefix: string, most: number): Promise<readonly StoredLog[]>
  /** Records of logs that aren't listed: tables and what stands there as the number of a log, at most `most` of each. */
  strayLogs(most: number): Promise<ReadonlyArray<{ readonly table: string; readonly log: string }>>
  /** The extents of all logs but log 0, in order, streamed: some 10 µs each. */
  extents(): AsyncIterable<StoredExtent>
  /** The log of a run, if it is listed. */
  logOf(run: string): Promise<number | null>
  /** One more than the last entry's seq, 0 if there is none. */
  size(log: number): Promise<number>
  /** The lowest number of a row of which entries from a seq (inclusive) on tell; null if they tell of none. */
  firstRowFrom(log: number, seq: number): Promise<number | null>
  /** How many records of a log there are, each counted: some 30 ms for a million. */
  count(log: number, of: 'entries' | 'payloads' | 'endings' | 'open_tokens'): Promise<number>
  /** Entries from `from` up to but without `end`, in order. */
  page(log: number, from: number, end: number): Promise<readonly FullEntry[]>
  /** A log whose last entry has a seq below `end`, in one go; null: it is longer, or has none. */
  shortLog(log: number, end: number): Promise<ShortLog | null>
  /** The seqs of payloads that have no entry, or whose entry has another one, in order. */
  strayPayloads(log: number): Promise<readonly number[]>
  entry(log: number, seq: number): Promise<StoredEntry | null>
  /** In order of seq, from `from` (inclusive), streamed. */
  entries(log: number, from?: number): AsyncIterable<StoredEntry>
  /** Texts of entries, in order of seq, from `from` (inclusive), some at a time, up to the first that is missing: half the work of `entries`. */
  bodies(log: number, from?: number): AsyncIterable<readonly string[]>
  /** Leaf hashes of at most `most` entries from `from` on, in order, up to the first that is missing. */
  leaves(log: number, from: number, most: number): Promise<readonly string[]>
  /** Of some logs, in their order, those that have entries: the same as `size` and `leaves` say, at once. */
  ends(of: LogRange): Promise<readonly LogEnd[]>
  entriesOfRow(log: number, row: number): Promise<readonly StoredEntry[]>
  /** Entries of the rows from `first` to `last`, in order of row and seq. */
  entriesOfRows(log: number, first: number, last: number): Promise<readonly FullEntry[]>
  /** Entries of no row and no batch, streamed in order of seq. */
  entriesOfRun(log: number): AsyncIterable<StoredEntry>
  /** Entries of log 0 that speak of a log, in order. */
  entriesAbout(log: number): Promise<readonly StoredEntry[]>
  /** Among these the last one whose own values begin with that number or one before; null if none has. */
  entryWithValue(log: number, value: number): Promise<StoredEntry | null>
  /** Entries of all batches, streamed in order of their numbers and of seq. */
  entriesOfBatches(log: number): AsyncIterable<StoredEntry>
  entriesOfBatch(log: number, batch: number): Promise<readonly StoredEntry[]>
  /** The last entry of each, streamed in order of their numbers. */
  lastEntries(log: number, range: SubjectRange): AsyncIterable<StoredEntry>
  /** Their leaf hashes, in the same order. */
  lastLeaves(log: number, range: SubjectRange): Promise<readonly string[]>
  /** Roots of full tiles of a tree, in their order, up to the first that is missing. */
  tileRoots(log: number, tree: TreeNumber, range: TileRange): Promise<readonly string[]>
  /** All tiles of a log, in order of tree, level and place, streamed. */
  tiles(log: number): AsyncIterable<StoredTile>
  payload(log: number, seq: number): Promise<StoredPayload | null>
  /** Payloads that are encrypted, as they are stored, in order, streamed. */
  chunks(log: number): AsyncIterable<SealedChunk>
  /** Id of the ledger key that the first values of a log that are encrypted are encrypted with; null if none are. */
  encryptedWith(log: number): Promise<string | null>
  payloads(log: number): AsyncIterable<StoredPayload>
  ending(log: number, token: number): Promise<StoredEnding | null>
  endings(log: number): AsyncIterable<StoredEnding>
  /** Endings of the tokens from `first` to `last`, in order. */
  endingsBetween(log: number, first: number, last: number): Promise<readonly StoredEnding[]>
  /** Endings with an error. */
  failedEndings(log: number): AsyncIterable<StoredEnding>
  /** The most frequent first. Looks through all endings of the log: some 80 ms for a million. */
  errorCounts(log: number): Promise<readonly StoredErrorCount[]>
  /** In order of their numbers, streamed. */
  openTokens(log: number): AsyncIterable<StoredOpenToken>
  openToken(log: number, token: number): Promise<StoredOpenToken | null>
  head(log: number): Promise<string | null>
  /** In order of their logs: of all, or of some. */
  heads(of?: LogRange): Promise<ReadonlyArray<{ readonly log: number; readonly note: string }>>
  /** In order of size, those of one size as they came, streamed; or from a size on; or the newest first. */
  witnessed(order?: WordOrder): AsyncIterable<StoredWitnessed>
  /** The same. */
  timestamps(order?: WordOrder): AsyncIterable<StoredTimestamp>
  /** Of the largest head that has a timestamp; 0 if none has. */
  timestamped(): Promise<number>
  /** The id of where a ledger was copied to, by `custody ledger copy`; null where it was born. */
  home(): Promise<string | null>
  /** In order of their logs. */
  leases(page?: LeasePage): Promise<readonly StoredLease[]>
  lease(log: number): Promise<StoredLease | null>
  /** Microseconds since 1970 by the clock that leases go by: the database's where it has one for all machines, else this machine's. */
  now_us(): Promise<number>
  /** Tables, views, indexes and triggers that are there. */
  objects(): Promise<readonly StoredObject[]>
  /** Those that this format has, for comparison; null where the database doesn't let them be made. */
  expectedObjects(): Promise<readonly StoredObject[] | null>
  file(): Promise<StoredFile>
  /** What the database itself finds wrong with its files; empty if nothing, null if it has nothing to look with. */
  integrity(): Promise<readonly string[] | null>
  /**
   * Rows of one of the views for auditors for one run, in a stable order, those of its first log first; optionally limited by one equality, which
   * for ids is a look by index.
   */
  view(
    name: ViewName,
    run: string,
    where?: { readonly column: string; readonly value: string | number },
  ): AsyncIterable<Record<string, unknown>>
  close(): Promise<void>
}

/**
 * What a column of a view holds: whole numbers (`flag`: 0 or 1), texts, times (ISO 8601, UTC, with milliseconds), or JSON texts. All may be null.
 */
export type ViewColumn = 'integer' | 'flag' | 'text' | 'time' | 'json'

/** Of what a log numbers for itself: which log of the run that is, and the number there (model/part-ids.ts). */
const OF_LOG = { part: 'integer', number: 'integer' } as const

/** The views' columns, in their order. */
export const VIEW_COLUMNS = {
  runs: {
    ...{ run_id: 'text', name: 'text', status: 'text', started_at: 'time', ended_at: 'time', plan_hash: 'text' },
    rows_read: 'integer',
  },
  nodes: { run_id: 'text', node: 'text', kind: 'text', plugin: 'text' },
  edges: { run_id: 'text', node: 'text', label: 'text', target: 'text' },
  rows: {
    ...{ run_id: 'text', row_id: 'integer', source: 'text', source_index: 'integer', hash: 'text' },
    ...{ ingested_at: 'time', ...OF_LOG },
  },
  tokens: {
    ...{ run_id: 'text', token_id: 'integer', row_id: 'integer', branch: 'text', group_id: 'integer', ...OF_LOG },
  },
  token_parents: { run_id: 'text', token_id: 'integer', parent_id: 'integer', ordinal: 'integer' },
  groups: {
    ...{ run_id: 'text', group_id: 'integer', kind: 'text', node: 'text', row_id: 'integer', expected: 'integer' },
    ...{ verdict: 'text', opened_at: 'time', closed_at: 'time', ...OF_LOG },
  },
  token_outcomes: {
    ...{ run_id: 'text', token_id: 'integer', row_id: 'integer', outcome: 'text', cause: 'text', is_terminal: 'flag' },
    ...{ node: 'text', sink: 'text', group_id: 'integer', error_code: 'text', error_hash: 'text', recorded_at: 'time' },
  },
  node_states: {
    ...{ run_id: 'text', token_id: 'integer', node: 'text', kind: 'text', attempt: 'integer', status: 'text' },
    ...{ input_hash: 'text', output_hash: 'text', started_at: 'time', duration_us: 'integer' },
  },
  routing_events: { run_id: 'text', token_id: 'integer', node: 'text', label: 'text', target: 'text' },
  batches: {
    ...{ run_id: 'text', batch_id: 'integer', node: 'text', trigger: 'text', size: 'integer', key: 'json', ...OF_LOG },
  },
  batch_members: { run_id: 'text', batch_id: 'integer', token_id: 'integer', ordinal: 'integer' },
  calls: {
    ...{ run_id: 'text', call_id: 'integer', token_id: 'integer', node: 'text', attempt: 'integer', service: 'text' },
    ...{ status: 'text', duration_us: 'integer', request_hash: 'text', response_hash: 'text', ...OF_LOG },
  },
  inputs: {
    ...{ run_id: 'text', source: 'text', file: 'integer', path: 'text', rows: 'integer', bytes: 'integer' },
    sha256: 'text',
  },
  artifacts: { run_id: 'text', sink: 'text', path: 'text', rows: 'integer', bytes: 'integer', sha256: 'text' },
} as const satisfies { readonly [view: string]: { readonly [column: string]: ViewColumn } }
export type ViewName = keyof typeof VIEW_COLUMNS
// cast: its keys are the names of the views.
export const VIEW_NAMES = Object.keys(VIEW_COLUMNS) as readonly ViewName[]
