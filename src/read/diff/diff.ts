/**
 * Compares two runs of a ledger, record by record and batch by batch.
 *
 * DIFF-1. Rows are the same if source and number of the record are, or source and key (matching.ts), or if one repeats the other
 *     (matching-repeats.ts); batches, if node and place among
 *     its batches are.
 * DIFF-2. Memory is bounded by a page of rows, the ways to part, the differences that are asked for, and the number of batches; with
 *     a key, by what matching.ts keeps of a row.
 */
import { fileChanges } from '../../format/files-read.ts'
import { codeChanges } from '../../format/plugin-code.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { findRun } from '../runs/list.ts'
import { Batches } from './batches.ts'
import { type Comparison, compareTales } from './compare.ts'
import {
  type BatchDifference,
  type Both,
  type DiffCounts,
  type Divergence,
  MOST_ONLY,
  type OnlyRows,
  type RowDifference,
  type RunDiff,
} from './difference.ts'
import { Groups } from './groups.ts'
import { type Matching, onlyRows } from './matched-rows.ts'
import { KeyMatcher, type KeyOptions, matchByNumber, pairedSources } from './matching.ts'
import { matchByRepeats, waysToOneRun } from './matching-repeats.ts'
import { keyOfRow } from './row-keys.ts'
import { type Found, type PairSource, pairsHere, RowPairs } from './row-pairs.ts'
import { recordOf, type Side, sideOf, taleOf } from './side.ts'

export interface DiffOptions {
  /** How many differences are listed one by one: of rows, and of batches. */
  readonly list: number
  /** `group`: so many of each way to part, and 10,000 in all; absent: the first, whatever their group. */
  readonly list_by?: 'run' | 'group' | undefined
  readonly onProgress?: (progress: { readonly rows: number; readonly of: number }) => void
  /** Who compares pages of rows; absent: that is done here. */
  readonly pairs?: PairSource
  /** Matches rows by a key; absent: by number, or by what re-runs repeat. */
  readonly key?: KeyOptions
}

/**
 * The runs by id, unique beginning of one, or `latest`.
 * @throws CustodyError CUSTODY_RUN_UNKNOWN, CUSTODY_RUN_AMBIGUOUS; CUSTODY_ARGUMENT if no row of one of the runs has the key.
 */
export async function diffRuns(reader: LedgerReader, names: Both<string>, options: DiffOptions): Promise<RunDiff> {
  const { key } = options
  const sides = {
    old: await sideOf(reader, (await findRun(reader, names.old)).log),
    new: await sideOf(reader, (await findRun(reader, names.new)).log),
  }
  const matcher = key === undefined ? null : new KeyMatcher(sides, key)
  const matchings: Matching[] = []
  const ways = matcher === null ? await waysToOneRun(sides) : null
  for (const source of pairedSources(sides))
    matchings.push(
      (await matcher?.match(source)) ?? (ways === null ? matchByNumber(source) : await matchByRepeats(ways, source)),
    )
  await matcher?.mustHaveKeys()
  const rows = await compareRows(sides, matchings, options)
  const [old, other] = [onlyIn('old', sides, matchings), onlyIn('new', sides, matchings)]
  const batches = await compareBatches(sides, matchings, options)
  return {
    old: sides.old.run,
    new: sides.new.run,
    code: codeChanges(sides.old.plugins, sides.new.plugins),
    matched_by: matcher !== null ? 'key' : ways !== null ? 'repeats' : 'number',
    reads: fileChanges(nodesOfBoth(sides), sides.old.reads, sides.new.reads),
    ...digestsOf(sides),
    ...(matcher === null || key === undefined ? {} : { key: { fields: key.fields, ...matcher.report } }),
    rows: rows.counts(old.records, other.records),
    groups: rows.groups.list().map(({ parting, count, examples }) => ({ ...parting, rows: count, examples })),
    differences: rows.differences,
    only: [...old.stretches, ...other.stretches],
    batches,
  }
}

function digestsOf({ old, new: other }: Both<Side>): Pick<RunDiff, 'result_digest'> {
  if (old.digest === undefined || other.digest === undefined) return {}
  return { result_digest: { old: old.digest, new: other.digest } }
}

function nodesOfBoth({ old, new: other }: Both<Side>): readonly string[] {
  const names = new Set(other.topology.nodes.map(({ name }) => name))
  return old.topology.nodes.flatMap(({ name }) => (names.has(name) ? [name] : []))
}

/** However many groups there are. */
const MOST_LISTED = 10_000

/** Counts comparisons, groups what differs, and keeps the first differences. */
class Comparisons<D extends Divergence> {
  readonly groups = new Groups()
  readonly differences: D[] = []
  readonly #most: number
  readonly #most_of_group: number
  #same = 0
  #unknown = 0
  #different = 0

