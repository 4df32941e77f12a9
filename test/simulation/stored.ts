/**
 * A simulated run whose ledger is a real one, too. Whatever is durable in memory is durable there, whatever isn't isn't, and a process that resumes
 * the run reads nothing else.
 */
import type { SealFacts } from '../../src/format/entry.ts'
import type { LedgerKey } from '../../src/ledger/encryption/ledger-key.ts'
import { openLedger } from '../../src/ledger/open.ts'
import type {
  CheckpointHead,
  Ledger,
  RunDraft,
  RunLedger,
  RunReader,
  SubjectDraft,
  TakenOver,
} from '../../src/ledger/write-port.ts'
import { thisProcess } from '../../src/model/holder.ts'
import { testPorts } from '../support/ledger.ts'
import { MemoryLedger } from '../support/memory-ledger.ts'

type Opened = Awaited<ReturnType<typeof openLedger>>

export class SimulatedStore extends MemoryLedger {
  readonly #url: string
  readonly #encryption: LedgerKey | undefined
  #opened: Opened | null = null
  #stored: RunLedger | null = null
  #under_way = 0
  #processes = 0

  /** `url`: of a ledger that isn't there yet. */
  constructor(url: string, encryption?: LedgerKey) {
    super()
    this.#url = url
    this.#encryption = encryption
    this.beneath = async () => void (await this.#during(this.#run.commit()))
  }

  override get is_busy(): boolean {
    return this.#under_way > 0
  }

  /** Each process is another one than this, which lives. */
  override async enter(now_us: () => number): Promise<void> {
    const nth = ++this.#processes
    const ports = { ...testPorts(`process ${nth}`), now_us, encryption: this.#encryption }
    const holder = { ...thisProcess(), start: `process ${nth}` }
    this.#opened = await openLedger(this.#url, ports, { create: true, holder })
  }

  /** What was begun when the power went comes to its end: whether it is durable is the same here and there. */
  override async leave(): Promise<void> {
    do await new Promise(resolve => setImmediate(resolve))
    while (this.is_busy)
    await this.#opened?.close()
    this.#opened = null
    this.#stored = null
  }

  override get reader(): MemoryLedger['reader'] {
    const { reader } = this.#ledger
    return {
      entry: (log, seq) => this.#during(reader.entry(log, seq)),
      payload: (log, seq) => this.#during(reader.payload(log, seq)),
      logOf: run => this.#during(reader.logOf(run)),
      lease: async log => this.#during(reader.lease(log)),
    }
  }

  override async openRun(run: string, draft: RunDraft): Promise<RunLedger> {
    await this.#instead(
      async () => {
        this.#stored = await this.#ledger.openRun(run, draft)
      },
      () => super.openRun(run, draft),
    )
    this.began_us = this.#run.began_us
    return this
  }

  override append(draft: SubjectDraft): number {
    return this.#same(super.append(draft), this.#run.append(draft))
  }

  /** A run's first entry is appended by whoever opens it, its last one by whoever seals it. */
  override appendRun(draft: RunDraft): number {
    const seq = super.appendRun(draft)
    return this.#stored === null ? seq : this.#same(seq, this.#stored.appendRun(draft))
  }

  override drop(): void {
    super.drop()
    this.#stored?.drop()
  }

  override seal(facts: SealFacts): Promise<CheckpointHead> {
    return this.#instead(
      async () => void (await this.#run.seal(facts)),
      () => super.seal(facts),
    )
  }

  override async progress(t_us: number): Promise<void> {
    if (this.power.on) await this.#during(this.#run.progress(t_us))
    await super.progress(t_us)
  }

  override stop(t_us: number): Promise<CheckpointHead> {
    return this.#instead(
      async () => void (await this.#run.stop(t_us)),
      () => super.stop(t_us),
    )
  }

  override async renew(): Promise<void> {
    await super.renew()
    if (this.power.on) await this.#during(this.#run.renew())
  }

  override async takeOver<Seen>(run: string, look: (reader: RunReader) => Promise<Seen>): Promise<TakenOver<Seen>> {
    const { ledger, epoch, seen } = await this.#during(this.#ledger.takeOver(run, look))
    await super.takeOver(run, async () => null)
    this.#stored = ledger
    this.began_us = ledger.began_us
    return { ledger: this, epoch, seen }
  }

  override async release(): Promise<void> {
    await super.release()
    if (this.power.on) await this.#during(this.#run.release())
  }

  get #ledger(): Ledger & Opened {
    if (this.#opened === null) throw new Error('no process is at work')
    return this.#opened
  }

  get #run(): RunLedger {
    if (this.#stored === null) throw new Error('no run is open')
    return this.#stored
  }

  /** The commit that `work` makes is made by `beneath` there. */
  async #instead<T>(beneath: () => Promise<void>, work: () => Promise<T>): Promise<T> {
    const usual = this.beneath
    this.beneath = () => this.#during(beneath())
    try {
      return await work()
    } finally {
      this.beneath = usual
    }
  }

  #same(here: number, there: number): number {
    if (here !== there) throw new Error(`entry ${here} has number ${there} in the store`)
    return here
  }

  async #during<T>(work: Promise<T>): Promise<T> {
    this.#under_way++
    try {
      return await work
    } finally {
      this.#under_way--
    }
  }
}
