/** Checks of sources: reading on from each position gives the same rest. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseJson } from '../../model/json.ts'
import type { SourceContext } from '../source.ts'
import type {
  FileRead,
  ResumePoint,
  Source,
  SourceFileEnd,
  SourceItem,
  SourceRange,
  SourceRecord,
  SourceSpec,
} from '../spec.ts'
import { answeringAlike } from './calling.ts'
import type { Findings, Problems } from './problems.ts'
import { checkRanges, type RangeSubject, type ReadItems } from './range-checks.ts'
import { contextIn, eachSample, inFolder, type Sample, textOf } from './subject.ts'

/** Reading on is tried after this many records at most, spread over all. */
const MOST_POSITIONS = 40

/** A sample that brings no files and says nothing of rows is of a source that can't be read in a test. */
export async function checkSource(spec: SourceSpec, samples: readonly Sample[], findings: Findings): Promise<void> {
  const readable = samples.filter(({ files, rows_out, errors }) => (files ?? rows_out ?? errors) !== undefined)
  await eachSample(spec, readable, 'reading', findings, (sample, options, problems) =>
    inFolder(sample, folder => checkOne(spec, options, folder, sample, problems)),
  )
}

async function checkOne(spec: SourceSpec, options: unknown, folder: string, sample: Sample, problems: Problems) {
  const call = answeringAlike(sample.answers ?? [])
  const context: SourceContext = {
    signal: new AbortController().signal,
    call: (service, asked, perform) => {
      textOf(asked.request, problems)
      return call(service, asked, perform)
    },
  }
  const all = await readAll(spec, options, folder, sample, context, null)
  const records = all.items.filter(each => each.kind !== 'end_of_file')
  for (const item of all.items)
    if (item.kind === 'end_of_file') checkFileEnd(item, all, problems)
    else checkRecord(spec, item, problems)
  if (all.names !== null && all.names.length !== all.items.length - records.length)
    problems.add(`it lists ${all.names.length} files, and yields ${all.items.length - records.length} ends of files`)
  compareRecords(sample, records, problems.of('examples'))
  if (!spec.rereadable(options)) return
  if (
    JSON.stringify((await readAll(spec, options, folder, sample, context, null)).items) !== JSON.stringify(all.items)
  ) {
    problems.add('reading it a second time gives something else')
  }
  const resuming = problems.of('resuming')
  const step = Math.max(1, Math.floor(all.items.length / MOST_POSITIONS))
  for (let i = 0; i < all.items.length; i += step) {
    const { names } = all
    const rest = await readAll(spec, options, folder, sample, context, { ...pointBehind(all, i), names })
    if (JSON.stringify(rest.items) !== JSON.stringify(all.items.slice(i + 1))) {
      resuming.add(`reading on after record ${i + 1} doesn’t give the same rest`)
    }
  }
  const subject = { spec, options, folder, sample, context }
  await checkRanges(rangesOf(subject, all.names), all.items, () => problems.of('cutting'))
  await checkHash(spec, options, folder, sample, context, records, problems)
}

interface Subject {
  readonly spec: SourceSpec
  readonly options: unknown
  readonly folder: string
  readonly sample: Sample
  readonly context: SourceContext
}

function rangesOf({ spec, options, folder, sample, context }: Subject, names: Yielded['names']): RangeSubject {
  return {
    async open() {
      const source = await spec.create(options, contextIn(folder, sample))
      await source.list?.(names)
      await source.prepare?.()
      return source
    },
    read: (range, from) => {
      const point = from === null ? null : { ...from, names }
      return readAll(spec, options, folder, sample, context, point, { range: throughJson(range), names })
    },
    pointBehind: (read, index) => pointBehind({ ...read, names }, index),
  }
}

/** Rows as they are before a schema makes numbers of texts. */
function compareRecords({ rows_out, errors }: Sample, records: readonly SourceRecord[], problems: Problems): void {
  const rows = records.flatMap(each => (each.kind === 'row' ? [each.row] : []))
  const codes = records.flatMap(each => (each.kind === 'reject' ? [each.code] : []))
  if (rows_out !== undefined && JSON.stringify(rows) !== JSON.stringify(rows_out))
    problems.add('the example', { differs: { expected: rows_out, actual: rows } })
  if (errors !== undefined && errors.join() !== codes.join())
    problems.add('of errors, the example', { differs: { expected: errors, actual: codes } })
}

/** As the ledger gives it back. */
const throughJson = <T>(value: T): T => parseJson(JSON.stringify(value)) as T

/** What a source has given. */
interface Yielded extends ReadItems {
  /** Of its files; null if it has no list of them. */
  readonly names: readonly string[] | null
}

