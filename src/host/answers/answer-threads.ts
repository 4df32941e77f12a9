/**
 * Threads that answer questions about a ledger, each one at a time; those that find no thread free wait in their order.
 *
 * ANSWER-THREADS-1. A question that is given up is answered by nobody: one that waits is taken from the line, one that is being answered
 *     ends with its thread, or, where that is soon free again, is left to it.
 * ANSWER-THREADS-2. A thread that ends by itself fails its question, and no other: the next one gets a new thread.
 */
import { Worker } from 'node:worker_threads'
import { errorOf } from '../../ledger/thread/messages.ts'
import { CustodyError } from '../../model/error.ts'
import { ownModule } from '../../model/own-file.ts'
import { TooManyError } from '../too-many.ts'
import type { AnswerThreadInput, FromThread, Request, ToThread } from './answer-messages.ts'
import type { Piece, Progress } from './asked.ts'

const WORKER = ownModule('host/answers/answer-worker')
const TRY_AGAIN_MS = 2_000
/** Nearly all that a thread makes is gone with its answer. */
const LIMITS = { maxYoungGenerationSizeMb: 18 }

export interface ThreadsOptions {
  readonly input: AnswerThreadInput
  /** How many there are at most. */
  readonly most: number
  /** Questions that wait for one of them; of more than these each is refused. */
  readonly most_waiting: number
  /** What becomes of the thread whose question is given up. */
  readonly given_up: 'ends' | 'goes on'
}

export interface Listener {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** Takes a piece of what is streamed; the next one comes when it is done. */
  readonly onPiece?: ((piece: Piece) => Promise<void>) | undefined
}

/** What a thread came to. */
export type Reply = Extract<FromThread, { kind: 'answer' | 'same' }>

interface Task {
  readonly request: Request
  readonly listener: Listener
  settle(reply: Reply): void
  fail(error: unknown): void
}

export class AnswerThreads {
  readonly #options: ThreadsOptions
  readonly #threads = new Set<AnswerThread>()
  readonly #waiting: Task[] = []
  #closed = false

  constructor(options: ThreadsOptions) {
    this.#options = options
  }

  /** @throws TooManyError; what the thread threw; the signal's reason, if it was given up. */
  ask(request: Request, listener: Listener): Promise<Reply> {
    const { signal } = listener
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason)
      const { most_waiting } = this.#options
      if (this.#waiting.length >= most_waiting)
        return reject(new TooManyError(`${most_waiting} questions wait for an answer already`, TRY_AGAIN_MS))
      const onAbort = () => this.#giveUp(task)
      const task: Task = {
        request,
        listener,
        settle: reply => {
          signal?.removeEventListener('abort', onAbort)
          resolve(reply)
        },
        fail: error => {
          signal?.removeEventListener('abort', onAbort)
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(task)
      this.#next()
    })
  }

  /** Whoever still waits for an answer gets an error. */
  async close(): Promise<void> {
    this.#closed = true
    for (const task of this.#waiting.splice(0)) task.fail(closed(this.#options.input.url))
    await Promise.all([...this.#threads].map(each => each.end(closed(this.#options.input.url))))
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#closed ? null : this.#free()
      if (thread === null) break
      const task = this.#waiting.shift()
      if (task !== undefined) thread.begin(task)
    }
    if (this.#closed) for (const task of this.#waiting.splice(0)) task.fail(closed(this.#options.input.url))
  }

  #free(): AnswerThread | null {
    for (const each of this.#threads) if (each.isFree) return each
    if (this.#threads.size >= this.#options.most) return null
    const thread = new AnswerThread(this.#options.input, {
      onFree: () => this.#next(),
      onEnd: () => {
        this.#threads.delete(thread)
        this.#next()
      },
    })
    this.#threads.add(thread)
    return thread
  }

  #giveUp(task: Task): void {
    const at = this.#waiting.indexOf(task)
    if (at !== -1) this.#waiting.splice(at, 1)
    else if (this.#options.given_up === 'ends')
      for (const each of this.#threads) if (each.isAt(task)) void each.end(task.listener.signal?.reason)
    task.fail(task.listener.signal?.reason)
  }
}

function closed(url: string): CustodyError {
  return new CustodyError('CUSTODY_LEDGER_READ', `${url} was closed before the question was answered`)
}

interface Watcher {
  onFree(): void
  onEnd(): void
}

class AnswerThread {
  readonly #url: string
  readonly #worker: Worker
  readonly #watcher: Watcher
  #task: Task | null = null

  constructor(input: AnswerThreadInput, watcher: Watcher) {
    this.#url = input.url
    this.#watcher = watcher
    this.#worker = new Worker(WORKER, { workerData: input, name: 'custody-answers', resourceLimits: LIMITS })
    this.#worker.unref()
    this.#worker.on('message', (message: FromThread) => this.#take(message))
    this.#worker.on('error', (error: Error) => this.#lose(error.message, error))
    this.#worker.on('exit', code => {
      this.#lose(`exit code ${code}`)
      watcher.onEnd()
    })
  }

  get isFree(): boolean {
    return this.#task === null
  }

  isAt(task: Task): boolean {
    return this.#task === task
  }

  begin(task: Task): void {
    this.#task = task
    this.#worker.ref()
    this.#post({ kind: 'ask', request: task.request })
  }

  async end(why: unknown): Promise<void> {
    const task = this.#task
    task?.fail(why)
    await this.#worker.terminate()
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message)
  }

  #take(message: FromThread): void {
    const task = this.#task
    if (task === null) return
    if (message.kind === 'progress') return task.listener.onProgress?.(message.progress)
    if (message.kind === 'piece') {
      void this.#handOn(task, message.piece)
      return
    }
    this.#task = null
    this.#worker.unref()
    if (message.kind === 'failed') task.fail(errorOf(message.failure))
    else task.settle(message)
    this.#watcher.onFree()
  }

  /** Who can't take a piece doesn't get the rest. */
  async #handOn(task: Task, piece: Piece): Promise<void> {
    try {
      await task.listener.onPiece?.(piece)
      if (this.#task === task) this.#post({ kind: 'more' })
    } catch (error) {
      if (this.#task === task) await this.end(error)
    }
  }

  #lose(why: string, cause?: unknown): void {
    const task = this.#task
    this.#task = null
    task?.fail(new CustodyError('CUSTODY_LEDGER_READ', `a thread that read ${this.#url} has ended (${why})`, { cause }))
  }
}
