/** A ledger open for writing, over any store. */
import type { KeyChange, LedgerEntry } from '../../format/ledger-entry.ts'
import type { Signer } from '../../format/signing-key.ts'
import type { TreeHead } from '../../format/trees.ts'
import type { VerifierKey } from '../../format/verifier-key.ts'
import { CustodyError } from '../../model/error.ts'
import { type Holder, isAlive, livesHere, parseHolder } from '../../model/holder.ts'
import type { AtErasePoint, ErasingLedger, Erasure, Scrubbed } from '../erase-port.ts'
import { forked } from '../keys/forked.ts'
import { type ChangePlace, type KeyRing, problemOf, signedChange } from '../keys/key-ring.ts'
import { newestOf, rememberSeen, type SeenHead } from '../keys/trust.ts'
import type { LedgerReader, StoredLease } from '../read-port.ts'
import { StaleLog, type Store } from '../store.ts'
import {
  type LedgerPorts,
  type LogZeroBatch,
  NOTHING,
  type RunDraft,
  type RunLedger,
  type RunReader,
  type Split,
  type SplitReader,
  type SplittingLedger,
  type TakenOver,
} from '../write-port.ts'
import { Appender, type AppenderState, signsRunsWith } from './appender.ts'
import { BlockWriter } from './block.ts'
import { type CheckedRun, checkedRun, WHOLE_TO_ENTRIES } from './checked-run.ts'
import { encodeRun } from './encode.ts'
import { Entropy } from './entropy.ts'
import { LEASE_US } from './lease.ts'
import { NO_ENTRIES, type WriteCommit, writesTo } from './log-commit.ts'
import { LOG_ZERO, LogZero } from './log-zero.ts'
import { type OfferedRun, offeredRuns } from './offers.ts'
import { OpenTokens } from './open-tokens.ts'
import { mustBeHere } from './place-of-change.ts'
import { checkExtents } from './run-extents.ts'
import { StoredRunLedger, type Threads } from './run-ledger.ts'
import { StoreScribe } from './scribe.ts'
import { closedSplits, KnownSplits, type SplitTaking, splitsOf, takeSplit } from './split-logs.ts'
import { treeOf } from './stored-tree.ts'

/** Writes together with an entry of log 0, again if another process came first. */
export type LogZeroWriter = (entry: LedgerEntry, write: (ledger: LogZeroBatch) => Promise<unknown>) => Promise<void>

interface LogZeroAppend {
  readonly entries: readonly LedgerEntry[]
  readonly write: (ledger: LogZeroBatch) => Promise<unknown>
}

/** A log that this process holds. */
interface HeldLog {
  readonly run: string
  readonly log: number
  /** How many splits the run has; null if this is the log of one of them. */
  readonly splits: number | null
  readonly epoch: number
  /** The time that log 0 records for it; of a split, when it was taken. */
  readonly began_us: number
}

/** How often another process may come first before that is taken for an error. */
const ATTEMPTS = 100

export interface StoredOptions {
  /** Who holds the runs that are opened. */
  readonly holder: Holder
  /** Continues from the ledger's birth, if that was just now. */
  readonly entropy?: Entropy
  /** Absent: all is done in this thread. */
  readonly threads?: Threads | undefined
  /** Writes what is appended to logs of splits, elsewhere; absent: that is done here. */
  readonly write_split?: WriteCommit | undefined
  /** A run with at most so many entries is checked in full before it is taken over. */
  readonly whole_to_entries?: number | undefined
  /** It is opened to change keys: the signer's needn't be in force yet. */
  readonly changes_keys?: boolean | undefined
}

export class StoredLedger implements SplittingLedger, ErasingLedger {
  readonly #store: Store
  readonly #write: WriteCommit
  /** For logs of splits. */
  readonly #write_split: WriteCommit
  readonly #ports: LedgerPorts
  readonly #entropy: Entropy
  readonly #log_zero: LogZero
  readonly #home: string | null
  readonly #holder: Holder
  readonly #threads: Threads | null
  readonly #whole_to_entries: number
  /** Those that aren't over. */
  readonly #runs = new Set<StoredRunLedger>()
  /** By run. */
  readonly #splits = new Map<string, KnownSplits>()
  /** The head of log 0 that was remembered last. */
  #seen: SeenHead | null = null