  constructor({ list, list_by }: Pick<DiffOptions, 'list' | 'list_by'>) {
    this.#most = list_by === 'group' ? MOST_LISTED : list
    this.#most_of_group = list
  }

  get compared(): number {
    return this.#same + this.#unknown + this.#different
  }

  /** `example`: of what differs, its number in the old run. Returns whether it is to be listed. */
  count(found: Found, example: number): boolean {
    if (found === 'same') this.#same++
    else if (found === 'unknown') this.#unknown++
    else {
      this.#different++
      return this.groups.add(found, example) <= this.#most_of_group && this.differences.length < this.#most
    }
    return false
  }

  /** `subject` is what `D` has beside the divergence; `example` its number in the old run. */
  add(comparison: Comparison, subject: Omit<D, keyof Divergence>, example: number): void {
    if (comparison.kind !== 'different') this.count(comparison.kind, example)
    else if (this.count(comparison.divergence.parted_at, example)) this.list(comparison, subject)
  }

  list(comparison: Comparison, subject: Omit<D, keyof Divergence>): void {
    if (comparison.kind === 'different') this.differences.push({ ...subject, ...comparison.divergence } as D)
  }

  counts(only_old: number, only_new: number): DiffCounts {
    const { compared } = this
    return { compared, same: this.#same, unknown: this.#unknown, different: this.#different, only_old, only_new }
  }
}

// ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function compareRows(
  sides: Both<Side>,
  matchings: readonly Matching[],
  { onProgress, pairs: source = pairsHere, key, ...listing }: DiffOptions,
): Promise<Comparisons<RowDifference>> {
  const rows = new Comparisons<RowDifference>(listing)
  const of = matchings.reduce((sum, each) => sum + each.matched, 0)
  const pairs = new RowPairs(sides)
  const keyOf = async (row: number) =>
    key === undefined ? {} : { key: await keyOfRow(key.rows, sides.old.log, row, key.fields) }
  for (const matching of matchings)
    for await (const { page, found } of source(pairs, matching.pages(), matching.matched)) {
      for (const [i, row] of page.entries()) {
        // cast: of each pair of a page there is what it comes to.
        const each = found[i] as Found
        if (!rows.count(each, row.old)) continue
        const { source, index } = recordOf(sides.old, row.old) ?? { source: matching.source, index: 0 }
        rows.list(await pairs.tell(row), { row, source, index, ...(await keyOf(row.old)) })
      }
      onProgress?.({ rows: rows.compared, of })
    }
  return rows
}

/** What one run has and the other hasn't: all of a source that the other didn't read, else rows without a partner. */
function onlyIn(
  which: 'old' | 'new',
  sides: Both<Side>,
  matchings: readonly Matching[],
): { readonly records: number; readonly stretches: readonly OnlyRows[] } {
  let records = 0
  const stretches: OnlyRows[] = []
  for (const rows of sides[which].sources) {
    const matching = matchings.find(each => each.source === rows.source)
    const all = rows.records === 0 ? [] : onlyRows(which, rows, 0, rows.records - 1)
    let listed = 0
    for (const stretch of matching?.only(which) ?? all) {
      records += stretch.index.to - stretch.index.from + 1
      if (listed++ < MOST_ONLY) stretches.push(stretch)
    }
  }
  return { records, stretches }
}

// ── batches ─────────────────────────────────────────────────────────────────────────────────────────────────────────

async function compareBatches(
  sides: Both<Side>,
  matchings: readonly Matching[],
  listing: Pick<DiffOptions, 'list' | 'list_by'>,
): Promise<RunDiff['batches']> {
  const batches = {
    old: await Batches.of(sides.old, row => rowName(sides.old, row)),
    new: await Batches.of(sides.new, row => {
      const source = recordOf(sides.new, row)?.source
      const old = matchings.find(each => each.source === source)?.oldOf(row) ?? null
      return old === null ? `new ${rowName(sides.new, row)}` : rowName(sides.old, old)
    }),
  }
  const counted = new Comparisons<BatchDifference>(listing)
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

/** Names of nodes have no space, so that rows and batches can't be mistaken for each other: no source is an aggregate. */
function rowName(side: Side, row: number): string {
  const record = recordOf(side, row)
  return record === null ? '?' : `${record.source} ${record.index}`
}

const NOTHING_ELSE: Pick<Divergence, 'token' | 'outcome' | 'differs'> = {
  token: { old: null, new: null },
  outcome: { old: null, new: null },
  differs: { path: true, outcome: false, output: false },
}
