/**
 * The write side of a ledger, in two stages with a plain data boundary between them, so that the second runs on
 * another thread (thread/) once a run is long:
 *
 *   drafts (engine) ── encode.ts ──► Block ── appender.ts ──► WriteBatch ── Store (sqlite, postgres)
 *                        JSON        bytes,     hashes,          rows         one transaction
 *                                    salts  tree, signature
 *
 * WRITE-PORT-1. A batch is durable as a whole or not at all; it carries its log's signed checkpoint.
 * WRITE-PORT-2. seq is dense from 0 within a log; the store refuses any other.
 * WRITE-PORT-3. endings are inserted, never replaced; open_tokens follow from the same drafts as the bodies.
 * WRITE-PORT-4. A batch of a run whose lease epoch is no longer the batch's is refused as a whole (CUSTODY_RUN_LOST).
 */
import type { CommitFacts, RunEntry, SealFacts, SubjectEntry } from '../format/entry.ts'
import type { Succeeded } from '../format/ledger-entry.ts'
import type { Signer } from '../format/signing-key.ts'
import type { CloseFacts, PartHead } from '../format/split-entry.ts'
import type { Tile } from '../format/tree.ts'
import type { SubjectTile, TreeNumber } from '../format/trees.ts'
import type { LedgerKey } from './encryption/ledger-key.ts'
import type { Trust } from './keys/trust.ts'
import type {
  LedgerReader,
  ReadablePayload,
  SealedChunk,
  StoredEnding,
  StoredEntry,
  StoredOpenToken,
} from './read-port.ts'

/** A value to be committed: its canonical text, and how the payload keeps it. */
export type ValueDraft =
  | { readonly kind: 'full'; readonly text: string }
  /** Stored as a change of an earlier value of the same subject. `set` is canonical text of an object. */
  | {
      readonly kind: 'patch'
      readonly text: string
      readonly base: number
      readonly set: string
      readonly unset: readonly string[]
    }

/** What happened to a subject in one commit, before values are salted and committed. */
export interface SubjectDraft extends Omit<SubjectEntry, 'commitments' | 'nonce'> {
  readonly values: readonly ValueDraft[]
  /** Nothing more can happen to the subject. */
  readonly closes: boolean
  /** The tokens open after this entry that were born or moved since the subject's last one, and where they stand. */
  readonly moved: ReadonlyArray<{ readonly token: number; readonly node: number }>
}

/** What an entry changes in the table of open tokens. */
export interface OpenChange {
  /** Those that stand somewhere else than the table has them; `is_new`: they aren't in it. */
  readonly stands: ReadonlyArray<{ readonly token: number; readonly node: number; readonly is_new: boolean }>
  /** Those that were in it, and have ended. */
  readonly gone: readonly number[]
}

export interface RunDraft extends Omit<CompleteRunDraft, 'entry'> {
  readonly entry: Exclude<RunEntry, { readonly k: 'commit' | 'seal' | 'close' }> | CommitFacts
}

export interface CompleteRunDraft {
  readonly entry: RunEntry
  readonly first_value: number
  readonly values: readonly ValueDraft[]
}

/** What the engine talks to. All numbers are within one log. */
export interface RunLedger {
  readonly log: number
  /** Number of entries so far, buffered ones included: the seq that the next `append` gets. */
  readonly size: number
  /** When this process began or took over the run, as log 0 has it: nothing that it records lies before. */
  readonly began_us: number
  /** The time for what is recorded, by the clock of all who write here: the database's, where it has one for all machines. It may jump. */
  now_us(): number
  /** Encodes and buffers; returns its seq. */
  append(draft: SubjectDraft): number
  appendRun(draft: RunDraft): number
  /**
   * Makes all that was appended durable, with a signed checkpoint. Commits are made one after another. If it fails, all
   * that was appended since the last commit is dropped, and the log stands as that commit left it.
   * @throws CustodyError CUSTODY_LEDGER_WRITE, CUSTODY_LEDGER_BUSY, CUSTODY_LEDGER_IN_DOUBT, CUSTODY_RUN_LOST.
   */
  commit(): Promise<CheckpointHead>
  /**
   * The same, but comes back as soon as entries of the next commit may be appended: where another thread makes commits
   * durable, that is at once. No other commit may be begun until `durable` is settled, and nothing else be asked for.
   */
  begin(): Promise<CommitUnderWay>
  /** Forgets what was appended since the last commit: its outputs could not be made durable. */
  drop(): void
  /**
   * Seals: appends to the run's log and to log 0 in one transaction, with what was appended before, and gives the lease up. A run
   * with splits is sealed when all of them are closed; a split is closed, of which log 0 hears nothing.
   * @param own the values that the facts name; absent: none.
   * @throws CustodyError as `commit`; CUSTODY_LEDGER_ALTERED, CUSTODY_LEDGER_CUT, CUSTODY_KEY_UNKNOWN for a split that isn't what was signed.
   */
  seal(facts: SealFacts | CloseFacts, own?: Pick<RunDraft, 'first_value' | 'values'>): Promise<CheckpointHead>
  /** Prolongs the lease; for times without commits. @throws CustodyError CUSTODY_RUN_LOST. */
  renew(): Promise<void>
  /**
   * Says in log 0 how far the run is, by its last commit, and prolongs the lease; that of a split is prolonged only. While no commit is
   * under way; what was appended since stays as it is. `t_us`: not before any time that the run has recorded.
   * @throws CustodyError as `commit`; CUSTODY_KEY_UNKNOWN.
   */
  progress(t_us: number): Promise<void>
  /**
   * Commits what was appended, says in log 0 how far the run is with it, and gives the lease up, in one transaction. Nothing else may be
   * appended. @throws as `progress`.
   */
  stop(t_us: number): Promise<CheckpointHead>
  /** Gives the lease up, and says nothing. */
  release(): Promise<void>
}

