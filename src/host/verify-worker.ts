/** A thread that looks at pages of a ledger: one question at a time, with a connection of its own. */
import { parentPort, workerData } from 'node:worker_threads'
import { openLedgerReader } from '../ledger/open.ts'
import { failureOf } from '../ledger/thread/messages.ts'
import { packed } from '../read/verify/packed-page.ts'
import { PageLooker } from '../read/verify/page.ts'
import type { PageAnswer, PageQuestion } from './verify-threads.ts'

let looker: Promise<PageLooker> | null = null

async function answer({ request, from }: PageQuestion): Promise<PageAnswer> {
  try {
    looker ??= openLedgerReader((workerData as { readonly url: string }).url).then(reader => new PageLooker(reader))
    const { page, failure } = await (await looker).page(request, from)
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
