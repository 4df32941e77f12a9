/**
 * A source of a file that is no text: it is read from anywhere, and a format makes rows of it. What is on record of such a file is all of
 * it: its hash at any position is that of the whole file.
 *
 * A position is `{offset, line, record}`: the share of the file's bytes that lies before it, the line or number of the record before it, and
 * how many records came before. Reading on skips as many.
 *
 * TABLE-SOURCE-1. The file, or the range of it that is read, is hashed before its first record is handed out, and the file must still be the
 *     same when the last one was.
 * TABLE-SOURCE-2. Positions depend on the file alone, never on where reading began.
 */
import { isObject, type Json, type Row } from '../../model/row.ts'
import type { CutLimits, ResumePoint, SourceColumn, SourceHead, SourceRange, SourceRecord } from '../../sdk/spec.ts'
import {
  awaited,
  checkInput,
  type InputPlace,
  inputName,
  isStandardInput,
  mayBeSought,
  type RandomAccess,
  sizeOf,
  sourceChanged,
  sourceError,
} from './byte-reader.ts'
import { bytesOf } from './listed-file.ts'
import {
  asPosition,
  type FileRange,
  type OneFileSettings,
  type OneFileSource,
  type Problem,
  rejectRecord,
  withField,
} from './one-file.ts'
import { fetchedAccess, hashOf, randomAccess } from './random-access.ts'
import { StoredFile } from './stored-file.ts'
import { cutTable, type TableLayout } from './table-ranges.ts'

interface Placed {
  /** Line or number of the record in the file, from 1. */
  readonly line: number
  /** Of the file's bytes, how many count as read behind it; never fewer than of the record before. */
  readonly offset: number
}
export type TableRecord =
  | (Placed & { readonly kind: 'row'; readonly row: Row })
  | (Placed & { readonly kind: 'reject'; readonly raw: Json; readonly problem: Problem })

/** What a format makes of a file. */
export interface OpenTable {
  /** Null where the file names none. */
  readonly columns: readonly SourceColumn[] | null
  readonly warnings: readonly string[]
  /** The parts that it can be cut into; absent or null if it can't be. */
  readonly layout?: TableLayout | null
  /** The records behind the first `skip`, up to the one with the number `until` (all of one without a `layout`), in chunks. @throws CustodyError CUSTODY_SOURCE. */
  records(skip: number, until: number): AsyncIterable<readonly TableRecord[]>
  /** Whatever was opened for it, but not the file. Can be repeated, at any time. */
  close(): Promise<void>
}

export interface TableFormat {
  /** @throws CustodyError CUSTODY_SOURCE, CUSTODY_INPUT_FORMAT if it isn't a file of this format. */
  open(access: RandomAccess, place: InputPlace): Promise<OpenTable>
  /** Whether it reads what it needs, and leaves out the rest: of what is elsewhere only that is fetched then. */
  readonly is_sparing?: boolean
  /** The codes of records that it rejects. */
  readonly errors: { readonly [code: string]: string }
}

export class TableSource implements OneFileSource {
  readonly #place: InputPlace
  readonly #format: TableFormat
  readonly #settings: OneFileSettings
  #access: RandomAccess | null = null
  #table: OpenTable | null = null
  /** Opened by `begin`, and then read by `read`. */
  #begun: OpenTable | null = null
  #originals: { readonly [field: string]: string } | null = null
  #sha256: string | null = null
  /** What is read; null: all. */
  #range: FileRange | null = null
  #end: { readonly position: Json; readonly bytes: number } | null = null

  constructor(place: InputPlace, format: TableFormat, settings: OneFileSettings = {}) {
    this.#place = place
    this.#format = format
    this.#settings = settings
  }

