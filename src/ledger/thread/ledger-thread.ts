/**
 * A thread that does stage 2 of logs, one after another, seen from the thread that asks it.
 *
 * LEDGER-THREAD-1. One that ends before it was asked to, whatever the reason, fails what was asked of it and all that is asked
 *     later: CUSTODY_LEDGER_IN_DOUBT.
 * LEDGER-THREAD-2. It keeps the process alive only while it owes an answer.
 */
import { Worker } from 'node:worker_threads'
import { CustodyError } from '../../model/error.ts'
import { ownModule } from '../../model/own-file.ts'
import type { OtherThread, Threads } from '../write/run-ledger.ts'
import { type Answer, errorOf, type HandedLog, type Notice, type Question, type ThreadInput } from './messages.ts'
import { ThreadScribe } from './thread-scribe.ts'

const WORKER = ownModule('ledger/thread/worker')

/** Nothing there outlives its commit. Left alone, the young generation grows to 50 MB, and is hardly any faster. */
const YOUNG_MIB = 16

/** Those of a ledger, each started when it is needed. One that has done with its log takes the next. */
export class LedgerThreads implements Threads {
  readonly #input: ThreadInput
  readonly #from_entries: number
  #idle: LedgerThread | null = null

  constructor(input: ThreadInput, from_entries: number) {
    this.#input = input
    this.#from_entries = from_entries
  }

  get from_entries(): number {
    return this.#idle === null ? this.#from_entries : 0
  }

  start(log: HandedLog): OtherThread {
    const thread = this.#idle ?? new LedgerThread(this.#input)
    this.#idle = null
    return new ThreadScribe(thread, log, () => this.#keep(thread))
  }

  async close(): Promise<void> {
    await this.#idle?.close()
    this.#idle = null
  }

  async #keep(thread: LedgerThread): Promise<void> {
    if (this.#idle === null) this.#idle = thread
    else await thread.close()
  }
}

export class LedgerThread {
  readonly #url: string
  readonly #worker: Worker
  #owed: { readonly resolve: (answer: Answer) => void; readonly reject: (error: unknown) => void } | null = null
  #lost: CustodyError | null = null

  constructor(input: ThreadInput) {
    this.#url = input.shown
    this.#worker = new Worker(WORKER, {
      workerData: input,
      name: 'custody-ledger',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    })
    this.#worker.unref()
    this.#worker.on('message', (answer: Answer) => this.#settle(answer))
    this.#worker.on('messageerror', error => this.#lose(error.message, error))
    this.#worker.on('error', (error: Error) => this.#lose(error.message, error))
    this.#worker.on('exit', code => this.#lose(`exit code ${code}`))
  }

  notify(notice: Notice, parts: ArrayBuffer[] = []): void {
    this.#worker.postMessage(notice, parts)
  }

  ask(question: Question, parts: ArrayBuffer[] = []): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== null) return reject(this.#lost)
      if (this.#owed !== null) return reject(new TypeError('the other thread was asked before it had answered'))
      this.#owed = { resolve, reject }
      this.#worker.ref()
      this.#worker.postMessage(question, parts)
    })
  }

  /** Nothing is asked of it any more. */
  async close(): Promise<void> {
    if (this.#lost === null) await this.ask({ kind: 'close' })
    await this.terminate()
  }

  /** Ends it, whatever it is doing. */
  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  #settle(answer: Answer): void {
    const owed = this.#owed
    this.#owed = null
    this.#worker.unref()
    if (answer.kind === 'failed') owed?.reject(errorOf(answer.failure))
    else owed?.resolve(answer)
  }

  #lose(why: string, cause?: unknown): void {
    this.#lost ??= new CustodyError(
      'CUSTODY_LEDGER_IN_DOUBT',
      `${this.#url} can't be written any more: the thread that wrote it has ended (${why})`,
      { cause },
    )
    this.#owed?.reject(this.#lost)
    this.#owed = null
  }
}
