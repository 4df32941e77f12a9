/** Lets a thread of its own read pages, one after another, with a limit of time and memory for each. */
import { TaskThread } from '../task-thread.ts'
import type { Page } from './page.ts'
import type { PageTask } from './page-worker.ts'

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
  readonly #thread: TaskThread<PageTask, Page | null>

  constructor(most_ms = MOST_MS) {
    this.#thread = new TaskThread('plugins/web/page-worker', { most_ms, most_heap_mb: MOST_MEMORY_MB })
  }

  /** Null if the page can't be read: too large, nested too deep, or too slow. */
  async read(task: PageTask): Promise<Page | null> {
    const result = await this.#thread.run(task)
    return result.kind === 'done' ? result.answer : null
  }

  close(): Promise<void> {
    return this.#thread.close()
  }
}
