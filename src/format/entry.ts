/**
 * What entries say; every byte is described in docs/ledger-format.md.
 *
 * These types are shared by the writer and the verifier; the code that encodes (src/ledger) and the code that decodes
 * (src/read) is not. Numbers refer to the topology in entry 0 of the run: nodes and edges count from 1, 0 is none.
 * Times are whole microseconds since the Unix epoch, durations and starts whole microseconds.
 *
 * A value is committed once, in the entry that first speaks of it, and numbered from 1 within its subject, in order.
 * Visits, endings and calls refer to values of their own subject by that number.
 */
import type { EdgeNumber, GroupId, NodeNumber, Seq, TokenId, ValueNumber } from '../model/ids.ts'
import type { FateNumber } from '../model/outcome.ts'
import type { CommitLine } from './commit-line.ts'
import type { FieldOrder } from './field-order.ts'
import type { PluginCode } from './plugin-code.ts'
import type { OpeningValues } from './run-values.ts'
import type { CoordinatorEntry, SplitEntry } from './split-entry.ts'
import type { Topology } from './topology.ts'
import type { SubjectTile, SubjectTrees, TreeHead } from './trees.ts'

export const LEDGER_FORMAT = 1

export type VisitStatus = 0 | 1 | 2 | 3
export const VISIT_OK = 0
export const VISIT_ERROR = 1
/** At an aggregate, a coalesce, a join or a sort: the visit lasts until its group closes, or the node lets it go, and is then recorded again as ok or error. */
export const VISIT_HELD = 2
/** An error after the last of the attempts that `retry` allows, which another attempt could have helped. */
export const VISIT_EXHAUSTED = 3

/** Whether a visit met an error. */
export function isError(status: VisitStatus): boolean {
  return status === VISIT_ERROR || status === VISIT_EXHAUSTED
}

/** One attempt of one token at one node. The attempt counts from 1. */
export interface VisitFact {
  readonly token: TokenId
  readonly node: NodeNumber
  readonly attempt: number
  readonly status: VisitStatus
  /** Value as the token entered; 0 where there is none (a record that the source rejected). */
  readonly in: ValueNumber
  /** Value as it left; the same number if nothing changed, 0 if nothing left. */
  readonly out: ValueNumber
  /** Edge by which it left; 0 if it ended (what is born of it is born onto an edge), is held, or is attempted again. */
  readonly edge: EdgeNumber
  /** From the entry's time; negative for a visit that was held and is recorded again. */
  readonly start_us: number
  /** On the run's clock. */
  readonly duration_us: number
  /** How long the run's clock stood still meanwhile: it was down, or its machine slept. It ended so much later. */
  readonly stood_us: number
  /** Present exactly if status is error or exhausted. */
  readonly error: { readonly code: string; readonly value: ValueNumber } | null
}

/**
 * A token of this subject comes into being. The first token of a row has neither group nor parents. Others are born onto an
 * edge: of a fork, the branch's with their ordinal; of a join, its `matched` edge; of other groups, the `to` edge of the group's node.
 * The parents of tokens born of a batch are its members, and aren't repeated here. Those of a token born of a join are a left token,
 * whose subject this is, and a right one, which may be of any other.
 */
export interface BirthFact {
  readonly token: TokenId
  /** The group it is born of; 0 for the first token of a row. */
  readonly group: GroupId
  /** Its place in that group from 0: the branch of a fork, the element of an expansion, the output of a batch, the match of a left row. */
  readonly ordinal: number
  /** Its data as it is born; 1 for the first token of a row. */
  readonly value: ValueNumber
  readonly parents: readonly TokenId[]
}

export type GroupKind = 0 | 1 | 2 | 3 | 4
/** In the order of GroupKind. */
export const GROUP_KINDS = ['fork', 'expand', 'merge', 'batch', 'join'] as const

