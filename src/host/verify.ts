/** Verifies a ledger, a long one on all cores. */
import type { LedgerReader } from '../ledger/read-port.ts'
import { isCustodyError } from '../model/error.ts'
import { type PageSource, pagesHere } from '../read/verify/page.ts'
import { type VerifyOptions, type VerifyResult, verifyLedger } from '../read/verify/verify.ts'
import { boundHeap } from './heap.ts'
import { hasOtherCores, ReadThreads } from './read-threads.ts'
import { TextShelf } from './text-shelf.ts'
import { pagesOf } from './verify-threads.ts'

/** Logs with fewer entries would be verified before a thread has started. */
const LONG_ENTRIES = 20_000

/** As `verifyLedger`. */
export async function verifyOnAllCores(
  reader: LedgerReader,
  options: Omit<VerifyOptions, 'pages' | 'integrity' | 'newShelf'>,
): Promise<VerifyResult> {
  boundHeap()
  const threads = new ReadThreads(reader.place)
  const here = pagesHere(reader)
  const there = pagesOf(threads)
  const pages: PageSource = request => (request.end < LONG_ENTRIES || !hasOtherCores() ? here(request) : there(request))
  const integrity = async () =>
    hasOtherCores() && (await hasLongLog(reader)) ? threads.answer({ kind: 'integrity' }) : reader.integrity()
  try {
    return await verifyLedger(reader, { ...options, pages, integrity, newShelf: () => new TextShelf() })
  } finally {
    await threads.close()
  }
}

/** False, too, if that can't be read, which is found by who verifies. */
async function hasLongLog(reader: LedgerReader): Promise<boolean> {
  try {
    for (const { log } of await reader.allLogs()) if ((await reader.size(log)) >= LONG_ENTRIES) return true
  } catch (error) {
    if (!isCustodyError(error)) throw error
  }
  return false
}
