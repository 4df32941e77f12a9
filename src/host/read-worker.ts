/** A thread that reads a ledger: one question at a time, with a connection of its own, in one snapshot. */
import { parentPort, workerData } from 'node:worker_threads'
import { ownKeychain } from '../ledger/encryption/keychain.ts'
import type { LedgerKey } from '../ledger/encryption/ledger-key.ts'
import { openLedgerReader } from '../ledger/open-reader.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { failureOf } from '../ledger/thread/messages.ts'
import { isCustodyError } from '../model/error.ts'
import { keysOfRows } from '../read/diff/row-keys.ts'
import { RowPairs } from '../read/diff/row-pairs.ts'
import { CheckedReader } from '../read/evidence/checked-reader.ts'
import { JoinedReader } from '../read/evidence/joined-reader.ts'
import type { RunReader } from '../read/evidence/run-reader.ts'
import { packed } from '../read/verify/packed-page.ts'
import { PageLooker } from '../read/verify/page.ts'
import type { Answers, Question } from './read-questions.ts'
import type { Reply } from './read-threads.ts'
import { fittingIn } from './row-search.ts'

class Answerer {
  readonly #reader: LedgerReader
  readonly #looker: PageLooker
  /** Whoever asks has compared the ledger with what the user knows of it. */
  readonly #checked: RunReader
  readonly #pairs = new Map<string, Promise<RowPairs>>()

  constructor(reader: LedgerReader) {
    this.#reader = reader
    this.#looker = new PageLooker(reader)
    this.#checked = new JoinedReader(new CheckedReader(reader, { remembered: null }))
  }

  async answer(question: Question): Promise<Answers[keyof Answers]> {
    switch (question.kind) {
      case 'page': {
        const { page, failure } = await this.#looker.page(question.request, question.from)
        return { page: packed(page), failure: failure === null ? null : failureOf(failure) }
      }
      case 'integrity':
        return this.#reader.integrity()
      case 'search':
        return sound(() => fittingIn(this.#checked, question))
      case 'pairs':
        return sound(async () => (await this.#pairsOf(question.logs)).compare(question.page))
      case 'keys':
        return sound(() => keysOfRows(this.#checked, question.log, question.range, question.key))
    }
  }

  #pairsOf({ old, new: other }: Extract<Question, { kind: 'pairs' }>['logs']): Promise<RowPairs> {
    const key = `${old} ${other}`
    const pairs = this.#pairs.get(key) ?? RowPairs.of(this.#checked, { old, new: other })
    this.#pairs.set(key, pairs)
    return pairs
  }
}

/** null if what is asked for isn't as it should be. */
async function sound<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look()
  } catch (error) {
    if (isCustodyError(error)) return null
    throw error
  }
}

async function open(): Promise<Answerer> {
  // cast: what read-threads.ts starts it with.
  const { url, keys } = workerData as { readonly url: string; readonly keys: readonly LedgerKey[] }
  for (const key of keys) ownKeychain.add(key)
  const reader = await openLedgerReader(url)
  // Until the thread ends: what was checked is what is read afterwards.
  void reader.snapshot(() => new Promise<never>(() => undefined))
  return new Answerer(reader)
}

let opened: Promise<Answerer> | null = null

async function reply(question: Question): Promise<Reply> {
  try {
    opened ??= open()
    return { kind: 'answer', answer: await (await opened).answer(question) }
  } catch (thrown) {
    return { kind: 'failed', failure: failureOf(thrown) }
  }
}

/** One after another. */
let before = Promise.resolve()
parentPort?.on('message', (question: Question) => {
  before = before.then(async () => parentPort?.postMessage(await reply(question)))
})
