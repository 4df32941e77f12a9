/**
 * Stage 2 in another thread, seen from this one.
 *
 * THREAD-SCRIBE-1. A thread that ends before it was asked to, whatever the reason, fails what was asked of it and all that is asked
 *     later: CUSTODY_LEDGER_IN_DOUBT.
 * THREAD-SCRIBE-2. It keeps the process alive only while it owes an answer.
 */
import { Worker } from 'node:worker_threads'
import { CustodyError } from '../../model/error.ts'
import { ownModule } from '../../model/own-file.ts'
import type { AppenderState } from '../write/appender.ts'
import { type Block, partsOf } from '../write/block.ts'
import type { OtherThread } from '../write/run-ledger.ts'
import type { BegunCommit } from '../write/scribe.ts'
import type { Durable, LeaseChange } from '../write-port.ts'
import { type Answer, errorOf, type Notice, type Question, type ThreadInput } from './messages.ts'

const WORKER = ownModule('ledger/thread/worker')

/** Nothing there outlives its commit. Left alone, the young generation grows to 50 MB, and is hardly any faster. */
const YOUNG_MIB = 16

export class ThreadScribe implements OtherThread {
  readonly #url: string
  readonly #worker: Worker
  /** Parts of the next commit are over there. */
  #parted = false
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

  append(block: Block): void {
    this.#notify({ kind: 'entries', block }, partsOf(block))
    this.#parted = true
  }

  async begin(block: Block, lease: LeaseChange, onRead: (block: Block) => void): Promise<BegunCommit> {
    this.#parted = false
    return { durable: this.#commit({ kind: 'commit', block, lease }, partsOf(block), onRead) }
  }

  drop(): void {
    if (this.#parted) this.#notify({ kind: 'drop' })
    this.#parted = false
  }

  async end(): Promise<AppenderState> {
    const answer = await this.#ask({ kind: 'end' })
    await this.terminate()
    if (answer.kind === 'ended') return answer.state
    throw unexpected(answer)
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  async #commit(question: Question, parts: ArrayBuffer[], onRead: (block: Block) => void): Promise<Durable> {
    const answer = await this.#ask(question, parts)
    if (answer.kind !== 'durable') throw unexpected(answer)
    onRead(answer.block)
    return answer.durable
  }

  #notify(notice: Notice, parts: ArrayBuffer[] = []): void {
    this.#worker.postMessage(notice, parts)
  }

  #ask(question: Question, parts: ArrayBuffer[] = []): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== null) return reject(this.#lost)
      if (this.#owed !== null) return reject(new TypeError('the other thread was asked before it had answered'))
      this.#owed = { resolve, reject }
      this.#worker.ref()
      this.#worker.postMessage(question, parts)
    })
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

function unexpected({ kind }: Answer): TypeError {
  return new TypeError(`the other thread answered ${kind}`)
}