/** A group opens. For fork, expand and join it closes at once; merges and batches close by a later or the same entry. */
export interface GroupOpened {
  readonly group: GroupId
  readonly kind: GroupKind
  readonly node: NodeNumber
  /** Members expected: children (of a join, too), branches; 0 where it isn't known before (batch). */
  readonly expected: number
}

/** A group closes with a verdict: for batches the trigger, for joins `joined`, for merges `merged` or the cause of its failure. */
export interface GroupClosed {
  readonly group: GroupId
  readonly verdict: string
  /** Value with more about it (union merges: `{origins, overruled}`), 0 if there is none. */
  readonly detail: ValueNumber
  /** In order of arrival (merge, batch), or none (fork, expand). Of a join the left token, and those right ones that no group before had. */
  readonly members: readonly TokenId[]
}

/** One ending, flat: what model/outcome.ts lets a decision return, plus the time. */
export interface EndingFact {
  readonly token: TokenId
  readonly fate: FateNumber
  readonly node: NodeNumber
  readonly sink: NodeNumber
  readonly group: GroupId
  readonly error: { readonly code: string; readonly value: ValueNumber } | null
}

export type CallStatus = 0 | 1 | 2 | 3 | 4 | 5 | 6
export const CALL_OK = 0
export const CALL_ERROR = 1
/** The service asked to be left alone. The call is made again. */
export const CALL_THROTTLED = 2
/** Nothing was asked, because the answer was on record from another run. */
export const CALL_RECORDED = 3
/** As before, and what was on record is an error. */
export const CALL_RECORDED_ERROR = 4
/** The request was taken, without this row of it: for good, whatever became of requests before. */
export const CALL_REFUSED = 5
/** As before, and nothing was asked, because that is on record. */
export const CALL_RECORDED_REFUSED = 6
/** In the order of CallStatus. */
export const CALL_STATUSES = [
  'ok',
  'error',
  'throttled',
  'recorded',
  'recorded_error',
  'refused',
  'recorded_refused',
] as const

/** Whether nothing was asked, because the result was on record. */
export function isRecordedCall(status: CallStatus): boolean {
  return status === CALL_RECORDED || status === CALL_RECORDED_ERROR || status === CALL_RECORDED_REFUSED
}

/** Whether it gave what was asked for. */
export function isAnswered({ status }: Pick<CallFact, 'status'>): boolean {
  return status === CALL_OK || status === CALL_RECORDED
}

/** Whether the response is that of an error. */
export function isCallError(status: CallStatus): boolean {
  return !isAnswered({ status })
}

/** Counts of LLM tokens, and nano-dollars. */
export interface CallCosts {
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cost_nusd: number
}

/** One request to a service, during a visit or for a batch, and its result. */
export interface CallFact extends CallCosts {
  /** Its number within the run. */
  readonly call: number
  /** 0: it was made for a batch, which is the subject, or by a source. */
  readonly token: TokenId
  readonly node: NodeNumber
  /** Attempt of the visit, or of the batch; of a source, which it is of those in a row that weren't answered. */
  readonly attempt: number
  /**
   * Its place among the calls of that attempt, from 1. One that was throttled is made again in the same place. Of a source, its
   * place among those that were answered between two records, or would have been.
   */
  readonly ordinal: number
  /** Place in the node's list of services, from 1. */
  readonly service: number
  readonly status: CallStatus
  /** Value that was asked; equal requests of a subject may share it. */
  readonly request: ValueNumber
  /** Value that came back; of an error `{code, message, retryable}`, with `response` if something came back. */
  readonly response: ValueNumber
  /** From the entry's time; negative if it began before everything else in the entry. */
  readonly start_us: number
  readonly duration_us: number
}

/** A call as entries have it: in the order of `LISTS.x` (subject-lists.ts). */
export type CallTuple = readonly number[]

/**
 * A request is about to be sent by a sink that can't take back what it does. It is sent only when the entry that says so
 * is durable; the call with its result is in a later entry.
 */
