/** A sort that holds all rows: how much more memory it takes when there are ten times as many (I12). */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { measure, type Start } from './start.ts'

export interface HeldRowsResult {
  readonly rows: number
  readonly rows_per_second: number
  readonly peak_rss_bytes: number
  /** With a tenth of the rows. */
  readonly peak_of_tenth_bytes: number
  /** What a row adds that is held. */
  readonly bytes_a_row: number
}

export async function measureHeldRows(rows: number, folder: string, start: Start): Promise<HeldRowsResult> {
  const peakOf = async (count: number) => {
    const run = await measure({ kind: 'run', workload: 'sort', rows: count, evidence: true, folder }, start)
    rmSync(join(folder), { recursive: true, force: true })
    return run
  }
  const tenth = Math.ceil(rows / 10)
  const { peak_rss_bytes: peak_of_tenth_bytes } = await peakOf(tenth)
  const { rows_per_second, peak_rss_bytes } = await peakOf(rows)
  const bytes_a_row = (peak_rss_bytes - peak_of_tenth_bytes) / (rows - tenth)
  return { rows, rows_per_second, peak_rss_bytes, peak_of_tenth_bytes, bytes_a_row }
}
