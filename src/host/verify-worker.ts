/** A thread that looks at pages of a ledger: one question at a time, with a connection of its own. */
import { parentPort, workerData } from 'node:worker_threads'
import { openLedgerReader } from '../ledger/open.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { failureOf } from '../ledger/thread/messages.ts'
import { lookedAt, packed } from '../read/verify/page.ts'
import type { PageAnswer, PageQuestion } from './verify-threads.ts'

let opened: Promise<LedgerReader> | null = null

async function answer({ request, from }: PageQuestion): Promise<PageAnswer> {
  try {
    opened ??= openLedgerReader((workerData as { readonly url: string }).url)
    const { page, failure } = await lookedAt(await opened, request, from)
    return { kind: 'page', page: packed(page), failure: failure === null ? null : failureOf(failure) }
  } catch (thrown) {
    return { kind: 'failed', failure: failureOf(thrown) }
  }
}

/** One after another. */
let before = Promise.resolve()
parentPort?.on('message', (question: PageQuestion) => {
  before = before.then(async () => parentPort?.postMessage(await answer(question)))
})
