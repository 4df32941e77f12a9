/**
 * What log 0 says of runs against what is stored of them: each is there, begins as it was opened, ends as it was sealed, and if it
 * isn't sealed has a signed head of its size and a lease. Their entries are checked where they are used.
 */
import { leafHash } from '../../format/hash.ts'
import type { LedgerReader, StoredExtent } from '../read-port.ts'
import { originOf } from './appender.ts'
import type { LogZero, RunOnRecord } from './log-zero.ts'
import { altered, checkBound, checkSealedHead, checkSignedHead } from './signed-head.ts'

/**
 * To be called within a snapshot, right after log 0 was read: all of its runs are looked at.
 * @throws CustodyError CUSTODY_LEDGER_ALTERED, CUSTODY_LEDGER_CUT, CUSTODY_KEY_UNKNOWN.
 */
export async function checkExtents(reader: LedgerReader, log_zero: LogZero): Promise<void> {
  const { url } = reader
  let seen = 0
  for await (const extent of reader.extents()) {
    const known = log_zero.runOf(extent.log)
    if (known === null || known.run !== extent.run)
      throw altered({ url, ...extent }, `is listed as log ${extent.log}, and log 0 has never opened it so`)
    if (known.log === extent.log) checkRun(url, extent, known, log_zero)
    else checkSplit(url, extent, known, log_zero)
    seen++
  }
  const runs = [...log_zero.runs.values()]
  if (seen === runs.reduce((sum, { splits }) => sum + 1 + splits, 0)) return
  const there = new Set((await reader.allLogs()).map(({ log }) => log))
  for (const { log: first, run, splits } of runs)
    for (let log = first; log <= first + splits; log++)
      if (!there.has(log)) throw altered({ url, log, run }, 'was opened, and its log isn’t there')
}

/** What a split's log says of itself is checked when it is used; here only that somebody who could has signed what is there. */
function checkSplit(url: string, extent: StoredExtent, run: RunOnRecord, log_zero: LogZero): void {
  const { log, size, head: note, lease } = extent
  const stored = { url, ...extent, note, origin: originOf(log_zero.id, log), root: null }
  if (run.sealed !== null && lease !== null)
    throw altered(stored, 'is sealed, and there is a lease of one of its splits')
  if (size === 0 && note === null && lease !== null) return
  checkSignedHead(stored, () => log_zero.keys.goodForRun(run.mentioned_at, true, run.opened_at))
}

function checkRun(url: string, extent: StoredExtent, known: RunOnRecord, log_zero: LogZero): void {
  const { log, opening, head: note, lease } = extent
  const stored = { url, ...extent, note, origin: originOf(log_zero.id, log), root: null }
  if (opening === null || leafHash(opening) !== known.first_root)
    throw altered(stored, 'doesn’t begin as it was opened')
  if (known.sealed !== null) return checkSealedHead(stored, known.sealed)
  if (lease === null) throw altered(stored, 'isn’t sealed, and nobody can take it over: its lease is gone')
  // The key may have been revoked since: only whoever continues that very run is refused.
  checkSignedHead(stored, () => log_zero.keys.goodForRun(known.mentioned_at, true))
  checkBound(stored, known.bound)
}