export interface IntentFact {
  readonly token: TokenId
  readonly node: NodeNumber
  /** Attempt of the visit. A service that asked to be left alone is asked again in the same one, by another intent. */
  readonly attempt: number
  /** Value that is asked, as in calls. */
  readonly request: ValueNumber
  /** null: the request has no other row. */
  readonly together: Together | null
}

/** Rows that one request has. They stay together for as long as it is made again; its result is recorded for each. */
export interface Together {
  /** Token of the first of them: it names the request among those of the node. */
  readonly first: TokenId
  /** From 1. */
  readonly place: number
  /** How many there are. */
  readonly rows: number
}

/** A token is held: a BUFFERED line for auditors. */
export interface HoldFact {
  readonly token: TokenId
  readonly node: NodeNumber
  /** 0 at a sort, which has no groups, and at a join, whose groups are made when its input has ended. */
  readonly group: GroupId
  /** Its place among those that came to the group, or to the join or sort, from 0. */
  readonly ordinal: number
  /** The batch that the group is; null at a coalesce, a join or a sort. */
  readonly batch: number | null
}

/** A sort passes a token on. */
export interface ReleaseFact {
  readonly token: TokenId
  readonly node: NodeNumber
  /** Its place in the sort's order, from 1. */
  readonly place: number
}

/** Where a row came from. Present in the first entry of a row. */
export interface OriginFact {
  /** The source's node. */
  readonly source: NodeNumber
  /** Number of the record within its source, from 1, rejected ones counted. */
  readonly index: number
  /** Line in the file at which the record begins, from 1; 0 where a source has no lines. */
  readonly line: number
  /** In a re-run: the row of the other run that this one repeats; the rest is that row's. */
  readonly repeats: number | null
}

/**
 * What happened to one row or one batch in one commit. How it is encoded, key by key, `SUBJECT_ENTRY` says (subject-entry.ts).
 */
export interface SubjectEntry {
  readonly subject: { readonly kind: 'row'; readonly row: number } | { readonly kind: 'batch'; readonly batch: number }
  readonly time_us: number
  /** null: the subject's first entry. */
  readonly previous: Seq | null
  readonly open: number
  readonly origin: OriginFact | null
  readonly births: readonly BirthFact[]
  readonly visits: readonly VisitFact[]
  readonly holds: readonly HoldFact[]
  readonly releases: readonly ReleaseFact[]
  readonly groups_opened: readonly GroupOpened[]
  readonly groups_closed: readonly GroupClosed[]
  /** Those of `groups_closed`, merges all, that would have waited for more branches, had their time not been up. */
  readonly timed_out: readonly GroupId[]
  readonly endings: readonly EndingFact[]
  readonly calls: readonly CallFact[]
  readonly intents: readonly IntentFact[]
  /** Number of the value that says how the fields of rows under way stand (`FieldOrders`); 0 where all is canonical. */
  readonly orders: ValueNumber
  /** Hex commitments of values `first_value`, `first_value + 1`, … */
  readonly first_value: number
  readonly commitments: readonly string[]
  readonly nonce: string | null
}

export type RunStatus =
  | 'running'
  | 'completed'
  | 'completed_with_failures'
  | 'empty'
  | 'failed'
  | 'cancelled'
  | 'interrupted'
  | 'abandoned'
export type SealedStatus = Extract<RunStatus, 'completed' | 'completed_with_failures' | 'empty' | 'abandoned'>
export type StoppedStatus = Extract<RunStatus, 'failed' | 'cancelled'>

export interface RowCounts {
  readonly read: number
  readonly ingested: number
  readonly rejected: number
}
export interface TokenCounts {
  readonly born: number
  readonly ended: number
  readonly open: number
}

