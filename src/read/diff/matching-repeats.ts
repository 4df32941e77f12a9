/**
 * Which row of one run stands for which row of the other where both have their rows from one run, as one of them ran rows of the other again,
 * or both those of a third, if need be by way of further re-runs: that of the same row, as each says which it repeats.
 *
 * MATCHING-REPEATS-1. Within a source rows of a re-run repeat rows in their order, so that two lists are merged, and of each row a number is kept.
 */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { type SourceRows, sourceRowsOf } from '../fold/source-rows.ts'
import { readable } from '../runs/damaged.ts'
import { openingOf } from '../runs/run-log.ts'
import type { Both } from './difference.ts'
import { MatchedRows, type Matching, NONE } from './matched-rows.ts'
import { PAGE_ROWS } from './row-pairs.ts'
import { entriesByRow, type Side } from './side.ts'

type Rerun = Pick<Side, 'reader' | 'log' | 'run' | 'reruns' | 'sources'>

/** From each run to the one that both have their rows from: the re-runs that lead there, itself first; none if it is that one. */
export type Ways = Both<readonly Rerun[]>

/** null if they have their rows from no run in common, or are one run. */
export async function waysToOneRun(sides: Both<Side>): Promise<Ways | null> {
  const all = { old: await lineOf(sides.old), new: await lineOf(sides.new) }
  const shared = all.old.find(({ run }) => all.new.some(each => each.run === run))?.run
  if (shared === undefined || sides.old.run === sides.new.run) return null
  const before = (line: readonly Rerun[]) =>
    line.slice(
      0,
      line.findIndex(({ run }) => run === shared),
    )
  return { old: before(all.old), new: before(all.new) }
}

/** A run, the one whose rows it ran again, and so on. */
async function lineOf(side: Side): Promise<readonly Rerun[]> {
  const line: Rerun[] = [side]
  for (let run = side.reruns; run !== null; ) {
    const found = await rerunNamed(side.reader, run)
    if (found === null) break
    line.push(found)
    run = found.reruns
  }
  return line
}

async function rerunNamed(reader: LedgerReader, run: string): Promise<Rerun | null> {
  const [listed] = await reader.logsBeginning(run, 1)
  if (listed?.run !== run) return null
  const { log } = listed
  const { reruns } = await openingOf(reader, log)
  return { reader, log, run, reruns: reruns?.run ?? null, sources: await sourceRowsOf(reader, log) }
}

/** @param source of both runs */
export async function matchByRepeats(ways: Ways, source: Both<SourceRows>): Promise<Matching> {
  const origins = { old: await originsOf(ways.old, source.old), new: await originsOf(ways.new, source.new) }
  const partner = {
    old: new Int32Array(origins.old.length).fill(NONE),
    new: new Int32Array(origins.new.length).fill(NONE),
  }
  let j = 0
  for (const [i, row] of origins.old.entries()) {
    while ((origins.new[j] ?? Number.POSITIVE_INFINITY) < row) j++
    if (row === NONE || origins.new[j] !== row) continue
    partner.old[i] = j
    partner.new[j] = i
  }
  return new MatchedRows(source, partner)
}

/** Of each row of a source the one at the end of the way. */
async function originsOf(way: readonly Rerun[], own: SourceRows): Promise<Float64Array> {
  let rows = Float64Array.from({ length: own.records }, (_, i) => own.rowAt(i))
  for (const rerun of way) {
    const there = rerun.sources.find(({ source }) => source === own.source)
    const repeated = there === undefined ? null : await repeatedBy(rerun, there)
    rows = rows.map(row => repeated?.[there?.placeOf(row) ?? NONE] ?? NONE)
  }
  return rows
}

/** Of each row of a source of a re-run the one that it repeats. */
async function repeatedBy(rerun: Rerun, there: SourceRows): Promise<Float64Array> {
  const rows = new Float64Array(there.records).fill(NONE)
  for (const { row: first, records } of there.stretches)
    for (let at = 0; at < records; at += PAGE_ROWS) {
      const entries = await entriesByRow(rerun, first + at, Math.min(PAGE_ROWS, records - at))
      for (const [row, [stored]] of entries) {
        if (stored === undefined) continue
        const { origin } = readable(rerun.log, () => decodeSubjectEntry(stored.seq, stored.body))
        rows[there.placeOf(row) ?? NONE] = origin?.repeats ?? NONE
      }
    }
  return rows
}
