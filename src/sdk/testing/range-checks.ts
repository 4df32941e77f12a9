/** Checks of sources that can be cut: ranges, each read by itself, give what the whole gives. */
import type { FileRead, ResumePoint, Source, SourceItem, SourceRange, SourceRecord } from '../spec.ts'
import type { Problems } from './problems.ts'
import { textOf } from './subject.ts'

/** What reading a source, or a range of it, has given. */
export interface ReadItems {
  readonly items: readonly SourceItem[]
  /** Of its files that have ended. */
  readonly files: readonly FileRead[]
  /** Of all bytes, as it says; null if it has none. */
  readonly bytes: number | null
  /** Of what came last, as it says; null if it says nothing. */
  readonly sha256: string | null
}

/** The sources of a sample, each a new one. */
export interface RangeSubject {
  /** Prepared, and not read. */
  open(): Promise<Source>
  read(range: SourceRange, from: ResumePoint | null): Promise<ReadItems>
  /** Where reading continues behind the item with this index. */
  pointBehind(read: ReadItems, index: number): ResumePoint
}

/** `all`: what the whole has given. */
export async function checkRanges(subject: RangeSubject, all: readonly SourceItem[], problems: () => Problems) {
  const source = await subject.open()
  try {
    if (source.cut === undefined && source.select === undefined) return
    const of = problems()
    of.expect(source.cut !== undefined && source.select !== undefined, 'it has one of cut() and select()')
    const size = (await source.extent?.()) ?? (await source.size?.()) ?? 0
    const records = recordsOf(all)
    const ends = [0, Math.floor(size / 3), Math.floor(size / 2), size]
    await checkCut(subject, source, ends, records, Number.POSITIVE_INFINITY, of)
    await checkCut(subject, await subject.open(), ends, records, Math.floor(records.length / 2), of)
  } finally {
    await source.close()
  }
}

const recordsOf = (items: readonly SourceItem[]): readonly SourceRecord[] =>
  items.filter(each => each.kind !== 'end_of_file')

const sameJson = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

async function checkCut(
  subject: RangeSubject,
  source: Source,
  ends: readonly number[],
  records: readonly SourceRecord[],
  most_records: number,
  problems: Problems,
): Promise<void> {
  const size = (await source.size?.()) ?? null
  const limits = { signal: new AbortController().signal }
  const whole = most_records === Number.POSITIVE_INFINITY
  const ranges = (await source.cut?.(ends, whole ? limits : { ...limits, most_records })) ?? null
  await source.close()
  if (ranges === null) return
  problems.expect(ranges.length === ends.length + 1, `it cuts into ${ranges.length} ranges at ${ends.length} bytes`)
  let bytes = 0
  const found: SourceRecord[] = []
  for (const range of ranges) {
    const text = textOf({ ...range, files: (range.files ?? []).map(each => ({ ...each })) }, problems)
    if (text === null) return
    problems.expect(range.records_before === found.length, 'a range has another number of records before it')
    found.push(...(await checkRange(subject, range, problems)))
    bytes += range.bytes
  }
  problems.expect(sameJson(found, records.slice(0, most_records)), 'its ranges don’t give what the whole gives')
  if (whole && size !== null)
    problems.expect(bytes === size, `its ranges have ${bytes} bytes, and it says that it has ${size}`)
}

/** @returns its records. */
async function checkRange(subject: RangeSubject, range: SourceRange, problems: Problems) {
  const read = await subject.read(range, null)
  const records = recordsOf(read.items)
  problems.expect(records.length === range.records, 'a range doesn’t have as many records as it says')
  problems.expect(sameJson(read.files, range.files ?? []), 'the files that end in a range aren’t those that it says')
  problems.expect(read.bytes === null || read.bytes === range.bytes, 'a range doesn’t have as many bytes as it says')
  problems.expect(
    read.sha256 === null || read.sha256 === range.sha256,
    'a range’s hash isn’t that of the bytes that it has',
  )
  const middle = Math.floor(read.items.length / 2)
  if (read.items.length > 0) {
    const rest = await subject.read(range, subject.pointBehind(read, middle))
    const same = sameJson(rest.items, read.items.slice(middle + 1))
    problems.expect(same, 'reading on within a range doesn’t give the same rest')
    problems.expect(rest.bytes === null || rest.bytes === range.bytes, 'reading on within a range counts other bytes')
  }
  return records
}
