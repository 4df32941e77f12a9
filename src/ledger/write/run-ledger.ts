/**
 * One run's log, open for writing: drafts go in, commits come out. It begins in this thread; a run that turns out to be
 * long gets a thread of its own for stage 2 (docs/architecture.md), because starting one costs more than a short run takes. One that
 * mostly waits for services has small commits, and time enough here.
 *
 * RUN-LEDGER-1. Stage 2 is done in one place at a time, and changes places only while all that was appended is durable.
 */
import type { RunEntry, SealFacts } from '../../format/entry.ts'
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import type { CloseFacts } from '../../format/split-entry.ts'
import type { SubjectTile, TreeHead } from '../../format/trees.ts'
import type { LedgerReader } from '../read-port.ts'
import type {
  CheckpointHead,
  CommitUnderWay,
  CompleteRunDraft,
  LeaseChange,
  LedgerPorts,
  LogZeroBatch,
  RunDraft,
  RunLedger,
  SubjectDraft,
} from '../write-port.ts'
import type { AppenderState } from './appender.ts'
import { type Block, BlockWriter } from './block.ts'
import { encodeRun, encodeSubject } from './encode.ts'
import type { Entropy } from './entropy.ts'
import { LEASE_US } from './lease.ts'
import type { LogZeroWriter } from './ledger.ts'
import { NO_ENTRIES, type WriteCommit } from './log-commit.ts'
import type { OpenTokens } from './open-tokens.ts'
import type { Scribe, StoreScribe } from './scribe.ts'
import { subjectTrees } from './subject-trees.ts'

/** Stage 2 in another thread. */
export interface OtherThread extends Scribe {
  /** Ends what is done there. @returns all that continuing here takes. */
  end(): Promise<AppenderState>
  /** Ends the thread, whatever it is doing. */
  terminate(): Promise<void>
}

export interface RunParts {
  /** The ledger's id. */
  readonly ledger: string
  readonly run: string
  readonly log: number
  readonly epoch: number
  /** Time of the entry of log 0 by which this process has it. */
  readonly began_us: number
  readonly reader: LedgerReader
  readonly write: WriteCommit
  /** Null of a split: the ledger's own log hears of the run as a whole only. */
  readonly log_zero: LogZeroWriter | null
  /** Of a run with splits: the tree of their last entries, when all of them are closed. */
  readonly partsTree: (() => Promise<TreeHead>) | null
  readonly ports: LedgerPorts
  readonly entropy: Entropy
  readonly scribeFrom: (state: AppenderState) => StoreScribe
  readonly threads: Threads | null
  /** Called when nothing can be written any more. */
  readonly onOver: () => void
}

export interface Threads {
  /** A run with so many entries is worth a thread, if there are enough of them in a commit: any, if one is there already. */
  readonly from_entries: number
  /** `ledger` is its id. */
  start(from: { readonly ledger: string; readonly log: number; readonly state: AppenderState }): OtherThread
  /** To be called when no log is written any more. */
  close(): Promise<void>
}

/** As many entries a commit, on average; with fewer a thread costs more in messages than it saves here. */
const LARGE_COMMIT_ENTRIES = 500

const NO_VALUES: Pick<RunDraft, 'first_value' | 'values'> = { first_value: 0, values: [] }

export class StoredRunLedger implements RunLedger {
  readonly #parts: RunParts
  readonly #open: OpenTokens
  /** Entries that stage 2 hasn't been given. */
  readonly #writer = new BlockWriter()
  #here: StoreScribe | null
  /** Null exactly if stage 2 is done here. */
  #elsewhere: OtherThread | null = null
  #size: number
  /** How much of `#size` is durable. */
  #durable_size: number
  /** Of the last commit that log 0 doesn't have yet; null if it has all. */
  #unbound: CheckpointHead | null = null
  /** Of this process: how many commits have begun, and entries in them. */
  #commits = 0
  #committed = 0