  private constructor(
    store: Store,
    ports: LedgerPorts,
    log_zero: LogZero,
    home: string | null,
    { holder, entropy, threads, whole_to_entries, write_split }: StoredOptions,
  ) {
    this.#store = store
    this.#write = writesTo(store)
    this.#write_split = write_split ?? this.#write
    this.#ports = ports
    this.#entropy = entropy ?? new Entropy(ports.entropy)
    this.#log_zero = log_zero
    this.#home = home
    this.#holder = holder
    this.#threads = threads ?? null
    this.#whole_to_entries = whole_to_entries ?? WHOLE_TO_ENTRIES
  }

  /**
   * Checks log 0, and the runs against it, before anything can be written (I13).
   * @throws CustodyError as `LogZero.read` and `checkExtents`, and CUSTODY_KEY_UNKNOWN if the signer's key must be in force, and isn't.
   */
  static async open(store: Store, ports: LedgerPorts, options: StoredOptions): Promise<StoredLedger> {
    const { reader } = store
    const log_zero = await reader.snapshot(async () => {
      const read = await LogZero.read(reader, ports.trust)
      await checkExtents(reader, read)
      return read
    })
    log_zero.forgetSealed()
    if (options.changes_keys !== true) log_zero.mustBeInForce(ports.signer)
    const home = await reader.home()
    log_zero.mustBeAt(home)
    const ledger = new StoredLedger(store, ports, log_zero, home, options)
    await ledger.#remember()
    return ledger
  }

  get url(): string {
    return this.#store.reader.url
  }

  get reader(): LedgerReader {
    return this.#store.reader
  }

  async time_us(): Promise<number> {
    return this.#ports.now_us()
  }

