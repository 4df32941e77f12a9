/** Verifies a ledger, a long one on all cores. */
import { availableParallelism } from 'node:os'
import type { LedgerReader } from '../ledger/read-port.ts'
import { type PageSource, pagesHere } from '../read/verify/page.ts'
import { type VerifyOptions, type VerifyResult, verifyLedger } from '../read/verify/verify.ts'
import { PageThreads } from './verify-threads.ts'

/** Logs with fewer entries would be verified before a thread has started. */
const LONG_ENTRIES = 20_000

/** As `verifyLedger`. */
export async function verifyOnAllCores(
  reader: LedgerReader,
  options: Omit<VerifyOptions, 'pages'>,
): Promise<VerifyResult> {
  const threads = new PageThreads(reader.url)
  const here = pagesHere(reader)
  const pages: PageSource = request =>
    request.end < LONG_ENTRIES || availableParallelism() === 1 ? here(request) : threads.pages(request)
  try {
    return await verifyLedger(reader, { ...options, pages })
  } finally {
    await threads.close()
  }
}
