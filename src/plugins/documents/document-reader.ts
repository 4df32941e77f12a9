/** Lets threads of their own read documents, with limits of time and memory for each. */
import { availableParallelism } from 'node:os'
import { TaskThread } from '../task-thread.ts'
import { type DocumentAnswer, type DocumentSettings, documentProblem } from './document.ts'
import type { DocumentTask } from './document-worker.ts'

/** A document of 1,000 pages takes some seconds. */
const MOST_MS = 120_000
const MOST_HEAP_MB = 512
const MOST_MEMORY_MB = 1024
/** One is left to the run, which decides, hashes and writes meanwhile. */
const MOST_THREADS = 4
export const DOCUMENT_THREADS = Math.max(1, Math.min(MOST_THREADS, availableParallelism() - 1))

export class DocumentReader {
  readonly #threads: readonly TaskThread<DocumentTask, DocumentAnswer>[]

  constructor(most_ms = MOST_MS, most_memory_mb = MOST_MEMORY_MB) {
    const limits = { most_ms, most_heap_mb: Math.min(MOST_HEAP_MB, most_memory_mb), most_memory_mb }
    this.#threads = Array.from(
      { length: DOCUMENT_THREADS },
      () => new TaskThread<DocumentTask, DocumentAnswer>('plugins/documents/document-worker', limits),
    )
  }

  /** `bytes` are given away. */
  async read(bytes: Uint8Array<ArrayBuffer>, settings: DocumentSettings): Promise<DocumentAnswer> {
    const [first, ...others] = this.#threads
    const thread = others.reduce((one, other) => (other.waiting < (one?.waiting ?? 0) ? other : one), first)
    if (thread === undefined) throw new Error('there is no thread')
    try {
      const result = await thread.run({ bytes, settings }, [bytes.buffer])
      return result.kind === 'done' ? result.answer : documentProblem('DOCUMENT_UNREADABLE', WHY[result.kind])
    } catch (error) {
      // A library that fails outside of what it was asked for fails because of this document: nothing else is in its thread.
      return documentProblem(
        'DOCUMENT_BROKEN',
        `the document can’t be read: ${error instanceof Error ? error.message : error}`,
      )
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(each => each.close()))
  }
}

const WHY = {
  too_slow: 'the document takes too long to be read',
  too_much_memory: 'the document takes too much memory',
  ended: 'the document ends the thread that reads it',
} as const
