/** Verifies a ledger, a long one on all cores. */
import type { LedgerReader } from '../ledger/read-port.ts'
import { type PageSource, pagesHere } from '../read/verify/page.ts'
import { type VerifyOptions, type VerifyResult, verifyLedger } from '../read/verify/verify.ts'
import { hasOtherCores, ReadThreads } from './read-threads.ts'
import { pagesOf } from './verify-threads.ts'

/** Logs with fewer entries would be verified before a thread has started. */
const LONG_ENTRIES = 20_000

/** As `verifyLedger`. */
export async function verifyOnAllCores(
  reader: LedgerReader,
  options: Omit<VerifyOptions, 'pages'>,
): Promise<VerifyResult> {
  const threads = new ReadThreads(reader.url)
  const here = pagesHere(reader)
  const there = pagesOf(threads)
  const pages: PageSource = request => (request.end < LONG_ENTRIES || !hasOtherCores() ? here(request) : there(request))
  try {
    return await verifyLedger(reader, { ...options, pages })
  } finally {
    await threads.close()
  }
}
