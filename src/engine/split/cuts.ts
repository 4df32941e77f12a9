/**
 * Which split reads what. All sources together, in their order, are cut at so many equal lengths, each cut moved behind the record in
 * which it lies: so it depends on the bytes and on how many splits there are alone.
 *
 * CUTS-1. A source that can't be cut is read by one split, as a whole: by the one whose share it begins in.
 */

import type { CutContent, CutPlace, DealtInput } from '../../format/run-values.ts'
import type { RangeFact } from '../../format/split-entry.ts'
import { CustodyError } from '../../model/error.ts'
import type { SourceNode } from '../../plan/plan.ts'
import type { Source, SourceRange } from '../../sdk/spec.ts'
import { sourceDefect } from '../nodes/source/chunk.ts'
import type { OpenSource } from '../nodes/source/source-reader.ts'

export interface SourceCut {
  readonly source: SourceNode['number']
  /** In order of parts. */
  readonly ranges: readonly PartRange[]
  /** The split that reads all of it; null if it was cut. */
  readonly whole: number | null
  /** Its records were dealt: ranges are those of their spools. */
  readonly dealt?: Dealt
}

/** `files_before`: how many of the source's files end before it. */
export interface PartRange {
  readonly part: number
  readonly range: SourceRange
  readonly files_before: number
}

export interface Dealt {
  /** The field whose value says to which split. */
  readonly by: string
  /** Of the lease under which it was done, which names of spools have. */
  readonly epoch: number
  /** Of the source. */
  readonly bytes: number
  readonly input: DealtInput
}

/** What a split reads of one source. */
export type Share = Pick<PartRange, 'range' | 'files_before'> | 'all' | 'nothing'

/** @throws CustodyError of the source; CUSTODY_ARGUMENT if there is a limit, and a source can't be cut. */
export async function cutSources(
  sources: readonly OpenSource[],
  splits: number,
  limit: number,
  signal: AbortSignal,
): Promise<readonly SourceCut[]> {
  const sizes: number[] = []
  for (const { node, source } of sources) sizes.push(await guarded(node, () => extentOf(source)))
  const total = sizes.reduce((sum, each) => sum + each, 0)
  const cuts: SourceCut[] = []
  let offset = 0
  let left = limit
  for (const [i, { node, source }] of sources.entries()) {
    const size = sizes[i] ?? 0
    const { first, ends } = endsWithin(offset, size, total, splits)
    offset += size
    const limits = { signal, ...(Number.isFinite(left) ? { most_records: left } : {}) }
    const ranges = source.cut === undefined ? null : await guarded(node, async () => source.cut?.(ends, limits))
    if (ranges == null && Number.isFinite(limit)) throw unlimited(node)
    if (ranges == null) {
      cuts.push({ source: node.number, ranges: [], whole: first })
      continue
    }
    const of_parts = withFiles(ranges.map((range, n) => ({ part: first + n, range })))
    cuts.push({ source: node.number, whole: null, ranges: of_parts })
    left -= ranges.reduce((sum, { records }) => sum + records, 0)
  }
  return cuts
}

async function extentOf(source: Source): Promise<number> {
  return (await source.extent?.()) ?? (await source.size?.()) ?? 0
}

/** Bytes of all of them; null if one has no size. @throws CustodyError of the source. */
export async function sizeOf(sources: readonly OpenSource[]): Promise<number | null> {
  let total = 0
  for (const { node, source } of sources) {
    const size = await guarded(node, async () => (await source.size?.()) ?? null)
    if (size === null) return null
    total += size
  }
  return total
}

/** Where the cuts lie that fall into a source, counted from where it begins; and in which split it begins. */
function endsWithin(offset: number, size: number, total: number, splits: number) {
  let first = 1
  const ends: number[] = []
  for (let k = 1; k < splits; k++) {
    const at = Math.floor((total * k) / splits) - offset
    if (at <= 0) first = k + 1
    else if (at < size) ends.push(at)
  }
  return { first: total === 0 ? 1 : first, ends }
}

/** @throws CustodyError of the source, or that its plugin is defective. */
export async function guarded<T>({ name }: SourceNode, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw sourceDefect(name, thrown)
  }
}

function unlimited({ name }: SourceNode): CustodyError {
  return new CustodyError(
    'CUSTODY_ARGUMENT',
    `--limit can’t be kept with splits where source \`${name}\` can’t be cut`,
    {
      where: { node: name },
      hint: 'Leave --limit away, or take `splits` out of the pipeline for this run.',
    },
  )
}

/** In order of parts. */
export function withFiles(ranges: ReadonlyArray<Pick<PartRange, 'part' | 'range'>>): readonly PartRange[] {
  let files_before = 0
  return ranges.map(({ part, range }) => {
    const of_part = { part, range, files_before }
    files_before += range.files?.length ?? 0
    return of_part
  })
}

/** What a split reads of a source. */
export function shareOf(cuts: readonly SourceCut[], source: number, part: number): Share {
  const cut = cuts.find(each => each.source === source)
  if (cut === undefined) return 'nothing'
  if (cut.whole !== null) return cut.whole === part ? 'all' : 'nothing'
  return rangeOf(cut, part) ?? 'nothing'
}

/** By halves: a run may have as many ranges as splits, and each split looks for its own. */
function rangeOf({ ranges }: SourceCut, part: number): PartRange | null {
  let [low, high] = [0, ranges.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[middle]?.part ?? 0) < part) low = middle + 1
    else high = middle
  }
  const found = ranges[low]
  return found?.part === part ? found : null
}

/** All that a split needs to know of them. */
export function cutsOf(cuts: readonly SourceCut[], part: number): readonly SourceCut[] {
  return cuts.map(cut => {
    const range = rangeOf(cut, part)
    return { ...cut, ranges: range === null ? [] : [range] }
  })
}

/** What these splits read, in bytes; null if a source wasn't cut, so that nobody knows. */
export function bytesOf(cuts: readonly SourceCut[], has: (part: number) => boolean): number | null {
  if (cuts.some(({ whole }) => whole !== null)) return null
  let bytes = 0
  for (const { ranges } of cuts) for (const { part, range } of ranges) if (has(part)) bytes += range.bytes
  return bytes
}

/** `{field: name in the input}` of sources that were dealt. */
export function dealtNames(cuts: readonly SourceCut[]): DealtInput['names'] {
  return Object.assign({}, ...cuts.map(({ dealt }) => dealt?.input.names ?? {}))
}

// ── on record ───────────────────────────────────────────────────────────────────────────────────────────────────────

export function rangeFacts({ ranges }: SourceCut): readonly RangeFact[] {
  return ranges.map(({ part, range: { records_before: before, records, line, bytes, files } }) => ({
    ...{ part, before, records, line, bytes },
    ...(files === undefined ? {} : { files: files.length }),
  }))
}

export function placesOf({ ranges }: SourceCut): readonly CutPlace[] {
  return ranges.map(({ range: { from, to } }) => ({ from, to }))
}

export function contentsOf({ ranges }: SourceCut): readonly CutContent[] {
  return ranges.map(({ range: { sha256, files } }) => ({
    sha256,
    ...(files === undefined ? {} : { files: files.map(({ records, bytes, sha256 }) => ({ records, bytes, sha256 })) }),
  }))
}

export function recordedRange(fact: RangeFact, { from, to }: CutPlace, { sha256, files }: CutContent): SourceRange {
  const { before: records_before, records, line, bytes } = fact
  return { from, to, records_before, records, line, bytes, sha256, ...(files === undefined ? {} : { files }) }
}
