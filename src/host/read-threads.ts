/**
 * Questions about a ledger that are answered in other threads, while this one works on the answers before.
 *
 * READ-THREADS-1. Answers come in the order of their questions, whoever is ready first; each thread has at most two ahead.
 * READ-THREADS-2. An error that a thread answers with fails that question, in its turn. A thread that ends by itself fails all that it was
 *     asked and hasn't answered, and all that it is asked later.
 */

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { ownKeychain } from '../ledger/encryption/keychain.ts'
import { withoutPassword } from '../ledger/postgres/address.ts'
import { errorOf, type Failure } from '../ledger/thread/messages.ts'
import { CustodyError } from '../model/error.ts'
import { ownModule } from '../model/own-file.ts'
import type { Answers, Question } from './read-questions.ts'

export type Reply =
  | { readonly kind: 'answer'; readonly answer: Answers[keyof Answers] }
  | { readonly kind: 'failed'; readonly failure: Failure }

const WORKER = ownModule('host/read-worker')
/** Who works on the answers can't keep more of them busy. */
const MOST_THREADS = 4
const AHEAD = 2
/** Nearly all that a thread makes is gone with its answer: with more room than this it takes no less time. */
const LIMITS = { maxYoungGenerationSizeMb: 18 }

/** Whether there is anybody else to ask. */
export function hasOtherCores(): boolean {
  return availableParallelism() > 1
}

/** Begins threads for a ledger when they are first needed. */
export class ReadThreads {
  readonly #url: string
  readonly #threads: ReadThread[] = []
  /** Each with one question that takes long. */
  readonly #alone: ReadThread[] = []

  constructor(url: string) {
    this.#url = url
  }

  async close(): Promise<void> {
    await Promise.all([...this.#threads.splice(0), ...this.#alone.splice(0)].map(each => each.close()))
  }

  /** Answers one question in a thread of its own, beside all others. */
  async answer<K extends keyof Answers>(question: Extract<Question, { kind: K }>): Promise<Answers[K]> {
    const thread = new ReadThread(this.#url)
    this.#alone.push(thread)
    return answerOf<K>(await thread.ask(question))
  }

  async *answers<K extends keyof Answers>(
    questions: Iterable<Extract<Question, { kind: K }>>,
  ): AsyncGenerator<Answers[K], void, undefined> {
    const rest = questions[Symbol.iterator]()
    const most = Math.min(MOST_THREADS, availableParallelism())
    const asked: Promise<Given>[] = []
    let next = 0
    const ask = () => {
      const question = rest.next()
      if (question.done === true) return
      const place = next++ % most
      const thread = this.#threads[place] ?? new ReadThread(this.#url)
      this.#threads[place] = thread
      asked.push(thread.ask(question.value))
    }
    for (let i = 0; i < most * AHEAD; i++) ask()
    for (let given = asked.shift(); given !== undefined; given = asked.shift()) {
      ask()
      yield answerOf<K>(await given)
    }
  }
}

interface Given {
  readonly answer: Answers[keyof Answers] | null
  readonly failure: Error | null
}

/** Of a question of kind K. */
function answerOf<K extends keyof Answers>({ answer, failure }: Given): Answers[K] {
  if (failure !== null) throw failure
  return answer as Answers[K]
}

class ReadThread {
  readonly #url: string
  readonly #worker: Worker
  /** In the order of their questions, which is that of answers. */
  readonly #owed: Array<(given: Given) => void> = []
  #lost: CustodyError | null = null

  constructor(url: string) {
    this.#url = url
    this.#worker = new Worker(WORKER, {
      workerData: { url, keys: ownKeychain.all },
      name: 'custody-reads',
      resourceLimits: LIMITS,
    })
    this.#worker.unref()
    this.#worker.on('message', (reply: Reply) => this.#settle(reply))
    this.#worker.on('error', (error: Error) => this.#lose(error.message, error))
    this.#worker.on('exit', code => this.#lose(`exit code ${code}`))
  }

  ask(question: Question): Promise<Given> {
    return new Promise(resolve => {
      if (this.#lost !== null) return resolve({ answer: null, failure: this.#lost })
      this.#owed.push(resolve)
      this.#worker.ref()
      this.#worker.postMessage(question)
    })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #settle(reply: Reply): void {
    const owed = this.#owed.shift()
    if (this.#owed.length === 0) this.#worker.unref()
    if (reply.kind === 'answer') owed?.({ answer: reply.answer, failure: null })
    else owed?.({ answer: null, failure: errorOf(reply.failure) })
  }

  #lose(why: string, cause?: unknown): void {
    this.#lost ??= new CustodyError(
      'CUSTODY_LEDGER_READ',
      `${withoutPassword(this.#url)} can't be read any more: a thread that read it has ended (${why})`,
      { cause },
    )
    for (const owed of this.#owed.splice(0)) owed({ answer: null, failure: this.#lost })
  }
}