export interface CommitUnderWay {
  /** Rejects as `commit` does. */
  readonly durable: Promise<CheckpointHead>
}

/** What a commit has made durable, as its writer reports it. */
export interface Durable {
  readonly head: CheckpointHead
  /** Tiles of rows and batches that are full with it. */
  readonly tiles: readonly SubjectTile[]
}

export interface CheckpointHead {
  readonly log: number
  readonly size: number
  /** Lower-case hex. */
  readonly root: string
}

/** Of the first lease of a run. */
export const FIRST_EPOCH = 1

/** What a transaction does to the lease of its run. All but `open` and `take` demand that `epoch` still holds it (WRITE-PORT-4). */
export type LeaseChange =
  /** Makes the log and its first lease, with `FIRST_EPOCH`. */
  | {
      readonly kind: 'open'
      readonly run: string
      /** How many logs behind it are made for its splits, each with a lease that nobody holds. */
      readonly splits: number
      readonly holder: string
      readonly expires_us: number
    }
  /** Takes the lease from its former epoch, if the log has still so many entries (else StaleLog). */
  | {
      readonly kind: 'take'
      readonly size: number
      readonly from_epoch: number
      readonly epoch: number
      readonly holder: string
      readonly expires_us: number
    }
  | { readonly kind: 'keep'; readonly epoch: number; readonly expires_us: number }
  | { readonly kind: 'release'; readonly epoch: number }
  /** The seal: the lease is gone. */
  | { readonly kind: 'end'; readonly epoch: number }

/** UTF-8, as it was hashed. */
export interface NewEntry extends Omit<StoredEntry, 'body'> {
  readonly body: Uint8Array
}
export interface NewPayload extends Omit<ReadablePayload, 'body'> {
  readonly body: Uint8Array
}

/** One transaction. */
export interface WriteBatch {
  readonly log: number
  /** null for log 0 alone. */
  readonly lease: LeaseChange | null
  /** Dense: the first seq is the number of entries that the log has. */
  readonly entries: Iterable<NewEntry>
  readonly payloads: Iterable<NewPayload>
  /** Payloads of its entries that are encrypted already, as they are in another store; absent: none are. */
  readonly chunks?: readonly SealedChunk[]
  readonly endings: Iterable<StoredEnding>
  /** Tokens whose rows in `open_tokens` are removed. */
  readonly closed_tokens: readonly number[]
  /** Rows that are put into it, or in the place of what it has of the same tokens. */
  readonly open_tokens: readonly StoredOpenToken[]
  /** Tiles that are full with it. */
  readonly tiles: readonly TileDraft[]
  /** Signed checkpoint; null: the one that is there stays. */
  readonly head: string | null
  /** What is appended to log 0 in the same transaction, with its head. */
  readonly ledger: LogZeroBatch | null
}

export interface LogZeroBatch {
  readonly entries: Iterable<NewEntry>
  readonly tiles: readonly TileDraft[]
  readonly head: string
}

/** A full tile of one of the log's trees; `root` as hex. */
export interface TileDraft extends Tile {
  readonly tree: TreeNumber
}

/** For batches that only change a lease. */
export const NOTHING = {
  entries: [],
  payloads: [],
  endings: [],
  closed_tokens: [],
  open_tokens: [],
  tiles: [],
  head: null,
} as const satisfies Partial<WriteBatch>

