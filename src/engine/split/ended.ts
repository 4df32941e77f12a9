/** What splits that are closed have come to, added up. */
import type { CursorFact, TotalsFact } from '../../format/entry.ts'
import { runEntryOf } from '../../ledger/write/decode.ts'
import type { RunReader, SplitReader } from '../../ledger/write-port.ts'
import type { Json } from '../../model/row.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Receipt } from '../../sdk/spec.ts'
import { notOnRecord, onRecord } from '../record/on-record.ts'
import { Totals } from '../record/totals.ts'
import { readHistory, valuesOf } from '../resume/run-fold.ts'
import { receiptsOf } from '../run/resume.ts'
import type { SplitSum } from './coordinator-log.ts'
import type { SourceCut } from './cuts.ts'

export interface EndedSplits {
  readonly sum: SplitSum
  /** Time of the last entry of any. */
  readonly last_us: number
  /** Of each split, what its sinks had at last, by their names. */
  readonly receipts: ReadonlyArray<ReadonlyMap<string, Receipt>>
  /** Of each split its digest; null if some have none: the run was given up, or an older Custody closed them. */
  readonly digests: readonly string[] | null
}

/** Of those that were begun. @throws CustodyError as `SplitReader.see`. */
export async function totalsSoFar(plan: Plan, reader: SplitReader): Promise<TotalsFact> {
  const totals = new Totals(plan.nodes.length, plan.edges.length)
  const heads = await reader.heads()
  for await (const { commit } of seen(
    reader,
    heads.map(({ part }) => part),
    readHistory,
  ))
    if (commit !== null) totals.add(commit.entry.totals)
  return totals.snapshot()
}

/** What is found in these splits, in their order: some of them at a moment, so that none is held for long. */
async function* seen<T>(
  reader: SplitReader,
  parts: readonly number[],
  look: (reader: RunReader, log: number) => Promise<T>,
): AsyncGenerator<T> {
  for (let at = 0; at < parts.length; at += AT_A_MOMENT) {
    const found: T[] = []
    await reader.snapshot(async () => {
      for (const part of parts.slice(at, at + AT_A_MOMENT)) found.push(await reader.see(part, look))
    })
    yield* found
  }
}

const AT_A_MOMENT = 64

/** @throws CustodyError as `SplitReader.see`. */
export async function endedSplits(
  plan: Plan,
  splits: number,
  reader: SplitReader,
  cuts: readonly SourceCut[],
): Promise<EndedSplits> {
  const totals = new Totals(plan.nodes.length, plan.edges.length)
  const receipts: ReadonlyMap<string, Receipt>[] = []
  const positions = new Map<number, Json>()
  const digests: string[] = []
  let last_us = 0
  const read = new Map<number, { records: number; bytes: number }>()
  const parts = Array.from({ length: splits }, (_, i) => i + 1)
  for await (const { commit, last_us: closed_us, digest } of seen(reader, parts, readClosed)) {
    last_us = Math.max(last_us, closed_us)
    if (digest !== null) digests.push(digest)
    const { entry } = onRecord(commit, `commit of split ${receipts.length + 1}`)
    totals.add(entry.totals)
    receipts.push(receiptsOf(plan, commit))
    for (const { source, records, bytes = 0, position } of entry.cursors) {
      const at = position === undefined ? undefined : commit?.values.get(position)
      if (at !== undefined) positions.set(source, at)
      const before = read.get(source) ?? { records: 0, bytes: 0 }
      read.set(source, { records: before.records + records, bytes: before.bytes + bytes })
    }
  }
  const cursors = [...read].map(([source, each]): CursorFact => ({ source, ...each, done: true }))
  return {
    sum: withDealt(
      {
        totals: totals.snapshot(),
        cursors: cursors.toSorted((a, b) => a.source - b.source),
        positions,
        hashes: new Map(),
      },
      cuts,
    ),
    receipts,
    last_us,
    digests: digests.length === splits ? digests : null,
  }
}

/** What a split has come to, and its digest; null if it has none. */
async function readClosed(reader: RunReader, log: number) {
  const history = await readHistory(reader, log)
  let digest: string | null = null
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    if (!body.includes('"k":"close"')) continue
    const { entry, ...commits } = runEntryOf(body)
    if (entry.k !== 'close' || entry.digest === undefined) continue
    const value = (await valuesOf(reader, log, [{ seq, ...commits }])).get(entry.digest)
    digest = typeof value === 'string' ? value : notOnRecord('digest of a split')
  }
  return { ...history, digest }
}

/** Splits have read spools; of a source that was dealt it is known from then how far it was read. */
function withDealt(sum: SplitSum, cuts: readonly SourceCut[]): SplitSum {
  const bytes = new Map<number, number>()
  const positions = new Map(sum.positions)
  const hashes = new Map(sum.hashes)
  for (const { source, dealt } of cuts) {
    if (dealt === undefined) continue
    const { position, sha256 } = dealt.input
    bytes.set(source, dealt.bytes)
    positions.set(source, position)
    if (sha256 !== null) hashes.set(source, sha256)
  }
  const cursors = sum.cursors.map(each => ({ ...each, bytes: bytes.get(each.source) ?? each.bytes ?? 0 }))
  return { ...sum, cursors, positions, hashes }
}
