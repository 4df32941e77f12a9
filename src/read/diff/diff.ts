/**
 * Compares two runs of a ledger, record by record and batch by batch.
 *
 * DIFF-1. Rows are the same if source and number of the record are; batches, if node and place among its batches are.
 * DIFF-2. Memory is bounded by a page of rows, the ways to part, the differences that are asked for, and the number of batches.
 */
import { codeChanges } from '../../format/plugin-code.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { SourceRows } from '../fold/source-rows.ts'
import { findRun } from '../runs/list.ts'
import { Batches } from './batches.ts'
import { type Comparison, compareTales } from './compare.ts'
import type { BatchDifference, Both, DiffCounts, Divergence, OnlyRows, RowDifference, RunDiff } from './difference.ts'
import { Groups } from './groups.ts'
import { type Found, PAGE_ROWS, type PairSource, pairsHere, RowPairs, type RowsPage } from './row-pairs.ts'
import { type Side, sideOf, taleOf } from './side.ts'

export interface DiffOptions {
  /** How many differences are listed one by one: of rows, and of batches. */
  readonly list: number
  readonly onProgress?: (progress: { readonly rows: number; readonly of: number }) => void
  /** Who compares pages of rows; absent: that is done here. */
  readonly pairs?: PairSource
}

/** The runs by id, unique beginning of one, or `latest`. @throws CustodyError CUSTODY_RUN_UNKNOWN, CUSTODY_RUN_AMBIGUOUS. */
export async function diffRuns(
  reader: LedgerReader,
  names: Both<string>,
  { list, onProgress, pairs: source = pairsHere }: DiffOptions,
): Promise<RunDiff> {
  const sides = {
    old: await sideOf(reader, (await findRun(reader, names.old)).log),
    new: await sideOf(reader, (await findRun(reader, names.new)).log),
  }
  const rows = new Comparisons<RowDifference>(list)
  const shared = pairedSources(sides)
  const of = shared.reduce((sum, each) => sum + Math.min(each.old.records, each.new.records), 0)
  const pairs = new RowPairs(sides)
  for (const pair of shared) {
    let index = 0
    for await (const page of source(pairs, pagesOf(pair))) {
      for (const found of page) {
        const row = { old: pair.old.first + index, new: pair.new.first + index }
        index++
        if (found === 'same' || found === 'unknown') rows.count(found)
        else if (rows.is_full) rows.count(found, row.old)
        else rows.add(await pairs.tell(row), { row, source: pair.old.source, index }, row.old)
      }
      onProgress?.({ rows: rows.compared, of })
    }
  }
  const only = [...onlyIn('old', sides.old, sides.new), ...onlyIn('new', sides.new, sides.old)]
  const batches = await compareBatches(sides, list)
  return {
    old: sides.old.run,
    new: sides.new.run,
    code: codeChanges(sides.old.plugins, sides.new.plugins),
    rows: rows.counts(recordsIn(only, 'old'), recordsIn(only, 'new')),
    groups: rows.groups.list().map(({ parting, count, examples }) => ({ ...parting, rows: count, examples })),
    differences: rows.differences,
    only,
    batches,
  }
}

/** Counts comparisons, groups what differs, and keeps the first differences. */
class Comparisons<D extends Divergence> {
  readonly groups = new Groups()
  readonly differences: D[] = []
  readonly #list: number
  #same = 0
  #unknown = 0
  #different = 0

  constructor(list: number) {
    this.#list = list
  }

  get compared(): number {
    return this.#same + this.#unknown + this.#different
  }

  /** Whether no more differences are listed one by one. */
  get is_full(): boolean {
    return this.differences.length >= this.#list
  }

  /** `example`: of what differs, its number in the old run. */
  count(found: Found, example = 0): void {
    if (found === 'same') this.#same++
    else if (found === 'unknown') this.#unknown++
    else {
      this.#different++
      this.groups.add(found, example)
    }
  }

  /** `subject` is what `D` has beside the divergence; `example` its number in the old run. */
  add(comparison: Comparison, subject: Omit<D, keyof Divergence>, example: number): void {
    if (comparison.kind !== 'different') return this.count(comparison.kind)
    this.count(comparison.divergence.parted_at, example)
    if (!this.is_full) this.differences.push({ ...subject, ...comparison.divergence } as D)
  }

