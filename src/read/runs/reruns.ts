/** Which runs ran rows of another again, as what each row came back, and what is still failed after all of them. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import { originOf, RowEnds } from '../recorded/row-ends.ts'
import { closingOf, openingOf } from './run-log.ts'

export interface RerunLog {
  readonly run: string
  readonly log: number
}

/** A row of a run. */
export interface RowPlace extends RerunLog {
  readonly row: number
}

/** Where re-runs are looked for. What is found there is read again by who tells of it. */
export type Finder = Pick<LedgerReader, 'url' | 'newestLogs' | 'entry'>

/** The runs that ran rows of `run` again, the oldest first. Reads the opening of each run that came after it. */
export async function rerunsOf(reader: Finder, run: string): Promise<readonly RerunLog[]> {
  const found: RerunLog[] = []
  for await (const each of reader.newestLogs()) {
    if (each.run === null) continue
    if (each.run === run) break
    const { reruns } = await openingOf(reader, each.log)
    if (reruns?.run === run) found.unshift({ run: each.run, log: each.log })
  }
  return found
}

/** The row that a row repeats, the one that that repeats, and so on: the first of all first. */
export async function repeatedRows(reader: LedgerReader, { log, row }: RowPlace): Promise<readonly RowPlace[]> {
  const before: RowPlace[] = []
  for (let at = { log, row }; ; ) {
    const { reruns } = await openingOf(reader, at.log)
    const [listed] = reruns === undefined ? [] : await reader.logsBeginning(reruns.run, 1)
    if (reruns === undefined || listed?.run !== reruns.run) return before
    at = { log: listed.log, row: await repeatedBy(reader, at.log, at.row) }
    before.unshift({ run: reruns.run, ...at })
  }
}

/** As what a row came back: of each re-run the row that repeats it, and of those of each of these. The oldest first. */
export async function repetitions(reader: LedgerReader, finder: Finder, of: RowPlace): Promise<readonly RowPlace[]> {
  const found: RowPlace[] = []
  for (const rerun of await rerunsOf(finder, of.run)) {
    const row = await rowRepeating(reader, rerun.log, of)
    if (row === null) continue
    const place = { ...rerun, row }
    found.push(place, ...(await repetitions(reader, finder, place)))
  }
  return found
}

export interface StillFailed {
  /** The re-runs of it, and the re-runs of these. */
  readonly reruns: readonly RerunLog[]
  /** Rows of the run that failed, and of these the ones that are still failed. */
  readonly failed: number
  readonly still_failed: number
}

/** null if nobody has run rows of it again. Reads the run and its re-runs once, if there are any. */
export async function stillFailed(reader: LedgerReader, finder: Finder, of: RerunLog): Promise<StillFailed | null> {
  const direct = await rerunsOf(finder, of.run)
  if (direct.length === 0) return null
  const reruns: RerunLog[] = []
  const first = await failedRows(reader, of.log)
  const failed = new Set(first)
  await settle(reader, finder, of, failed, reruns)
  return { reruns, failed: first.size, still_failed: failed.size }
}

/** Takes out of `failed` what re-runs have repaired, and puts in what failed there. */
async function settle(
  reader: LedgerReader,
  finder: Finder,
  of: RerunLog,
  failed: Set<number>,
  reruns: RerunLog[],
): Promise<void> {
  for (const rerun of await rerunsOf(finder, of.run)) {
    reruns.push(rerun)
    const failed_there = await failedRows(reader, rerun.log)
    await settle(reader, finder, rerun, failed_there, reruns)
    for (const [row, repeats] of await repeatsOf(reader, rerun.log))
      if (failed_there.has(row)) failed.add(repeats)
      else failed.delete(repeats)
  }
}

/** By row of a re-run, the one that it repeats. */
async function repeatsOf(reader: LedgerReader, log: number): Promise<ReadonlyMap<number, number>> {
  const all = new Map<number, number>()
  const { totals } = await closingOf(reader, log)
  for (let row = 1; row <= totals.rows.read; row++) all.set(row, await repeatedBy(reader, log, row))
  return all
}

async function failedRows(reader: LedgerReader, log: number): Promise<Set<number>> {
  const ends = await RowEnds.of(reader, log)
  const rows = new Set<number>()
  for (const row of ends.rows()) if (ends.hasFailed(row)) rows.add(row)
  return rows
}

/** What a row of a re-run repeats. */
async function repeatedBy(reader: LedgerReader, log: number, row: number): Promise<number> {
  const repeats = (await originOf(reader, log, row))?.repeats
  if (repeats === undefined || repeats === null)
    throw new CustodyError('CUSTODY_VERIFY_FAILED', `row ${row} of a re-run doesn’t say which row it repeats`)
  return repeats
}

/**
 * The row of a re-run that repeats another; null if none does. Sources are read one after another, and each gives rows in the order
 * in which they stood in the other run: so it is looked up in a few steps.
 */
export async function rowRepeating(reader: LedgerReader, log: number, of: RowPlace): Promise<number | null> {
  const { commit } = await closingOf(reader, log)
  let before = 0
  for (const { records } of (commit?.entry.cursors ?? []).toSorted((a, b) => a.source - b.source)) {
    let [low, high] = [before + 1, before + records]
    while (low <= high) {
      const middle = Math.floor((low + high) / 2)
      const repeats = await repeatedBy(reader, log, middle)
      if (repeats === of.row) return middle
      if (repeats < of.row) low = middle + 1
      else high = middle - 1
    }
    before += records
  }
  return null
}