/** What is read of a run that is taken over. */
export type RunReader = Pick<
  LedgerReader,
  'entry' | 'entriesOfRow' | 'entriesOfRows' | 'entriesOfRun' | 'entriesOfBatch' | 'endings' | 'openTokens' | 'payload'
>

export interface TakenOver<Seen> {
  readonly ledger: RunLedger
  readonly epoch: number
  readonly seen: Seen
}

/** Holds one ledger open for writing. */
export interface Ledger {
  readonly url: string
  /** As `RunLedger.now_us`, before there is one: what is drafted to open a run, or compared with a lease. Opens the ledger, if that is put off. */
  time_us(): Promise<number>
  /** Opens a run's log with entry 0 and log 0's `opened` in one transaction, and takes its lease. */
  openRun(run: string, draft: RunDraft): Promise<RunLedger>
  /**
   * Takes a run over that isn't sealed: checks that its tree is what its last checkpoint signed, and leaves a trace in
   * log 0. The run's own `resume` entry is the caller's, with the `epoch` given here. `look` is called, maybe again, when all of that
   * holds and nobody has the run, with a reader that gives nothing but what was signed: `seen` is what it found at last, in the log
   * as it is taken over. If it throws, nothing is signed.
   * @throws CustodyError CUSTODY_RUN_UNKNOWN, CUSTODY_RUN_HELD; CUSTODY_LEDGER_ALTERED, CUSTODY_LEDGER_CUT,
   * CUSTODY_KEY_UNKNOWN, and then nothing was signed.
   */
  takeOver<Seen>(run: string, look: (reader: RunReader) => Promise<Seen>): Promise<TakenOver<Seen>>
  close(): Promise<void>
}

/** One that can hold runs with splits. */
export interface SplittingLedger extends Ledger {
  /** With `splits` the log is the coordinator's, and logs of so many splits are there from then on, empty. */
  openRun(run: string, draft: RunDraft, splits?: number): Promise<RunLedger>
  /**
   * Takes a split over that isn't closed, of which the ledger's own log hears nothing. One that nobody has begun begins with `begin`; then
   * `look` isn't called, and `seen` is null.
   * @throws as `takeOver`; CUSTODY_RUN_UNKNOWN, too, for one that is closed.
   */
  takeSplit<Seen>(
    split: Split,
    look: (reader: RunReader, log: number) => Promise<Seen>,
  ): Promise<TakenOver<Seen | null>>
  /** Of a run that this process coordinates. */
  splitsOf(run: string): SplitReader
}

/** What is read of a run's splits by its coordinator. */
export interface SplitReader {
  /** Text of entry 0 of its coordinator. */
  opening(): Promise<string>
  /** How far those are that somebody has begun, in order; with `past` those only that have gone further than that says, by part. */
  heads(past?: ReadonlyMap<number, number>): Promise<readonly SplitHead[]>
  /** Numbers of those that are closed, ascending. */
  closed(): Promise<readonly number[]>
  /** Whether somebody else has sealed the run meanwhile. */
  isSealed(): Promise<boolean>
  /** All splits that `work` looks at are as they are at one moment: many of them cost less so. */
  snapshot<T>(work: () => Promise<T>): Promise<T>
  /** Looks at one, or at its coordinator (0), with a reader that gives nothing but what was signed. @throws CustodyError as `takeOver`. */
  see<Seen>(part: number, look: (reader: RunReader, log: number) => Promise<Seen>): Promise<Seen>
}

export interface SplitHead extends PartHead {
  /** Time of its last entry, by the clock of whoever worked on it. */
  readonly t: number
}

export interface Split {
  readonly run: string
  /** From 1. */
  readonly part: number
  /** What its log begins with. */
  readonly begin: RunDraft
}

/** What a ledger needs from outside; a simulation gives its own. */
export interface LedgerPorts {
  now_us(): number
  /** Whether `now_us` is this machine's time of day: where the store has a clock for all machines, that one counts. */
  readonly is_time_of_day?: true
  /** Random bytes for salts and nonces. */
  entropy(size_bytes: number): Uint8Array
  /** Signs checkpoints. */
  readonly signer: Signer
  readonly trust: Trust
  /** What values are encrypted with that are written; absent: they are stored in plain. */
  readonly encryption?: LedgerKey | undefined
  /** What the birth of a new ledger says besides; absent: nothing. */
  readonly birth?: BirthOptions
}

export interface BirthOptions {
  /** Verifier keys of an offline key that can change by itself which keys are in force. */
  readonly recovery?: readonly string[]
  /** The ledger in whose place it is made. */
  readonly succeeds?: Succeeded
}