  prepare(): Promise<void> {
    return checkInput(this.#place)
  }

  async awaits(from: ResumePoint | null): Promise<string | null> {
    return awaited(this.#place, from === null ? 0 : asPosition(from.position, this.#place).offset)
  }

  async begin(): Promise<SourceHead> {
    const table = await this.#open()
    this.#begun = table
    const input = isStandardInput(this.#place) ? inputName(this.#place) : this.#place.path
    const { columns, warnings } = table
    return warnings.length === 0 ? { input, columns } : { input, columns, warnings }
  }

  async cut(ends: readonly number[], limits: CutLimits): Promise<readonly FileRange[] | null> {
    if (!this.#mayBeCut || (await this.#sizeOfAll()) === null) return null
    const { layout = null } = await this.#open()
    try {
      return layout === null ? null : await cutTable(this.#opened, layout, ends, limits)
    } finally {
      await this.close()
    }
  }

  select(range: SourceRange): void {
    const from = range.from === null ? null : asPosition(range.from, this.#place)
    const to = asPosition(range.to, this.#place)
    if (!this.#mayBeCut || typeof to.size !== 'number') throw new Error('this source has no ranges')
    this.#range = { ...range, from, to: { ...to, size: to.size } }
  }

  get #mayBeCut(): boolean {
    return this.#format.is_sparing === true && mayBeSought(this.#place, this.#settings)
  }

  async *read(from: ResumePoint | null): AsyncGenerator<readonly SourceRecord[]> {
    const range = this.#range
    const position = from?.position ?? range?.from ?? null
    const skip = position === null ? 0 : this.#recordOf(position)
    const table = this.#begun ?? (await this.#open())
    this.#begun = null
    const access = this.#opened
    this.#sha256 = await hashOf(access, this.#start, range?.to.offset)
    let record = skip
    let line = from === null ? skip : asPosition(from.position, this.#place).line
    const until = typeof range?.to.record === 'number' ? range.to.record : Number.POSITIVE_INFINITY
    try {
      for await (const some of table.records(skip, until)) {
        yield some.map(each => this.#complete(each, ++record))
        line = some.at(-1)?.line ?? line
      }
      await access.check()
    } finally {
      await table.close()
      await access.close()
    }
    const blank = record === 0 && table.columns === null
    const offset = range?.to.offset ?? access.bytes
    this.#end = {
      position: { offset, line, record, ...(blank ? { blank: true } : {}) },
      bytes: offset - this.#start,
    }
  }

  /** Where what is read begins. */
  get #start(): number {
    return this.#range?.from?.offset ?? 0
  }

  /** Of any position: that of the file, or of the range. */
  hashUpTo(): string {
    if (this.#sha256 === null) throw new Error('the source isn’t read')
    return this.#sha256
  }

  end(): { readonly position: Json; readonly bytes: number } {
    if (this.#end === null) throw new Error('the source hasn’t ended')
    return this.#end
  }

  /** A row that its schema refused is read again as it was; what the format refused isn't there whole. */
  async reread(raw: Json, code: string): Promise<SourceRecord | null> {
    if (Object.hasOwn(this.#format.errors, code) || !isObject(raw)) return null
    return { kind: 'row', line: 1, row: raw, position: { offset: 0, line: 1, record: 1 } }
  }

  async size(): Promise<number | null> {
    return this.#range?.bytes ?? (await this.#sizeOfAll())
  }

  async #sizeOfAll(): Promise<number | null> {
    const { seen, seeks } = this.#settings
    return seen !== undefined && seeks === true && !this.#place.compression ? bytesOf(seen) : await sizeOf(this.#place)
  }

  bytesBefore(position: Json): number {
    return asPosition(position, this.#place).offset - this.#start
  }

  isBlank(position: Json): boolean {
    return asPosition(position, this.#place).blank === true
  }

  originalNames(): { readonly [field: string]: string } | null {
    return this.#originals
  }

  async close(): Promise<void> {
    const [access, table] = [this.#access, this.#table]
    this.#access = null
    this.#table = null
    this.#begun = null
    await table?.close()
    await access?.close()
  }

  async #open(): Promise<OpenTable> {
    await this.close()
    const access = await this.#accessed()
    this.#access = access
    try {
      const table = await this.#format.open(access, this.#place)
      this.#table = table
      if (this.#range !== null) this.#mustBeAsCut(this.#range, access, table)
      const renamed = (table.columns ?? []).filter(({ field, header }) => field !== header)
      this.#originals = renamed.length === 0 ? null : Object.fromEntries(renamed.map(each => [each.field, each.header]))
      return table
    } catch (error) {
      await access.close()
      throw error
    }
  }

  /** Of an object in a store no more than what is read, where that isn't all. */
  #accessed(): Promise<RandomAccess> {
    const { seen, opening, hashes = true } = this.#settings
    const sparing = this.#mayBeCut && (this.#range !== null || !hashes)
    return sparing && seen instanceof StoredFile && opening !== undefined
      ? fetchedAccess(this.#place, seen.bytes, opening)
      : randomAccess(this.#place, this.#settings)
  }

  #mustBeAsCut({ from, to }: FileRange, { bytes }: RandomAccess, { layout }: OpenTable): void {
    const known = from?.layout ?? to.layout
    if (bytes === to.size && (known === undefined || known === layout?.sha256)) return
    throw sourceChanged(this.#place, `${inputName(this.#place)} was changed since it was cut`)
  }

  get #opened(): RandomAccess {
    if (this.#access === null) throw sourceError(this.#place, `${inputName(this.#place)} was closed as it was opened`)
    return this.#access
  }

  #recordOf(position: Json): number {
    const { record } = asPosition(position, this.#place)
    if (typeof record === 'number' && Number.isSafeInteger(record) && record >= 0) return record
    throw sourceError(
      this.#place,
      'the recorded position isn’t one of this kind of source',
      'Was the source’s plugin changed?',
    )
  }

  #complete(each: TableRecord, record: number): SourceRecord {
    const { line, offset } = each
    const position = { offset, line, record }
    if (each.kind === 'reject') return rejectRecord(line, each.raw, each.problem, position)
    const { added = null } = this.#settings
    const row: SourceRecord = { kind: 'row', line, row: each.row, position }
    return added === null ? row : withField(row, added)
  }
}
