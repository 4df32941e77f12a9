/**
 * Pages of a log, looked at in other threads while this one folds those before (read/verify/page.ts).
 *
 * P1. Pages come in their order, whoever is ready first; each thread has at most two ahead.
 * P2. A thread that fails, or ends by itself, fails the page that it was asked for, in its turn, with the error that it had.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { errorOf, type Failure } from '../ledger/thread/messages.ts'
import { CustodyError } from '../model/error.ts'
import { ownModule } from '../model/own-file.ts'
import { type PackedPage, unpacked } from '../read/verify/packed-page.ts'
import { PAGE_ENTRIES, type Page, type PageRequest, type PageSource } from '../read/verify/page.ts'

export interface PageQuestion {
  readonly request: PageRequest
  readonly from: number
}
export type PageAnswer =
  | { readonly kind: 'page'; readonly page: PackedPage; readonly failure: Failure | null }
  | { readonly kind: 'failed'; readonly failure: Failure }

const WORKER = ownModule('host/verify-worker')
/** Who folds the pages can't keep more of them busy. */
const MOST_THREADS = 4
const AHEAD = 2
/** Nearly all that a thread makes is gone with the page: more room would only be filled. */
const LIMITS = { maxYoungGenerationSizeMb: 24 }

/** Begins threads for a ledger when they are first needed. */
export class PageThreads {
  readonly #url: string
  readonly #threads: PageThread[] = []

  constructor(url: string) {
    this.#url = url
  }

  readonly pages: PageSource = request => this.#pages(request)

  async close(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map(each => each.close()))
  }

  async *#pages(request: PageRequest): AsyncIterable<Page> {
    const pages = Math.ceil(request.end / PAGE_ENTRIES)
    const wanted = Math.min(MOST_THREADS, availableParallelism(), pages)
    while (this.#threads.length < wanted) this.#threads.push(new PageThread(this.#url))
    const asked: Promise<Given>[] = []
    const ask = () => {
      const from = next++ * PAGE_ENTRIES
      const thread = this.#threads[next % wanted]
      if (thread === undefined || from >= request.end) return
      const page = thread.ask({ request, from })
      asked.push(page)
    }
    let next = 0
    for (let i = 0; i < wanted * AHEAD; i++) ask()
    for (let page = asked.shift(); page !== undefined; page = asked.shift()) {
      ask()
      const { page: given, failure } = await page
      if (given !== null) yield given
      if (failure !== null) throw failure
    }
  }
}

interface Given {
  readonly page: Page | null
  /** Why nothing comes behind them. */
  readonly failure: Error | null
}

class PageThread {
  readonly #url: string
  readonly #worker: Worker
  /** In the order of their questions, which is that of answers. */
  readonly #owed: Array<(given: Given) => void> = []
  #lost: CustodyError | null = null

  constructor(url: string) {
    this.#url = url
    this.#worker = new Worker(WORKER, { workerData: { url }, name: 'custody-pages', resourceLimits: LIMITS })
    this.#worker.unref()
    this.#worker.on('message', (answer: PageAnswer) => this.#settle(answer))
    this.#worker.on('error', (error: Error) => this.#lose(error.message, error))
    this.#worker.on('exit', code => this.#lose(`exit code ${code}`))
  }

  ask(question: PageQuestion): Promise<Given> {
    return new Promise(resolve => {
      if (this.#lost !== null) return resolve({ page: null, failure: this.#lost })
      this.#owed.push(resolve)
      this.#worker.ref()
      this.#worker.postMessage(question)
    })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #settle(answer: PageAnswer): void {
    const owed = this.#owed.shift()
    if (this.#owed.length === 0) this.#worker.unref()
    const failure = answer.failure === null ? null : errorOf(answer.failure)
    owed?.({ page: answer.kind === 'page' ? unpacked(answer.page) : null, failure })
  }

  #lose(why: string, cause?: unknown): void {
    this.#lost ??= new CustodyError(
      'CUSTODY_LEDGER_READ',
      `${this.#url} can't be read any more: a thread that read it has ended (${why})`,
      {
        cause,
      },
    )
    for (const owed of this.#owed.splice(0)) owed({ page: null, failure: this.#lost })
  }
}
