/** How an index stands: what is in it, and what it lacks of the runs that are worth one. */
import { statSync } from 'node:fs'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import { RunLog } from '../run-log.ts'
import { isClaimed } from './claim.ts'
import { isSealed } from './ends.ts'
import { RunFolder } from './index-folder.ts'
import { isMissing } from './missing.ts'
import { INDEX_SIZES, type IndexSizes } from './sizes.ts'

export interface IndexReport {
  /** Entries that are indexed. */
  readonly entries: number
  /** Of runs that are worth an index: entries that it hasn't yet. */
  readonly entries_behind: number
  /** Of its files. */
  readonly bytes: number
  /** Whether some of it is being made now. */
  readonly is_building: boolean
  /** Runs that can't be indexed. */
  readonly failed_runs: number
}

/** Of the newest runs. `index`: the folder. */
export async function indexReport(
  reader: LedgerReader,
  index: string,
  most_runs: number,
  { few_entries }: Pick<IndexSizes, 'few_entries'> = INDEX_SIZES,
): Promise<IndexReport> {
  const report = { entries: 0, entries_behind: 0, bytes: 0, is_building: false, failed_runs: 0 }
  const is_kept = isClaimed(index)
  let runs = 0
  for await (const { log, run } of reader.newestLogs()) {
    if (run === null) continue
    if (++runs > most_runs) break
    const folder = new RunFolder(index, run)
    const size = await sizeOfLog(reader, log)
    if (size === null) report.failed_runs++
    if (size === null || size < few_entries) continue
    const end = Math.min(size, folder.chain().at(-1)?.end ?? 0)
    report.entries += end
    report.entries_behind += size - end
    for (const { path } of folder.all()) report.bytes += sizeOf(path)
    if (folder.trouble !== null) report.failed_runs++
    else if (is_kept && end < size && (size - end >= few_entries || (await isSealed(reader, log))))
      report.is_building = true
  }
  return report
}

/** null: it can't be read. */
async function sizeOfLog(reader: LedgerReader, log: number): Promise<number | null> {
  try {
    return await (await RunLog.of(reader, log)).size()
  } catch (error) {
    if (isCustodyError(error)) return null
    throw error
  }
}

/** It may go meanwhile. */
function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
}