  /** Tiles of rows and batches that no durable commit has listed. */
  #tiles: readonly SubjectTile[] = []
  /** How many of these a commit lists that isn't durable yet. */
  #listed_tiles = 0

  /** `open` are its open tokens. */
  constructor(parts: RunParts, state: AppenderState, open: OpenTokens) {
    this.#parts = parts
    this.#open = open
    this.#here = parts.scribeFrom(state)
    this.#size = state.frontier.size
    this.#durable_size = state.frontier.size
  }

  get log(): number {
    return this.#parts.log
  }

  get size(): number {
    return this.#size
  }

  get began_us(): number {
    return this.#parts.began_us
  }

  now_us(): number {
    return this.#parts.ports.now_us()
  }

  append(draft: SubjectDraft): number {
    encodeSubject(this.#writer, draft, this.#parts.entropy, this.#open.change(this.#size, draft))
    return this.#appended()
  }

  appendRun(draft: RunDraft): number {
    encodeRun(this.#writer, this.#complete(draft), this.#parts.entropy)
    return this.#appended()
  }

  async commit(): Promise<CheckpointHead> {
    return (await this.begin()).durable
  }

  async begin(): Promise<CommitUnderWay> {
    const size = this.#size
    const mark = this.#open.mark()
    this.#commits++
    this.#committed += size - this.#durable_size
    const { durable } = await this.#scribe.begin(this.#writer.take(), this.#keep(), this.#reuse).catch(this.#fail)
    this.#goElsewhere()
    return {
      durable: durable.then(({ head, tiles }) => {
        // Log 0 is never given the same size twice.
        if (size > this.#durable_size) this.#unbound = head
        this.#durable_size = size
        this.#open.accept(mark)
        this.#tiles = [...this.#tiles.slice(this.#listed_tiles), ...tiles]
        this.#listed_tiles = 0
        return head
      }, this.#fail),
    }
  }

  drop(): void {
    this.#writer.clear()
    this.#scribe.drop()
    this.#open.drop()
    this.#size = this.#durable_size
    this.#listed_tiles = 0
  }

  async seal(facts: SealFacts | CloseFacts, own = NO_VALUES): Promise<CheckpointHead> {
    const { reader, write, epoch, run, log, ports, entropy, partsTree } = this.#parts
    if (this.#size > this.#durable_size && !this.#endsAtOnce) await this.commit()
    const here = await this.#comeHome()
    here.append(this.#writer.take())
    const closed = here.appender.closed.ahead()
    const before = here.appender.root()
    const [trees, parts] = await this.#whileHeld(async () => [
      await subjectTrees(reader, log, closed, before),
      partsTree === null ? {} : { parts: await partsTree() },
    ])
    const entry: RunEntry =
      facts.k === 'close'
        ? { ...facts, subjects: trees.heads, size: this.#size, root: before }
        : { ...facts, subjects: trees.heads, ...parts }
    encodeRun(this.#writer, { ...own, entry }, entropy)
    this.#appended()
    here.append(this.#writer.take())
    const { head } = await here
      .durably(appended => {
        const { size, root } = appended.checkpoint
        const lease = { kind: 'end', epoch } as const
        const tiles = [...appended.tiles, ...trees.tiles]
        const t = Math.max(ports.now_us(), facts.t)
        return this.#saying({ k: 'sealed', log, run, size, root, t }, ledger =>
          write({ ...appended, tiles, log, lease }, ledger),
        )
      })
      .catch(this.#fail)
    this.#parts.onOver()
    return head
  }

  /** What looks altered may be what another process has written that has taken the log over. @throws CustodyError CUSTODY_RUN_LOST, or as `look` */
  async #whileHeld<T>(look: () => Promise<T>): Promise<T> {
    try {
      return await look()
    } catch (thrown) {
      await this.renew()
      throw thrown
    }
  }

  /** Whether what isn't durable yet can become so with the log's end: nothing that this needs is read where it is stored. */
  get #endsAtOnce(): boolean {
    return this.#here?.appender.closed.isFollowed === true
  }

  /** Writes together with an entry of log 0, if that hears of this log. */
  async #saying(
    entry: LedgerEntry,
    write: (ledger: LogZeroBatch | null) => Promise<Block | null>,
  ): Promise<Block | null> {
    const { log_zero } = this.#parts
    if (log_zero === null) return write(null)
    await log_zero(entry, write)
    return null
  }

  async progress(t_us: number): Promise<void> {
    const { write, log, log_zero } = this.#parts
    const head = this.#unbound
    if (head === null || log_zero === null) return this.renew()
    await log_zero(this.#progress(head, t_us), ledger => write({ ...NO_ENTRIES, log, lease: this.#keep() }, ledger))
    this.#unbound = null
  }

  async stop(t_us: number): Promise<CheckpointHead> {
    const { write, epoch, log } = this.#parts
    const here = await this.#comeHome()
    here.append(this.#writer.take())
    const { head } = await here
      .durably(appended =>
        this.#saying(this.#progress(appended.checkpoint, t_us), ledger =>
          write({ ...appended, log, lease: { kind: 'release', epoch } }, ledger),
        ),
      )
      .catch(this.#fail)
    this.#parts.onOver()
    return head
  }

  async renew(): Promise<void> {
    await this.#parts.write({ ...NO_ENTRIES, log: this.log, lease: this.#keep() }, null)
  }

  async release(): Promise<void> {
    const { write, epoch } = this.#parts
    await this.close()
    this.#parts.onOver()
    await write({ ...NO_ENTRIES, log: this.log, lease: { kind: 'release', epoch } }, null)
  }

  /** Ends the other thread, if there is one, whatever it is doing. */
  async close(): Promise<void> {
    await this.#elsewhere?.terminate()
  }

  /** The entry of log 0. */
  #progress({ log, size, root }: CheckpointHead, t_us: number): LedgerEntry {
    const { run, ports } = this.#parts
    return { k: 'progress', log, run, size, root, t: Math.max(ports.now_us(), t_us) }
  }

  get #scribe(): Scribe {
    return (this.#here ?? this.#elsewhere) as Scribe
  }

  /** A commit also states what is open, and which tiles of rows and batches became full since the one before. */
  #complete({ entry, ...draft }: RunDraft): CompleteRunDraft {
    if (entry.k !== 'commit') return { ...draft, entry }
    this.#listed_tiles = this.#tiles.length
    const tiles = this.#tiles.length === 0 ? {} : { tiles: this.#tiles }
    return { ...draft, entry: { ...entry, open: this.#open.fact(), ...tiles } }
  }

  /** An entry is in the writer. */
  #appended(): number {
    if (this.#writer.isLarge) this.#scribe.append(this.#writer.take())
    return this.#size++
  }

  #keep(): LeaseChange {
    const { epoch, ports } = this.#parts
    return { kind: 'keep', epoch, expires_us: ports.now_us() + LEASE_US }
  }

  readonly #reuse = (block: Block): void => this.#writer.reuse(block)

  readonly #fail = (error: unknown): never => {
    this.drop()
    throw error
  }

  /** Called where all that was appended is durable. */
  #goElsewhere(): void {
    const { threads, ledger, log } = this.#parts
    if (this.#here === null || threads === null || this.#size < threads.from_entries) return
    if (this.#committed < this.#commits * Math.min(LARGE_COMMIT_ENTRIES, threads.from_entries)) return
    this.#elsewhere = threads.start({ ledger, log, state: this.#here.appender.state() })
    this.#here = null
  }

  /** Must be called while no commit is under way. */
  async #comeHome(): Promise<StoreScribe> {
    if (this.#elsewhere !== null) {
      this.#here = this.#parts.scribeFrom(await this.#elsewhere.end())
      this.#elsewhere = null
    }
    return this.#here as StoreScribe
  }
}
