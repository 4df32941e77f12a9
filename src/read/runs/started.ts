/** When a run started, as its expressions see it: a replay takes over the start of what it replays, as it does the answers. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { openingOf } from './run-log.ts'

/**
 * In µs since the epoch; null if that is on record in another ledger.
 * @throws CustodyError CUSTODY_VERIFY_FAILED if a run doesn't begin as it should.
 */
export async function startedOf(
  reader: Pick<LedgerReader, 'url' | 'entry' | 'logOf'>,
  log: number,
): Promise<number | null> {
  const seen = new Set<number>()
  for (let at: number | null = log; at !== null && !seen.has(at); ) {
    seen.add(at)
    const { replays, t } = await openingOf(reader, at)
    if (replays === undefined) return t
    at = await reader.logOf(replays)
  }
  return null
}
