/** Reads documents: what is more than text in processes of their own, with limits of time and memory for each. */
import { availableParallelism } from 'node:os'
import { type DocumentAnswer, type DocumentSettings, documentProblem } from './document.ts'
import { kindOf, plainText } from './document-kind.ts'
import { ReadingProcess } from './reading-process.ts'

/** A document of 1,000 pages takes some seconds. */
const MOST_MS = 120_000
const MOST_MB = 1024
/** One processor is left to the run, which decides, hashes and writes meanwhile. */
const MOST_PROCESSES = 4
export const DOCUMENT_PROCESSES = Math.max(1, Math.min(MOST_PROCESSES, availableParallelism() - 1))

export class DocumentReader {
  readonly #processes: readonly ReadingProcess[]

  constructor(most_ms = MOST_MS, most_mb = MOST_MB) {
    this.#processes = Array.from({ length: DOCUMENT_PROCESSES }, () => new ReadingProcess({ most_ms, most_mb }))
  }

  async read(bytes: Uint8Array<ArrayBuffer>, settings: DocumentSettings): Promise<DocumentAnswer> {
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const kind = kindOf(content, settings)
    if (typeof kind !== 'string') return kind
    if (kind === 'text') return plainText(content, settings)
    const free = this.#processes.reduce((one, other) => (other.waiting < one.waiting ? other : one))
    const reading = await free.read({ kind, bytes, settings })
    return reading.kind === 'done' ? reading.answer : documentProblem('DOCUMENT_UNREADABLE', WHY[reading.kind])
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map(each => each.close()))
  }
}

const WHY = {
  too_slow: 'the document takes too long to be read',
  too_much_memory: 'the document takes too much memory',
  ended: 'the document ends the process that reads it',
} as const