/** How far a source has been read at a commit. */
export interface CursorFact {
  readonly source: NodeNumber
  readonly records: number
  readonly done: boolean
  /** Of its input, up to here; absent where it has none. */
  readonly bytes?: number
  /** Value: the position, as the source has it; absent if there is none. */
  readonly position?: ValueNumber
  /** Value: the SHA-256 of what was read; absent if there is none. */
  readonly hash?: ValueNumber
}
/** How far a file of several was read, when its source went on to the next one, or was to be read no further. */
export interface FileFact {
  readonly source: NodeNumber
  /** Its place on the source's list, from 1. */
  readonly file: number
  /** Number of its first record within its source; where it has none, of the next one. */
  readonly from: number
  readonly records: number
  readonly bytes: number
  /** False: reading stopped within it, or just behind its last record. It is the source's last one then. */
  readonly done: boolean
}
/** What a sink has durably written at a commit. */
export interface ReceiptFact {
  readonly sink: NodeNumber
  readonly rows: number
  readonly bytes: number
  /** Value: the SHA-256 of it; absent if there is none. */
  readonly hash?: ValueNumber
  /** Value: what else the sink knows of it; absent if there is nothing. */
  readonly state?: ValueNumber
}

/** What a sink publishes, all of its files together. */
export interface PublishedFact {
  readonly sink: NodeNumber
  readonly rows: number
  readonly bytes: number
  /** How many files; absent where rows don't say which file they go to. */
  readonly files?: number
  /** Value: where each of its files will stand (`readonly string[]`); with `contents`, absent for a sink without files. */
  readonly paths?: ValueNumber
  /** Value: what each of them holds, in the same order (`readonly FileContent[]`). */
  readonly contents?: ValueNumber
}

/** Totals of the run so far, so that counts need no scan; `verify` recomputes them. Each list ascending by its numbers. */
export interface TotalsFact {
  readonly rows: RowCounts
  readonly tokens: TokenCounts
  /** Groups, batches included. The last one's number. */
  readonly groups: number
  /** `[aggregate, count]`: batches. The last one's number is the sum. */
  readonly batches: ReadonlyArray<readonly [number, number]>
  /** `[fate, sink, count]` */
  readonly endings: ReadonlyArray<readonly [number, number, number]>
  /** `[node, ok, error, held]`: visits by status, each attempt one; `held` are those that still are. */
  readonly visits: ReadonlyArray<readonly [number, number, number, number]>
  /** `[edge, count]`: tokens that left by it or were born onto it. */
  readonly edges: ReadonlyArray<readonly [number, number]>
  /** Left out if there are none. */
  readonly calls?: CallTotals
  /** `[source, rejected, failed]`: records, and rows with an ending in failure, rejected ones among them. Left out if there are none. */
  readonly failures?: ReadonlyArray<readonly [number, number, number]>
}

export interface CallTotals extends CallCosts {
  /** All, whatever came from them. The last one's number. */
  readonly count: number
  readonly error: number
  readonly throttled: number
  readonly recorded: number
}

/** All that a commit states except what the ledger knows: what is open, and which rows and batches are closed. */
export type CommitFacts = {
  readonly k: 'commit'
  readonly commit: number
  readonly cursors: readonly CursorFact[]
  readonly receipts: readonly ReceiptFact[]
  readonly totals: TotalsFact
  /** Value: the most that calls without a record may cost, in nano-dollars: those under way, and those lost with a process. Absent: 0. */
  readonly at_risk?: ValueNumber
  readonly jumps?: Jumps
  readonly t: number
} & CommitLine

/** All that a seal states except the trees, which the ledger knows. */
export interface SealFacts {
  readonly k: 'seal'
  readonly status: SealedStatus
  /** Of a run with splits: those of all its splits together. */
  readonly totals: TotalsFact
  /** Value: the run's result digest (result-digest.ts); absent if it has no splits, or was given up. */
  readonly digest?: ValueNumber
  readonly t: number
}

/**
 * `[from, to]`, in order: the run's clock stood still while the time of day advanced from one to the other: its machine slept, or its clock was
 * set. Those since the run's previous entry; absent if there are none.
 */
export type Jumps = ReadonlyArray<readonly [number, number]>

/** What the table of open tokens holds: how many, and the hash of their set (format/set-hash.ts). */
export interface OpenFact {
  readonly count: number
  readonly hash: string
}

