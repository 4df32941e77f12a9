/** Lets a thread of its own read pages, one after another, with a limit of time and memory for each. */
import { Worker } from 'node:worker_threads'
import { ownModule } from '../../model/own-file.ts'
import type { Page } from './page.ts'
import type { PageTask, READY } from './page-worker.ts'

/** What page.ts imports. */
export const PAGE_PACKAGES: readonly string[] = [
  'hast-util-from-parse5',
  'hast-util-to-mdast',
  'hast-util-to-text',
  'mdast-util-gfm',
  'mdast-util-to-markdown',
  'parse5',
]

/** Milliseconds; far more than a page needs that people read. */
const MOST_MS = 20_000
const MOST_MEMORY_MB = 512

export class PageReader {
  readonly #most_ms: number
  #worker: Worker | null = null
  #is_ready = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(most_ms = MOST_MS) {
    this.#most_ms = most_ms
  }

  /** Null if the page can't be read: too large, nested too deep, or too slow. */
  read(task: PageTask): Promise<Page | null> {
    const page = this.#last.then(() => this.#readNow(task))
    this.#last = Promise.allSettled([page])
    return page
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
    this.#worker = null
  }

  #readNow(task: PageTask): Promise<Page | null> {
    const { promise, resolve, reject } = Promise.withResolvers<Page | null>()
    if (this.#worker === null) this.#is_ready = false
    this.#worker ??= startWorker()
    const worker = this.#worker
    const giveUp = () => {
      this.#worker = null
      void worker.terminate()
      resolve(null)
    }
    let timer: NodeJS.Timeout | null = null
    const begin = () => {
      this.#is_ready = true
      timer = setTimeout(giveUp, this.#most_ms)
      worker.postMessage(task)
    }
    const onMessage = (message: Page | null | typeof READY) =>
      message === ('ready' satisfies typeof READY) ? begin() : resolve(message)
    const onError = (error: NodeJS.ErrnoException) => {
      this.#worker = null
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve(null)
      else reject(error)
    }
    worker.on('message', onMessage).once('error', onError).once('exit', giveUp)
    if (this.#is_ready) begin()
    return promise.finally(() => {
      clearTimeout(timer ?? undefined)
      worker.off('message', onMessage).off('error', onError).off('exit', giveUp)
    })
  }
}

function startWorker(): Worker {
  return new Worker(ownModule('plugins/web/page-worker'), {
    resourceLimits: { maxOldGenerationSizeMb: MOST_MEMORY_MB },
  })
}
