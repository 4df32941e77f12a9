/** A ledger open for writing, over any store. */
import type { LedgerEntry } from '../model/entry.ts'
import { CustodyError } from '../model/error.ts'
import { leafHash } from '../model/hash.ts'
import { type Holder, isAlive, parseHolder } from '../model/holder.ts'
import { Frontier, type FrontierState } from '../model/merkle.ts'
import { checkpointText } from '../model/note.ts'
import { Appender, type AppenderState, originOf } from './appender.ts'
import { encodeRun } from './encode.ts'
import { Entropy, saltsOf } from './entropy.ts'
import { LEASE_US } from './lease.ts'
import { LogZero } from './log-zero.ts'
import type { StoredLease } from './read-port.ts'
import { StoredRunLedger, type Threads } from './run-ledger.ts'
import { StoreScribe } from './scribe.ts'
import { StaleLog, type Store } from './store.ts'
import { type Ledger, type LedgerPorts, NOTHING, type RunDraft, type RunLedger, type WriteBatch } from './write-port.ts'

/** Writes together with an entry of log 0, again if another process came first. */
export type LogZeroWriter = (
  entry: LedgerEntry,
  write: (ledger: NonNullable<WriteBatch['ledger']>) => Promise<void>,
) => Promise<void>

/** How often another process may come first before that is taken for an error. */
const ATTEMPTS = 100

export interface StoredOptions {
  /** Who holds the runs that are opened. */
  readonly holder: Holder
  /** Goes on from the ledger's birth, if that was just now. */
  readonly entropy?: Entropy
  /** Absent: all is done in this thread. */
  readonly threads?: Threads | undefined
}

export class StoredLedger implements Ledger {
  readonly #store: Store
  readonly #ports: LedgerPorts
  readonly #entropy: Entropy
  readonly #log_zero: LogZero
  readonly #holder: Holder
  readonly #threads: Threads | null
  readonly #runs: StoredRunLedger[] = []

  private constructor(
    store: Store,
    ports: LedgerPorts,
    log_zero: LogZero,
    { holder, entropy, threads }: StoredOptions,
  ) {
    this.#store = store
    this.#ports = ports
    this.#entropy = entropy ?? new Entropy(ports.entropy)
    this.#log_zero = log_zero
    this.#holder = holder
    this.#threads = threads ?? null
  }

  static async open(store: Store, ports: LedgerPorts, options: StoredOptions): Promise<StoredLedger> {
    return new StoredLedger(store, ports, await LogZero.read(store.reader), options)
  }

  get url(): string {
    return this.#store.reader.url
  }

  async openRun(run: string, draft: RunDraft): Promise<RunLedger> {
    const encoded = encodeRun(draft)
    for (let attempt = 1; ; attempt++) {
      const logs = await this.#store.reader.logs()
      const log = Math.max(...logs.map(each => each.log)) + 1
      const appender = this.#appender(log)
      appender.append(encoded, saltsOf(encoded, this.#entropy))
      const appended = appender.take()
      const { root } = appended.checkpoint
      try {
        await this.#withLogZero({ k: 'opened', log, run, root, t: this.#ports.now_us() }, ledger =>
          this.#store.write({
            ...appended,
            log,
            lease: { kind: 'open', run, part: 0, holder: JSON.stringify(this.#holder), expires_us: this.#expiry() },
            ledger,
          }),
        )
      } catch (error) {
        if (!(error instanceof StaleLog) || attempt === ATTEMPTS) throw error
        continue
      }
      appender.accept()
      return this.#runLedger(run, log, 1, appender.state())
    }
  }

  async takeOver(run: string): Promise<{ readonly ledger: RunLedger; readonly epoch: number }> {
    const { reader } = this.#store
    const found = (await reader.logs()).find(each => each.run === run)
    if (found === undefined) throw new CustodyError('CUSTODY_RUN_UNKNOWN', `${reader.url} has no run ${run}`)
    const { log } = found
    const lease = (await reader.leases()).find(each => each.log === log)
    if (lease === undefined)
      throw new CustodyError('CUSTODY_RUN_UNKNOWN', `run ${run} is sealed: there is nothing to go on with`)
    this.#refuseHeld(run, lease)
    const epoch = lease.epoch + 1
    await this.#withLogZero({ k: 'taken_over', log, run, epoch, t: this.#ports.now_us() }, ledger =>
      this.#store.write({
        ...NOTHING,
        log,
        lease: {
          kind: 'take',
          from_epoch: lease.epoch,
          epoch,
          holder: JSON.stringify(this.#holder),
          expires_us: this.#expiry(),
        },
        ledger,
      }),
    )
    try {
      const state = { frontier: await this.#checkedState(run, log), subjects: null }
      return { ledger: this.#runLedger(run, log, epoch, state), epoch }
    } catch (error) {
      await this.#store.write({ ...NOTHING, log, lease: { kind: 'release', epoch }, ledger: null })
      throw error
    }
  }

  async close(): Promise<void> {
    for (const run of this.#runs) await run.close()
    await this.#store.close()
  }

  #refuseHeld(run: string, { holder, expires_us }: StoredLease): void {
    const held_by = parseHolder(holder)
    if (held_by === null || expires_us <= this.#ports.now_us() || !isAlive(held_by)) return
    throw new CustodyError('CUSTODY_RUN_HELD', `run ${run} is held by process ${held_by.pid} on ${held_by.host}`)
  }

  /** The tree of a log's entries, which must be what its last checkpoint says. */
  async #checkedState(run: string, log: number): Promise<FrontierState> {
    const { reader } = this.#store
    const tree = new Frontier()
    for await (const { body } of reader.entries(log)) tree.append(leafHash(body))
    const text = checkpointText({ origin: originOf(this.#log_zero.id, log), size: tree.size, root: tree.root() })
    if (!(await reader.head(log))?.startsWith(`${text}\n`)) {
      throw new CustodyError('CUSTODY_VERIFY_FAILED', `the entries of run ${run} aren't those of its last checkpoint`)
    }
    return tree.state()
  }

  #withLogZero: LogZeroWriter = async (entry, write) => {
    for (let attempt = 1; ; attempt++) {
      await this.#log_zero.refresh(this.#store.reader)
      try {
        await write(this.#log_zero.next(entry, this.#ports, this.#entropy))
        return
      } catch (error) {
        if (!(error instanceof StaleLog) || attempt === ATTEMPTS) throw error
      }
    }
  }

  #appender(log: number, state?: AppenderState): Appender {
    return new Appender(this.#log_zero.id, log, this.#ports.signer, state)
  }

  #runLedger(run: string, log: number, epoch: number, state: AppenderState): RunLedger {
    const parts = {
      ledger: this.#log_zero.id,
      run,
      log,
      epoch,
      store: this.#store,
      log_zero: this.#withLogZero,
      ports: this.#ports,
      entropy: this.#entropy,
      scribeFrom: (from: AppenderState) => new StoreScribe(log, this.#appender(log, from), this.#store),
      threads: this.#threads,
    }
    const ledger = new StoredRunLedger(parts, state)
    this.#runs.push(ledger)
    return ledger
  }

  #expiry(): number {
    return this.#ports.now_us() + LEASE_US
  }
}
