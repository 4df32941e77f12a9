/**
 * A thread that does one task after another, with a limit of time and memory for each: what outsiders made to be slow, or to grow, holds up
 * nothing else and ends no run. The thread is started anew after a task that it had to be stopped for.
 *
 * TASK-THREAD-1. A limit of time counts from when the thread is ready: how long it takes to start depends on the machine.
 */
import { Worker } from 'node:worker_threads'
import { ownModule } from '../model/own-file.ts'

/** What the module says once, when it takes tasks. */
export const READY = 'ready'
/** How often it is looked whether a task has too much memory. */
const LOOK_MS = 200
const MB = 1024 * 1024

export interface TaskLimits {
  /** Milliseconds. */
  readonly most_ms: number
  /** Of objects. */
  readonly most_heap_mb: number
  /** Of objects and bytes together; absent: bytes aren't counted. */
  readonly most_memory_mb?: number
}

export type TaskResult<Answer> =
  | { readonly kind: 'done'; readonly answer: Answer }
  | { readonly kind: 'too_slow' | 'too_much_memory' | 'ended' }

export class TaskThread<Task, Answer> {
  readonly #module: string
  readonly #limits: TaskLimits
  #worker: Worker | null = null
  #is_ready = false
  #last: Promise<unknown> = Promise.resolve()
  /** Tasks that it has, the one in hand included. */
  waiting = 0

  /** `module`: as `ownModule` names it. It says READY, and then answers each message. */
  constructor(module: string, limits: TaskLimits) {
    this.#module = module
    this.#limits = limits
  }

  /** `transfer`: what of the task is given away. @throws whatever the module has not caught. */
  run(task: Task, transfer: readonly ArrayBuffer[] = []): Promise<TaskResult<Answer>> {
    this.waiting++
    const result = this.#last.then(() => this.#runNow(task, transfer)).finally(() => this.waiting--)
    this.#last = Promise.allSettled([result])
    return result
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
    this.#worker = null
  }

  #runNow(task: Task, transfer: readonly ArrayBuffer[]): Promise<TaskResult<Answer>> {
    const { promise, resolve, reject } = Promise.withResolvers<TaskResult<Answer>>()
    if (this.#worker === null) this.#is_ready = false
    this.#worker ??= this.#start()
    const worker = this.#worker
    const stop = (kind: Exclude<TaskResult<Answer>['kind'], 'done'>) => {
      if (this.#worker === worker) this.#worker = null
      void worker.terminate()
      resolve({ kind })
    }
    let timer: NodeJS.Timeout | undefined
    let looking: NodeJS.Timeout | undefined
    const begin = () => {
      this.#is_ready = true
      timer = setTimeout(stop, this.#limits.most_ms, 'too_slow')
      looking = this.#watch(worker, () => stop('too_much_memory'))
      worker.postMessage(task, [...transfer])
    }
    const onMessage = (message: Answer | typeof READY) =>
      // cast: what isn't that word is an answer, whatever type these have.
      message === READY ? begin() : resolve({ kind: 'done', answer: message as Answer })
    const onError = (error: NodeJS.ErrnoException) => {
      this.#worker = null
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve({ kind: 'too_much_memory' })
      else reject(error)
    }
    const onExit = () => stop('ended')
    worker.on('message', onMessage).once('error', onError).once('exit', onExit)
    if (this.#is_ready) begin()
    return promise.finally(() => {
      clearTimeout(timer)
      clearInterval(looking)
      worker.off('message', onMessage).off('error', onError).off('exit', onExit)
    })
  }

  /** V8 limits what objects take, and no bytes outside of its heap. */
  #watch(worker: Worker, onTooMuch: () => void): NodeJS.Timeout | undefined {
    const { most_memory_mb } = this.#limits
    if (most_memory_mb === undefined) return undefined
    const look = async () => {
      const used = await worker.getHeapStatistics().catch(() => null)
      if (used !== null && used.used_heap_size + used.external_memory > most_memory_mb * MB) onTooMuch()
    }
    return setInterval(look, LOOK_MS)
  }

  #start(): Worker {
    return new Worker(ownModule(this.#module), {
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.most_heap_mb },
    })
  }
}
