/**
 * Which runs are so old that their values go, and which values these are: all of rows and batches, positions, receipts, and why a run stopped.
 * The plan and what it meant to write stay, and the names of files that no row said.
 */
import type { Topology } from '../../format/topology.ts'
import type { Erasure } from '../../ledger/erase-port.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { partOf } from '../../model/part-ids.ts'
import { decodeLedgerEntry, decodeRunEntry } from '../decode.ts'
import { Erasures } from '../erasures.ts'
import type { RunReader } from '../evidence/run-reader.ts'
import { readable } from '../runs/damaged.ts'
import { intentsOf } from '../runs/opening-values.ts'
import { closingOf, openingOf } from '../runs/run-log.ts'
import { type Blanked, erasureOf } from './blank.ts'
import { runBlanks } from './run-values.ts'
import { type Clocks, sealedAt } from './seal-time.ts'

export interface PurgedRun {
  readonly run: string
  readonly rows: number
  /** From when on it counts, in microseconds. */
  readonly sealed_us: number
}

/** It is as old, and can't be purged. */
export interface KeptRun {
  readonly run: string
  /** A run that isn't finished and has rows of it. */
  readonly needed_by: string
}

export interface PurgePlan {
  readonly erasures: readonly Erasure[]
  readonly purged: readonly PurgedRun[]
  readonly kept: readonly KeptRun[]
}

/** What is due. */
export interface PurgeRule {
  /** In microseconds. For all runs; null: for each what its pipeline says, and for others nothing. */
  readonly older_than_us: number | null
}

/**
 * Runs that are due; those of which all that goes is erased already aren't among them. `finder` finds them; what is used of them comes from
 * `reader`, which gives nothing but what was signed.
 */
export async function planPurge(
  reader: RunReader,
  finder: LedgerReader,
  { older_than_us }: PurgeRule,
  clocks: Clocks,
): Promise<PurgePlan> {
  const erasures: Erasure[] = []
  const purged: PurgedRun[] = []
  const kept: KeptRun[] = []
  const needed = await neededRuns(finder)
  const recorded = await recordedErasures(reader)
  const { tree } = await reader.check(0)
  // Seals have their times from the same clock.
  const now_us = await finder.now_us()
  /** When it was sealed; null: it isn't due. */
  const dueSince = async (from: LedgerReader, log: number): Promise<number | null> => {
    const keeps_us = older_than_us ?? (await openingOf(from, log)).retention_us
    if (keeps_us === undefined) return null
    const sealed_us = await sealedAt(from, tree, log, await closingOf(from, log), clocks)
    return sealed_us !== null && sealed_us < now_us - keeps_us ? sealed_us : null
  }
  for (const { log, run } of await finder.logs()) {
    if (run === null || (await dueSince(finder, log)) === null) continue
    const sealed_us = await dueSince(reader, log)
    if (sealed_us === null) continue
    const { topology, splits = 0 } = await openingOf(reader, log)
    const logs = Array.from({ length: splits + 1 }, (_, part) => log + part)
    const parts: Erasure[] = []
    for (const own of logs) {
      const ranges = await purgedRanges(reader, own)
      const names = own === log ? await namesGiven(reader, log, topology) : []
      const { values, payloads } = erasureOf(names)
      if (!ranges.every(([first, last]) => recorded.hasRange(own, first, last)))
        parts.push({ log: own, run, values: [...ranges, ...values].sort(([a = 0], [b = 0]) => a - b), payloads })
    }
    if (parts.length === 0) continue
    const needed_by = needed.get(run)
    if (needed_by !== undefined) kept.push({ run, needed_by })
    else {
      erasures.push(...parts)
      purged.push({ run, rows: (await closingOf(reader, log)).totals.rows.read, sealed_us })
    }
  }
  return { erasures, purged, kept }
}

/** By run: one that isn't finished, and reads it. */
async function neededRuns(reader: LedgerReader): Promise<ReadonlyMap<string, string>> {
  const needed = new Map<string, string>()
  for (const { log, run } of await reader.logs()) {
    if (run === null || (await closingOf(reader, log)).last?.k === 'seal') continue
    const { reruns, replays } = await openingOf(reader, log)
    for (const each of [reruns?.run, replays]) if (each !== undefined) needed.set(each, run)
  }
  return needed
}

async function recordedErasures(reader: LedgerReader): Promise<Erasures> {
  const erasures = new Erasures()
  for await (const { seq, body } of reader.entries(0)) {
    if (!body.includes('"k":"erase"')) continue
    const entry = readable(0, () => decodeLedgerEntry(seq, body))
    if (entry.k === 'erase') erasures.add(entry.log, entry.values, await reader.size(entry.log))
  }
  return erasures
}

/** All entries but those of which values stay. */
async function purgedRanges(reader: LedgerReader, log: number): Promise<readonly (readonly [number, number])[]> {
  const ranges: (readonly [number, number])[] = []
  let from = 0
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    // Those of splits are asked for by their logs.
    if (partOf(seq) > 0) break
    const { k } = readable(log, () => decodeRunEntry(seq, body)).facts
    if (k !== 'open' && k !== 'file' && k !== 'publish') continue
    if (seq > from) ranges.push([from, seq - 1])
    from = seq + 1
  }
  const size = await reader.size(log)
  if (size > from) ranges.push([from, size - 1])
  return ranges
}

/** Of what was published the names that rows gave to files. */
async function namesGiven(reader: LedgerReader, log: number, { nodes }: Topology): Promise<readonly Blanked[]> {
  const intents = await intentsOf(reader, log)
  const by_value = new Set(nodes.flatMap(({ name }, i) => (intents[name]?.by_value === true ? [i + 1] : [])))
  const published: Blanked[] = []
  for (const each of (await runBlanks(reader, log, { rows: [], by_value })).shared)
    if (each.of === 'publish') published.push(each)
  return published
}
