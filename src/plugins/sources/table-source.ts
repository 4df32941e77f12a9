/**
 * A source of a file that is no text: it is read from anywhere, and a format makes rows of it. What is on record of such a file is all of
 * it: its hash at any position is that of the whole file.
 *
 * A position is `{offset, line, record}`: the share of the file's bytes that lies before it, the line or number of the record before it, and
 * how many records came before. Reading on skips as many.
 *
 * TABLE-SOURCE-1. The file is hashed before its first record is handed out, and must still be the same when the last one was.
 * TABLE-SOURCE-2. Positions depend on the file alone, never on where reading began.
 */
import { isObject, type Json, type Row } from '../../model/row.ts'
import type { ResumePoint, SourceColumn, SourceHead, SourceRecord } from '../../sdk/spec.ts'
import {
  awaited,
  checkInput,
  type InputPlace,
  inputName,
  isStandardInput,
  type RandomAccess,
  sizeOf,
  sourceError,
} from './byte-reader.ts'
import {
  asPosition,
  type OneFileSettings,
  type OneFileSource,
  type Problem,
  rejectRecord,
  withField,
} from './one-file.ts'
import { hashOf, randomAccess } from './random-access.ts'

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
  /** The records behind the first `skip`, in chunks. @throws CustodyError CUSTODY_SOURCE. */
  records(skip: number): AsyncIterable<readonly TableRecord[]>
  /** Whatever was opened for it, but not the file. Can be repeated, at any time. */
  close(): Promise<void>
}

export interface TableFormat {
  /** @throws CustodyError CUSTODY_SOURCE, CUSTODY_INPUT_FORMAT if it isn't a file of this format. */
  open(access: RandomAccess, place: InputPlace): Promise<OpenTable>
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

  async *read(from: ResumePoint | null): AsyncGenerator<readonly SourceRecord[]> {
    const skip = from === null ? 0 : this.#recordOf(from.position)
    const table = this.#begun ?? (await this.#open())
    this.#begun = null
    const access = this.#opened
    this.#sha256 = await hashOf(access)
    let record = skip
    let line = from === null ? 0 : asPosition(from.position, this.#place).line
    try {
      for await (const some of table.records(skip)) {
        yield some.map(each => this.#complete(each, ++record))
        line = some.at(-1)?.line ?? line
      }
      await access.check()
    } finally {
      await table.close()
      await access.close()
    }
    const blank = record === 0 && table.columns === null
    const position = { offset: access.bytes, line, record, ...(blank ? { blank: true } : {}) }
    this.#end = { position, bytes: access.bytes }
  }

  /** Of any position: the file's. */
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

  size(): Promise<number | null> {
    return sizeOf(this.#place)
  }

  bytesBefore(position: Json): number {
    return asPosition(position, this.#place).offset
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
    const access = await randomAccess(this.#place, this.#settings)
    this.#access = access
    try {
      const table = await this.#format.open(access, this.#place)
      this.#table = table
      const renamed = (table.columns ?? []).filter(({ field, header }) => field !== header)
      this.#originals = renamed.length === 0 ? null : Object.fromEntries(renamed.map(each => [each.field, each.header]))
      return table
    } catch (error) {
      await access.close()
      throw error
    }
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
