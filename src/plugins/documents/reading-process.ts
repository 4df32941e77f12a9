/**
 * A process that reads one document after another (document-process.ts), with limits of time and memory for each. It is started when it is
 * needed, and anew after a document that it had to be ended for.
 *
 * READING-PROCESS-1. The limit of time counts from when the process is ready.
 * READING-PROCESS-2. A process that ends by itself before it is ready is a fault of this machine, not of a document.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ownModule } from '../../model/own-file.ts'
import { type DocumentAnswer, type DocumentTask, READY } from './document.ts'

const MB = 1024 * 1024

export interface ProcessLimits {
  /** Milliseconds. */
  readonly most_ms: number
  readonly most_mb: number
}

export type Reading =
  | { readonly kind: 'done'; readonly answer: DocumentAnswer }
  | { readonly kind: 'too_slow' | 'too_much_memory' | 'ended' }

export class ReadingProcess {
  readonly #limits: ProcessLimits
  #child: ChildProcess | null = null
  #is_ready = false
  #is_closed = false
  #last: Promise<unknown> = Promise.resolve()
  /** Documents that it has, the one in hand included. */
  waiting = 0

  constructor(limits: ProcessLimits) {
    this.#limits = limits
  }

  /** @throws Error if there can be no such process. */
  read(task: DocumentTask): Promise<Reading> {
    this.waiting++
    const reading = this.#last.then(() => this.#readNow(task)).finally(() => this.waiting--)
    this.#last = Promise.allSettled([reading])
    return reading
  }

  /** What waits is not read any more. */
  async close(): Promise<void> {
    this.#is_closed = true
    const child = this.#child
    if (child === null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async #readNow(task: DocumentTask): Promise<Reading> {
    if (this.#is_closed) return { kind: 'ended' }
    const { promise, resolve, reject } = Promise.withResolvers<Reading>()
    const child = this.#child ?? this.#start()
    let timer: NodeJS.Timeout | undefined
    let is_late = false
    const begin = () => {
      this.#is_ready = true
      timer = setTimeout(() => {
        is_late = true
        child.kill('SIGKILL')
      }, this.#limits.most_ms)
      child.send(task)
    }
    const onMessage = (message: DocumentAnswer | typeof READY) =>
      message === READY ? begin() : resolve({ kind: 'done', answer: message })
    const onExit = (code: number | null, signal: NodeJS.Signals | null) => {
      if (is_late) resolve({ kind: 'too_slow' })
      else if (this.#is_ready) resolve({ kind: isOfMemory(code, signal) ? 'too_much_memory' : 'ended' })
      else reject(new Error(`the process that reads documents can’t begin: it ended with ${signal ?? code}`))
    }
    child.on('message', onMessage).once('error', reject).once('exit', onExit)
    if (this.#is_ready) begin()
    return await promise.finally(() => {
      clearTimeout(timer)
      child.off('message', onMessage).off('error', reject).off('exit', onExit)
    })
  }

  #start(): ChildProcess {
    const { most_mb } = this.#limits
    const child = fork(fileURLToPath(ownModule('plugins/documents/document-process')), [String(most_mb * MB)], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [`--max-old-space-size=${most_mb}`, '--permission', '--allow-fs-read=*', '--allow-worker'],
      env: SYSTEM,
    })
    this.#child = child
    this.#is_ready = false
    child.once('exit', () => {
      if (this.#child === child) this.#child = null
    })
    return child
  }
}

/** What Windows needs of its environment to start anything. */
const { SystemRoot } = process.env
const SYSTEM: NodeJS.ProcessEnv = SystemRoot === undefined ? {} : { SystemRoot }

/** Its guard ended it, or the system did; or V8 gave up. */
const isOfMemory = (code: number | null, signal: NodeJS.Signals | null): boolean =>
  signal === 'SIGKILL' || signal === 'SIGABRT' || signal === 'SIGTRAP' || code === ABORTED

/** What a shell calls an abort, and Windows, too. */
const ABORTED = 134