/** Where reading continues behind the item with this index. */
function pointBehind({ items, files, names }: Pick<Yielded, 'items' | 'files' | 'names'>, index: number): ResumePoint {
  const before = items.slice(0, index + 1)
  const ended = before.filter(each => each.kind === 'end_of_file').length
  const point = { records: before.length - ended, position: throughJson(items[index]!.position) }
  return names === null ? point : { ...point, files: files.slice(0, ended) }
}

async function readAll(
  spec: SourceSpec,
  options: unknown,
  folder: string,
  sample: Sample,
  context: SourceContext,
  from: (ResumePoint & { readonly names: readonly string[] | null }) | null,
  part: { readonly range: SourceRange; readonly names: readonly string[] | null } | null = null,
): Promise<Yielded> {
  const source = await spec.create(options, contextIn(folder, sample))
  const items: SourceItem[] = []
  const files: FileRead[] = []
  const yielded: string[] = []
  let records = 0
  let names: readonly string[] | null = null
  let end: Pick<Yielded, 'bytes' | 'sha256'> = { bytes: null, sha256: null }
  try {
    names = (await source.list?.(from?.names ?? part?.names ?? null))?.names ?? null
    if (part !== null) source.select?.(part.range)
    if (names !== null) await source.prepare?.()
    if (names !== null) await source.begin?.(from)
    for await (const chunk of source.read(from, context)) {
      for (const item of chunk) {
        items.push(item)
        yielded.push(JSON.stringify(item))
        if (item.kind !== 'end_of_file') records += 1
        else {
          files.push({ records, bytes: item.bytes, sha256: source.hashUpTo?.(item.position) ?? '' })
          records = 0
        }
      }
    }
    if (part !== null) end = endOf(source)
  } finally {
    await source.close()
  }
  if (items.some((item, i) => JSON.stringify(item) !== yielded[i]))
    throw new Error('a record that it has yielded is changed by it afterwards')
  return { items, files, names, ...end }
}

function endOf(source: Source): Pick<Yielded, 'bytes' | 'sha256'> {
  const end = source.end?.()
  if (end === undefined) return { bytes: null, sha256: null }
  // Nothing is open, and nothing was read, where there are no bytes.
  return { bytes: end.bytes, sha256: end.bytes === 0 ? null : (source.hashUpTo?.(throughJson(end.position)) ?? null) }
}

function checkFileEnd({ bytes, position }: SourceFileEnd, { names }: Yielded, problems: Problems): void {
  textOf(position, problems)
  problems.expect(names !== null, 'it yields the end of a file, and lists none')
  problems.expect(Number.isSafeInteger(bytes) && bytes >= 0, `a file ends with ${bytes} bytes`)
}

function checkRecord(spec: SourceSpec, record: SourceRecord, problems: Problems): void {
  textOf(record.position, problems)
  problems.expect(Number.isSafeInteger(record.line) && record.line >= 0, `a record has the line ${record.line}`)
  if (record.kind === 'row') {
    textOf(record.row, problems)
    problems.expect(record.raw === undefined || typeof record.raw === 'string', 'a row has a raw that isn’t a text')
  } else {
    problems.expect(record.kind === 'reject', `a record has the kind ${String(record.kind)}`)
    problems.expect(typeof record.message === 'string', `it rejects with the message ${String(record.message)}`)
    problems.expect(Object.hasOwn(spec.errors, record.code), `it rejects with ${record.code}, which it doesn’t declare`)
    textOf(record.raw, problems)
  }
}

/** The hash at the end is that of the one file that the sample has, if it has one, read in one go or in two. */
async function checkHash(
  spec: SourceSpec,
  options: unknown,
  folder: string,
  sample: Sample,
  context: SourceContext,
  records: readonly SourceRecord[],
  problems: Problems,
): Promise<void> {
  const last = records.at(-1)
  const files = Object.keys(sample.files ?? {})
  if (last === undefined || files.length !== 1) return
  const bytes = readFileSync(join(folder, files[0] as string))
  const hashes: string[] = []
  for (const start of [null, records[Math.floor(records.length / 2)] as SourceRecord]) {
    const source = await spec.create(options, contextIn(folder, sample))
    if ((await source.list?.(null)) !== undefined) return await source.close()
    const from = start === null ? null : { records: records.indexOf(start) + 1, position: throughJson(start.position) }
    for await (const _ of source.read(from, context));
    const hash = source.hashUpTo?.(throughJson(last.position))
    await source.close()
    if (hash === undefined) return
    hashes.push(hash)
  }
  const prefixes = new Set<string>()
  for (let length = bytes.length; length > 0 && length > bytes.length - 64; length--) {
    prefixes.add(createHash('sha256').update(bytes.subarray(0, length)).digest('hex'))
  }
  const of = problems.of('hashes')
  of.expect(hashes[0] === hashes[1], 'the hash of the same bytes differs after reading on')
  of.expect(prefixes.has(hashes[0] as string), 'the hash at the last record isn’t that of the file’s bytes')
}
