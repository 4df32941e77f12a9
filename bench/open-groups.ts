/** Very many groups open at once: whether memory stays flat, however long the run is (I12). */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { measure, type Start } from './start.ts'
import { median } from './statistics.ts'
import { OPEN_GROUPS } from './workloads.ts'

export interface OpenGroupsResult {
  readonly rows: number
  /** Groups open at most. */
  readonly groups: number
  readonly rows_per_second: number
  readonly peak_rss_bytes: number
  /** Most RSS while a batch filled, in the last quarter of the run / in its second quarter, medians of each: 1 is flat. */
  readonly rss_growth: number
  /** Most RSS while each tenth of the rows was read. */
  readonly rss_of_tenths_bytes: readonly number[]
}

export async function measureOpenGroups(rows: number, folder: string, start: Start): Promise<OpenGroupsResult> {
  const run = await measure({ kind: 'run', workload: 'groups', rows, evidence: true, folder }, start)
  rmSync(join(folder), { recursive: true, force: true })
  const within = (from: number, to: number) =>
    run.marks.filter(each => each.rows > from && each.rows <= to).map(each => each.rss_bytes)
  const ofTenth = (nth: number) => Math.max(...within(((nth - 1) * rows) / 10, (nth * rows) / 10))
  const ofQuarter = (nth: number) => {
    const peaks: number[] = []
    for (let from = ((nth - 1) * rows) / 4; from < (nth * rows) / 4; from += OPEN_GROUPS)
      peaks.push(Math.max(...within(from, from + OPEN_GROUPS)))
    return median(peaks)
  }
  return {
    rows,
    groups: OPEN_GROUPS,
    rows_per_second: run.rows_per_second,
    peak_rss_bytes: run.peak_rss_bytes,
    rss_growth: ofQuarter(4) / ofQuarter(2),
    rss_of_tenths_bytes: Array.from({ length: 10 }, (_, i) => ofTenth(i + 1)),
  }
}