  counts(only_old: number, only_new: number): DiffCounts {
    const { compared } = this
    return { compared, same: this.#same, unknown: this.#unknown, different: this.#different, only_old, only_new }
  }
}

// ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Sources of both runs, in the order of the old one. */
function pairedSources(sides: Both<Side>): Array<Both<SourceRows>> {
  return sides.old.sources.flatMap(old => {
    const found = sides.new.sources.find(each => each.source === old.source)
    return found === undefined ? [] : [{ old, new: found }]
  })
}

/** What both runs read of a source, by pages. */
function* pagesOf({ old, new: other }: Both<SourceRows>): Iterable<RowsPage> {
  const records = Math.min(old.records, other.records)
  for (let at = 0; at < records; at += PAGE_ROWS)
    yield { first: { old: old.first + at, new: other.first + at }, count: Math.min(PAGE_ROWS, records - at) }
}

/** What one run read of its sources and the other didn't. */
function onlyIn(which: 'old' | 'new', here: Side, there: Side): OnlyRows[] {
  return here.sources.flatMap(({ source, first, records }) => {
    const from = (there.sources.find(each => each.source === source)?.records ?? 0) + 1
    if (from > records) return []
    const row = { from: first + from - 1, to: first + records - 1 }
    return [{ in: which, source, index: { from, to: records }, row }]
  })
}

function recordsIn(only: readonly OnlyRows[], which: 'old' | 'new'): number {
  return only.reduce((sum, each) => (each.in === which ? sum + each.index.to - each.index.from + 1 : sum), 0)
}

// ── batches ─────────────────────────────────────────────────────────────────────────────────────────────────────────

async function compareBatches(sides: Both<Side>, list: number): Promise<RunDiff['batches']> {
  const batches = { old: await Batches.of(sides.old), new: await Batches.of(sides.new) }
  const counted = new Comparisons<BatchDifference>(list)
  const only = { old: 0, new: 0 }
  for (const node of new Set([...batches.old.numbers.nodes, ...batches.new.numbers.nodes])) {
    const [olds, news] = [batches.old.numbers.at(node), batches.new.numbers.at(node)]
    only.old += Math.max(0, olds.length - news.length)
    only.new += Math.max(0, news.length - olds.length)
    for (const [i, old] of olds.entries()) {
      const other = news[i]
      if (other === undefined) break
      const comparison = await compareBatch(sides, batches, { old, new: other }, node)
      counted.add(comparison, { batch: { old, new: other }, node, index: i + 1 }, old)
    }
  }
  const groups = counted.groups.list().map(({ parting, count, examples }) => ({ ...parting, batches: count, examples }))
  return { ...counted.counts(only.old, only.new), groups, differences: counted.differences }
}

/** Who was in it comes first; then its result. */
async function compareBatch(
  sides: Both<Side>,
  batches: Both<Batches>,
  batch: Both<number>,
  node: string,
): Promise<Comparison> {
  const stored = { old: await batches.old.entries(batch.old), new: await batches.new.entries(batch.new) }
  const tale = (which: 'old' | 'new') => taleOf(sides[which], stored[which], { kind: 'batch', batch: batch[which] })
  const tales = { old: tale('old'), new: tale('new') }
  const compared = compareTales(tales)
  const [before, after] = [await batches.old.members(tales.old.course), await batches.new.members(tales.new.course)]
  if (before.join() === after.join()) return compared
  const nothing = { old: null, new: null }
  const parted_at = { node, kind: 'members', ...nothing, to: nothing, fields: [], because: null } as const
  const { token, outcome, differs } = compared.kind === 'different' ? compared.divergence : NOTHING_ELSE
  return {
    kind: 'different',
    divergence: { parted_at, changed: {}, token, outcome, differs: { ...differs, path: true } },
  }
}

const NOTHING_ELSE: Pick<Divergence, 'token' | 'outcome' | 'differs'> = {
  token: { old: null, new: null },
  outcome: { old: null, new: null },
  differs: { path: true, outcome: false, output: false },
}