/**
 * Entries whose subject is the run. Encoded as canonical JSON with these very keys, `c` (commitments, first value `w`)
 * and, without values, `z` (nonce) as above. Values of the run are numbered as those of any subject. What is to be disclosed or erased
 * apart is a value apart; each is named in one place, in the entry that commits to it. Where a value is what it was in the commit before,
 * a commit names that one once more.
 */
export type RunEntry =
  /** Entry 0. */
  | {
      readonly k: 'open'
      readonly format: typeof LEDGER_FORMAT
      readonly run: string
      readonly name: string
      readonly plan_hash: string
      readonly topology: Topology
      readonly custody: string
      /** The code of the plugins that the plan uses, by kind and name. */
      readonly plugins: readonly PluginCode[]
      /** The run whose recorded answers its calls are given; absent if they are made. */
      readonly replays?: string
      /** The run whose rows it runs again, with the root of its finished log; absent if it reads its sources. */
      readonly reruns?: { readonly run: string; readonly root: string }
      /** Of the sources that have lists of files: how many are on each; absent if there are none. */
      readonly files?: ReadonlyArray<{ readonly source: NodeNumber; readonly count: number }>
      /** How long its values are to be kept; absent if nothing was said. */
      readonly retention_us?: number
      /** How many splits it has; this log is the coordinator's then, and has no rows. Absent if it has none. */
      readonly splits?: number
      readonly values: OpeningValues
      readonly t: number
    }
  /** Closes each commit, with the order of what is under way (I7). */
  | (CommitFacts & {
      readonly open: OpenFact
      /** Tiles that were full when the commit before it was durable, and that no commit has listed; absent if there are none. */
      readonly tiles?: readonly SubjectTile[]
    })
  /** The run stopped before its end; `resume` continues it. `reason` is a declared word. */
  | {
      readonly k: 'stop'
      readonly status: StoppedStatus
      readonly reason: string
      /** Value: `{code, message, node?}`; absent if there was no error. */
      readonly error?: ValueNumber
      readonly jumps?: Jumps
      readonly t: number
    }
  /** A process resumes the run. `cut`: sources whose rest isn't read, because they can't be read twice or weren't to be. */
  | {
      readonly k: 'resume'
      readonly epoch: number
      readonly cut: readonly number[]
      /** Those whose code isn't what was on record before; absent if there are none. */
      readonly plugins?: readonly PluginCode[]
      readonly t: number
    }
  /** A file on a source's list was read, to its end if it is `done`. It is recorded with the commit that has its last record. */
  | (FileFact & {
      readonly k: 'file'
      /** Value: its name, as on the list. */
      readonly name: ValueNumber
      /** Value: up to where it was read; absent if the source has no position. */
      readonly position?: ValueNumber
      /** Value: the SHA-256 of its bytes up to there; absent if there is none. */
      readonly hash?: ValueNumber
      readonly t: number
    })
  /**
   * Calls that a source made before it gave the record `from`, counted from 1. They are recorded with the commit that follows the
   * answer, so no later than the first of the records that are in it.
   */
  | {
      readonly k: 'calls'
      readonly from: number
      /** As in entries of rows, all of one source; each has a request and a response of its own. */
      readonly x: readonly CallTuple[]
      readonly t: number
    }
  /** What is about to be renamed into place. */
  | { readonly k: 'publish'; readonly artifacts: readonly PublishedFact[]; readonly t: number }
  /** The last entry. `parts`: the tree of the last entries of its splits, in order; absent if it has none. */
  | (SealFacts & { readonly subjects: SubjectTrees; readonly parts?: TreeHead })
  /** Of a run with splits, in the log of its coordinator and in those of its splits. */
  | CoordinatorEntry
  | SplitEntry

/**
 * The tokens under way whose fields don't stand in canonical order, with the orders (`format/field-order.ts`) of
 * their rows. It is recorded in the entry in which they were born or last left by an edge.
 */
export type FieldOrders = ReadonlyArray<readonly [tokens: readonly number[], ...order: FieldOrder]>
