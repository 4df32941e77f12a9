/** Very many groups open at once: whether memory stays flat, however long the run is (I12). */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { measure, type Start } from './start.ts'
import { OPEN_GROUPS } from './workloads.ts'

export interface OpenGroupsResult {
  readonly rows: number
  /** Groups open at most. */
  readonly groups: number
  readonly rows_per_second: number
  readonly peak_rss_bytes: number
  /** Most RSS in the last quarter of the run / in its second quarter: 1 is flat. Each quarter has whole batches. */
  readonly rss_growth: number
  /** Most RSS while each tenth of the rows was read. */
  readonly rss_of_tenths_bytes: readonly number[]
}

export async function measureOpenGroups(rows: number, folder: string, start: Start): Promise<OpenGroupsResult> {
  const run = await measure({ kind: 'run', workload: 'groups', rows, evidence: true, folder }, start)
  rmSync(join(folder), { recursive: true, force: true })
  const most = (nth: number, of: number) =>
    Math.max(...run.marks.filter(each => Math.ceil((of * each.rows) / rows) === nth).map(each => each.rss_bytes))
  return {
    rows,
    groups: OPEN_GROUPS,
    rows_per_second: run.rows_per_second,
    peak_rss_bytes: run.peak_rss_bytes,
    rss_growth: most(4, 4) / most(2, 4),
    rss_of_tenths_bytes: Array.from({ length: 10 }, (_, i) => most(i + 1, 10)),
  }
}