  async openRun(run: string, { entry, ...draft }: RunDraft, splits = 0): Promise<RunLedger> {
    let opened: { readonly log: number; readonly appender: Appender; readonly t: number } | null = null
    await this.#appendLogZero(log_zero => {
      const log = log_zero.last_log + 1
      const t = Math.max(entry.t, log_zero.last_us)
      const appender = this.#appender(log)
      const writer = new BlockWriter()
      encodeRun(writer, { ...draft, entry: { ...entry, t } }, this.#entropy)
      appender.append(writer.take())
      const appended = appender.take()
      opened = { log, appender, t }
      const holder = JSON.stringify(this.#holder)
      const lease = { kind: 'open', run, splits, holder, expires_us: this.#expiry() } as const
      return {
        entries: [{ k: 'opened', log, run, root: appended.checkpoint.root, ...(splits > 0 ? { splits } : {}), t }],
        write: ledger => this.#write({ ...appended, log, lease }, ledger),
      }
    })
    const { log, appender, t } = opened!
    appender.accept()
    return this.#runLedger({ run, log, splits, epoch: 1, began_us: t }, appender.state(), new OpenTokens())
  }

  async takeSplit<Seen>(
    split: Split,
    look: (reader: RunReader, log: number) => Promise<Seen>,
  ): Promise<TakenOver<Seen | null>> {
    const { run, part } = split
    const { reader } = this.#store
    const known = this.#knownSplits(run)
    known.first_log ??= await this.#mayBeContinued(run)
    const first = known.first_log
    const log = first + part
    for (let attempt = 1; ; attempt++) {
      const lease = await reader.lease(log)
      if (lease === null)
        throw new CustodyError('CUSTODY_RUN_UNKNOWN', `run ${run} has no split ${part} that isn’t closed`)
      this.#refuseHeld(run, lease)
      await this.#log_zero.refresh(reader)
      try {
        const { state, open, ...taken } = await takeSplit(this.#taking(run, log, lease), { ...split, first }, look)
        const of = { run, log, splits: null, epoch: taken.epoch, began_us: taken.began_us }
        return { ledger: this.#runLedger(of, state, open), epoch: taken.epoch, seen: taken.seen }
      } catch (error) {
        if (!(error instanceof StaleLog) || attempt === ATTEMPTS) throw error
      }
    }
  }

  splitsOf(run: string): SplitReader {
    const whole_to_entries = this.#whole_to_entries
    const splits = this.#knownSplits(run)
    return splitsOf({ reader: this.reader, log_zero: this.#log_zero, run, whole_to_entries, splits })
  }

  /** Runs whose splits workers may take. @throws CustodyError as `openLedger` */
  async offered(): Promise<readonly OfferedRun[]> {
    await this.#store.clock?.compare()
    return offeredRuns(this.reader, this.#log_zero, this.#ports.signer, this.#ports.now_us())
  }

  #knownSplits(run: string): KnownSplits {
    const known = this.#splits.get(run) ?? new KnownSplits()
    this.#splits.set(run, known)
    return known
  }

  #taking(run: string, log: number, from: StoredLease): SplitTaking {
    const { last_us } = this.#log_zero
    const { bounds } = this.#knownSplits(run)
    return {
      ...{ reader: this.reader, write: this.#write_split, log_zero: this.#log_zero, entropy: this.#entropy, from },
      bounds,
      whole_to_entries: this.#whole_to_entries,
      appender: state => this.#appender(log, state),
      holder: JSON.stringify(this.#holder),
      expires_us: this.#expiry(),
      now_us: Math.max(this.#ports.now_us(), last_us),
    }
  }

  async takeOver<Seen>(run: string, look: (reader: RunReader) => Promise<Seen>): Promise<TakenOver<Seen>> {
    const { reader } = this.#store
    const log = await this.#mayBeContinued(run)
    for (let attempt = 1; ; attempt++) {
      const lease = await reader.lease(log)
      if (lease === null)
        throw new CustodyError('CUSTODY_RUN_UNKNOWN', `run ${run} is sealed: there is nothing to resume`)
      this.#refuseHeld(run, lease)
      // While nobody has the lease: however long the log is, the lease can't run out meanwhile, and nothing is signed before.
      await this.#log_zero.refresh(reader)
      // In one snapshot: its former holder may wake up and commit meanwhile.
      const { seen, ...checked } = await reader.snapshot(async () => {
        const found = await checkedRun(reader, this.#log_zero, { log, run, whole_to_entries: this.#whole_to_entries })
        return { ...found, seen: await look(found.reader) }
      })
      const taken = await this.#takeLease(run, log, lease, checked)
      if (taken !== null) {
        const { epoch, t } = taken
        const splits = this.#log_zero.runs.get(log)?.splits ?? 0
        const of = { run, log, splits, epoch, began_us: t }
        return { ledger: this.#runLedger(of, checked.state, checked.open), epoch, seen }
      }
      if (attempt === ATTEMPTS) throw new CustodyError('CUSTODY_RUN_HELD', `run ${run} is being written by somebody`)
    }
  }

  /** @returns its log, the coordinator's of one with splits. What was begun encrypted stays so. */
  async #mayBeContinued(run: string): Promise<number> {
    const { reader } = this.#store
    const log = await reader.logOf(run)
    if (log === null) throw new CustodyError('CUSTODY_RUN_UNKNOWN', `${reader.url} has no run ${run}`)
    const key_id = await reader.encryptedWith(log)
    if (key_id !== null && !this.#store.encrypts)
      throw new CustodyError(
        'CUSTODY_LEDGER_KEY',
        `run ${run} is encrypted with ledger key ${key_id}, which is needed to continue it`,
      )
    return log
  }

  get id(): string {
    return this.#log_zero.id
  }

  get keys(): KeyRing {
    return this.#log_zero.keys
  }

  /** Verifier keys. */
  keysInForce(): readonly string[] {
    return this.keys.in_force.map(each => each.text)
  }

  /** Whoever signs with this key may write. @throws CustodyError CUSTODY_KEY_UNKNOWN. */
  mustBeInForce(signer: Signer): void {
    this.#log_zero.mustBeInForce(signer)
  }

  /**
   * Which keys are in force changes. All of `signers` sign that, and those that aren't recovery keys the head. `elsewhere`: by whom it was
   * signed before, and where.
   * @throws CustodyError as `openRun`; CUSTODY_KEY if the change wouldn't hold, CUSTODY_KEY_REQUEST if it was signed for another place.
   */
  async changeKeys(
    change: KeyChange['change'],
    keys: readonly string[],
    signers: readonly Signer[],
    elsewhere: (ChangePlace & Pick<KeyChange, 'signatures'>) | null = null,
  ): Promise<void> {
    const recovery = this.keys.recovery.map(each => each.text)
    const head_signers = signers.filter(({ verifier_key }) => !recovery.includes(verifier_key))
    await this.#appendLogZero(log_zero => {
      const t = Math.max(this.#ports.now_us(), log_zero.last_us)
      const place = log_zero.place()
      if (elsewhere !== null) mustBeHere(elsewhere, place, this.url)
      const made = signedChange(change, keys, place, signers)
      const signed = { ...made, signatures: [...made.signatures, ...(elsewhere?.signatures ?? [])] }
      const problem = problemOf(() => log_zero.keys.problemOf(signed, place))
      if (problem !== null) throw new CustodyError('CUSTODY_KEY', `the change of keys wouldn’t hold: ${problem}`)
      const entry: LedgerEntry = { k: 'key', ...signed, t }
      return { entries: [entry], write: this.#writeLogZero }
    }, head_signers)
    await this.#log_zero.refresh(this.#store.reader)
  }

  async erase<Found extends { readonly erasures: readonly Erasure[] }>(
    decide: (reader: LedgerReader) => Promise<Found>,
    atPoint: AtErasePoint,
  ): Promise<Found> {
    const decided: Found[] = []
    await this.#appendLogZero(async log_zero => {
      const found = await this.reader.snapshot(() => decide(this.reader))
      decided.push(found)
      const { erasures } = found
      const t = Math.max(this.#ports.now_us(), log_zero.last_us)
      const entries = erasures.map(({ log, run, values }): LedgerEntry => ({ k: 'erase', log, run, values, t }))
      if (entries.length === 0) return null
      atPoint('before_erase')
      return { entries, write: ledger => this.#store.erase(ledger, erasures, () => atPoint('mid_erase')) }
    })
    atPoint('after_erase')
    const found = decided.at(-1)
    if (found === undefined) throw new CustodyError('CUSTODY_ENGINE_DEFECT', 'it was not decided what is erased')
    return found
  }

  async scrub(wait_ms: number, atPoint: AtErasePoint): Promise<Scrubbed> {
    const scrubbed = await this.#store.scrub(wait_ms, () => atPoint('after_rewrite'))
    atPoint('after_scrub')
    return scrubbed
  }

  /**
   * Nobody writes here any more: it is written at `home` from now on. @throws CustodyError as `openRun`; CUSTODY_RUN_HELD if somebody may hold a
   * run, of whom it isn't known that they are gone.
   */
  async moveTo(home: string): Promise<void> {
    await this.#appendLogZero(async log_zero => {
      await this.refuseHeldRuns(isAlive)
      const t = Math.max(this.#ports.now_us(), log_zero.last_us)
      return { entries: [{ k: 'moved', home, t }], write: this.#writeLogZero }
    })
  }

  /**
   * @throws CustodyError CUSTODY_RUN_HELD if a live process holds a run, also one that has just woken up with this machine.
   * `certainly`: whom to refuse though the lease has run out.
   */
  async refuseHeldRuns(certainly: (holder: Holder) => boolean = livesHere): Promise<void> {
    const { reader } = this.#store
    for (const lease of await reader.leases()) {
      const run = this.#log_zero.runs.get(lease.log)?.run
      if (run !== undefined) this.#refuseHeld(run, lease, certainly)
    }
  }

  async close(): Promise<void> {
    for (const run of this.#runs) await run.close()
    await this.#threads?.close()
    await this.#store.close()
  }

  /** `certainly`: whether it is held by somebody though the lease has run out. */
  #refuseHeld(run: string, { holder, expires_us }: StoredLease, certainly = (_: Holder) => false): void {
    const held_by = parseHolder(holder)
    if (held_by === null || !isAlive(held_by)) return
    if (expires_us <= this.#ports.now_us() && !certainly(held_by)) return
    throw new CustodyError('CUSTODY_RUN_HELD', `run ${run} is held by process ${held_by.pid} on ${held_by.host}`)
  }

  /**
   * Null if the run's former holder woke up once more while it was looked at. Its head is signed anew in the same transaction: the key of the one
   * that is there may have been taken away since, and log 0 speaks of the run from now on where that is so.
   */
  async #takeLease(
    run: string,
    log: number,
    from: StoredLease,
    checked: Pick<CheckedRun, 'note' | 'state'>,
  ): Promise<{ readonly epoch: number; readonly t: number } | null> {
    const epoch = from.epoch + 1
    const { size } = checked.state.frontier
    const head = this.#appender(log, checked.state).signedHead()
    let taken: { readonly epoch: number; readonly t: number } | null = null
    await this.#appendLogZero(async log_zero => {
      if ((await this.reader.head(log)) !== checked.note) {
        taken = null
        return null
      }
      const t = Math.max(this.#ports.now_us(), log_zero.last_us)
      taken = { epoch, t }
      const holder = JSON.stringify(this.#holder)
      const lease = { kind: 'take', size, from_epoch: from.epoch, epoch, holder, expires_us: this.#expiry() } as const
      return {
        entries: [{ k: 'taken_over', log, run, epoch, t }],
        write: ledger => this.#write({ ...NO_ENTRIES, log, lease, head }, ledger),
      }
    })
    return taken
  }

  readonly #writeLogZero = (ledger: LogZeroBatch) =>
    this.#store.write({ ...NOTHING, log: LOG_ZERO, lease: null, ledger })

  #withLogZero: LogZeroWriter = (entry, write) => this.#appendLogZero(() => ({ entries: [entry], write }))

  /**
   * Appends what `make` makes of log 0 as it stands, and again if another process came first; nothing, if it makes nothing. `signers`: of a
   * change of keys.
   */
  async #appendLogZero(
    make: (log_zero: LogZero) => LogZeroAppend | Promise<LogZeroAppend | null>,
    signers: readonly Signer[] = [this.#ports.signer],
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await this.#log_zero.refresh(this.#store.reader)
      this.#log_zero.mustBeAt(this.#home)
      const made = await make(this.#log_zero)
      if (made === null) return
      if (made.entries.some(({ k }) => k !== 'key')) this.#log_zero.mustBeInForce(this.#ports.signer)
      const batch = this.#log_zero.next(made.entries, signers, this.#entropy)
      try {
        await made.write(batch)
      } catch (error) {
        if (!(error instanceof StaleLog) || attempt === ATTEMPTS) throw error
        continue
      }
      await this.#log_zero.refresh(this.#store.reader)
      return this.#remember()
    }
  }

  /** Log 0 as it was last read. @throws CustodyError CUSTODY_LEDGER_FORKED if it isn't what the user saw meanwhile, in another copy. */
  async #remember(): Promise<void> {
    const { id, keys, size, last_us } = this.#log_zero
    const { trust } = this.#ports
    const head: SeenHead = { size, root: this.#log_zero.root(), t_us: last_us }
    const texts = (of: readonly VerifierKey[]) => of.map(each => each.text)
    const seen = { keys: texts(keys.birth), in_force: texts(keys.in_force), taken: keys.taken, written: true, head }
    const { reader } = this.#store
    const before = this.#seen
    const standing = await rememberSeen(trust, id, seen, async of =>
      of === before?.size ? before.root : (await treeOf(reader, LOG_ZERO)).rootOf(of),
    )
    const remembered = trust.recall(id)
    if (standing === 'forked' && remembered !== null) throw forked(this.url, newestOf(remembered).size, remembered)
    this.#seen = head
  }

  #appender(log: number, state?: AppenderState): Appender {
    return new Appender(this.#log_zero.id, log, signsRunsWith(this.#ports.signer), state)
  }

  #runLedger({ splits, ...of }: HeldLog, state: AppenderState, open: OpenTokens): RunLedger {
    const { log } = of
    const write = splits === null ? this.#write_split : this.#write
    const hands_over = write !== this.#write
    const parts = {
      ...of,
      ledger: this.#log_zero.id,
      reader: this.reader,
      write,
      log_zero: splits === null ? null : this.#withLogZero,
      partsTree: splits === null || splits === 0 ? null : () => this.#partsTree(log),
      ports: this.#ports,
      entropy: this.#entropy,
      scribeFrom: (from: AppenderState) =>
        new StoreScribe({ log, appender: this.#appender(log, from), reader: this.reader, write, hands_over }),
      threads: this.#threads,
      onOver: () => this.#runs.delete(ledger),
    }
    const ledger: StoredRunLedger = new StoredRunLedger(parts, state, open)
    this.#runs.add(ledger)
    return ledger
  }

  #partsTree(log: number): Promise<TreeHead> {
    const { reader } = this.#store
    const run = this.#log_zero.runs.get(log)
    if (run === undefined) throw new CustodyError('CUSTODY_ENGINE_DEFECT', `log ${log} is of no run under way`)
    return reader.snapshot(() => closedSplits(reader, this.#log_zero, run, this.#knownSplits(run.run)))
  }

  #expiry(): number {
    return this.#ports.now_us() + LEASE_US
  }
}
