/**
 * A ledger that reports what becomes durable in it. It changes nothing on its way.
 *
 * OBSERVED-LEDGER-1. A commit is reported when it is durable, never before; what is dropped or fails is not reported (I11).
 * OBSERVED-LEDGER-2. A listener that throws is asked no more; the run knows nothing of it.
 */
import type { TotalsFact } from '../format/entry.ts'
import type {
  CheckpointHead,
  CommitUnderWay,
  RunDraft,
  RunLedger,
  RunReader,
  SplittingLedger,
  SubjectDraft,
  TakenOver,
} from '../ledger/write-port.ts'
import { parseJson } from '../model/json.ts'
import type { ObservedRun, RunEnd, RunListener } from './committed.ts'
import { Tally } from './tally.ts'

export interface Observing {
  readonly listener: RunListener
  /** What is known of the run before it begins. */
  readonly plan: Pick<ObservedRun, 'pipeline' | 'topology' | 'models'>
  readonly monotonic_us: () => number
  /** Why the listener is asked no more; a sentence without its end. */
  readonly onTrouble: (why: string) => void
}

export function observedLedger(inner: SplittingLedger, observing: Observing): SplittingLedger {
  return {
    url: inner.url,
    time_us: () => inner.time_us(),
    splitsOf: run => inner.splitsOf(run),
    takeSplit: (split, look) => inner.takeSplit(split, look),
    openRun: async (run, draft, splits) => {
      const opened = await inner.openRun(run, draft, splits)
      const observed = new ObservedRunLedger(opened, observing, null)
      observed.tell(listener =>
        listener.onRun({ run, ...observing.plan, is_resumed: false, now_us: () => opened.now_us() }),
      )
      return observed
    },
    takeOver: async <Seen>(run: string, look: (reader: RunReader) => Promise<Seen>): Promise<TakenOver<Seen>> => {
      let last: string | null = null
      const seeing = (body: string) => {
        if (body.includes('"totals":')) last = body
      }
      const taken = await inner.takeOver(run, reader => look(watched(reader, seeing)))
      const totals = totalsIn(last)
      const { ledger } = taken
      const observed = new ObservedRunLedger(ledger, observing, totals)
      observed.tell(listener =>
        listener.onRun({ run, ...observing.plan, is_resumed: true, now_us: () => ledger.now_us() }),
      )
      return { ...taken, ledger: observed }
    },
    close: () => inner.close(),
  }
}

/** Whoever takes a run over reads all entries of the run; they are seen as they pass. */
function watched(reader: RunReader, onBody: (body: string) => void): RunReader {
  return {
    entry: (log, seq) => reader.entry(log, seq),
    entriesOfRow: (log, row) => reader.entriesOfRow(log, row),
    entriesOfRows: (log, first, last) => reader.entriesOfRows(log, first, last),
    entriesOfBatch: (log, batch) => reader.entriesOfBatch(log, batch),
    endings: log => reader.endings(log),
    openTokens: log => reader.openTokens(log),
    payload: (log, seq) => reader.payload(log, seq),
    async *entriesOfRun(log) {
      for await (const entry of reader.entriesOfRun(log)) {
        onBody(entry.body)
        yield entry
      }
    },
  }
}

/** Of the last commit on record. */
function totalsIn(body: string | null): TotalsFact | null {
  // cast: the reader gives nothing but what was signed, and an entry with this key has the run's totals.
  return body === null ? null : (parseJson(body) as { readonly totals: TotalsFact }).totals
}

class ObservedRunLedger implements RunLedger {
  readonly #inner: RunLedger
  readonly #observing: Observing
  #listener: RunListener | null
  #tally = new Tally()
  #totals: TotalsFact | null
  #end: RunEnd | null = null

  constructor(inner: RunLedger, observing: Observing, totals: TotalsFact | null) {
    this.#inner = inner
    this.#observing = observing
    this.#listener = observing.listener
    this.#totals = totals
  }

  get log(): number {
    return this.#inner.log
  }

  get size(): number {
    return this.#inner.size
  }

  get began_us(): number {
    return this.#inner.began_us
  }

  now_us(): number {
    return this.#inner.now_us()
  }

  append(draft: SubjectDraft): number {
    this.#tally.add(draft)
    return this.#inner.append(draft)
  }

  appendRun(draft: RunDraft): number {
    const { entry } = draft
    this.#tally.addRunEntry(entry)
    if (entry.k === 'commit') this.#tally.totals = entry.totals
    if (entry.k === 'stop') this.#end = entry.status
    return this.#inner.appendRun(draft)
  }

  commit(): Promise<CheckpointHead> {
    return this.#durable(this.#inner.commit())
  }

  async begin(): Promise<CommitUnderWay> {
    const tally = this.#take()
    const began_us = this.#observing.monotonic_us()
    const { durable } = await this.#inner.begin()
    return {
      durable: durable.then(head => {
        this.#report(tally, began_us)
        return head
      }),
    }
  }

  drop(): void {
    this.#take()
    this.#inner.drop()
  }

  async seal(...[facts, own]: Parameters<RunLedger['seal']>): Promise<CheckpointHead> {
    this.#tally.totals = facts.totals
    const head = await this.#durable(this.#inner.seal(facts, own))
    this.#tellEnd(facts.k === 'seal' ? facts.status : 'released')
    return head
  }

  renew(): Promise<void> {
    return this.#inner.renew()
  }

  progress(t_us: number): Promise<void> {
    return this.#inner.progress(t_us)
  }

  async stop(t_us: number): Promise<CheckpointHead> {
    const head = await this.#durable(this.#inner.stop(t_us))
    this.#tellEnd(this.#end ?? 'released')
    return head
  }

  async release(): Promise<void> {
    await this.#inner.release()
    this.#tellEnd('released')
  }

  /** (OBSERVED-LEDGER-2) */
  tell(say: (listener: RunListener) => void): void {
    if (this.#listener === null) return
    try {
      say(this.#listener)
    } catch (error) {
      this.#listener = null
      this.#observing.onTrouble(`telemetry stops: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  async #durable(committing: Promise<CheckpointHead>): Promise<CheckpointHead> {
    const tally = this.#take()
    const began_us = this.#observing.monotonic_us()
    const head = await committing
    this.#report(tally, began_us)
    return head
  }

  #take(): Tally {
    const tally = this.#tally
    this.#tally = new Tally()
    return tally
  }

  #report(tally: Tally, began_us: number): void {
    const committed = tally.committed(this.#totals, this.#observing.monotonic_us() - began_us)
    if (committed === null) return
    this.#totals = committed.totals
    this.tell(listener => listener.onCommit(committed))
  }

  #tellEnd(end: RunEnd): void {
    this.tell(listener => listener.onEnd(end))
    this.#listener = null
  }
}
