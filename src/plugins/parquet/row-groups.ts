/**
 * The records of a Parquet file, a row group at a time: of that the columns that are wanted are in memory, and no more.
 *
 * ROW-GROUPS-1. No value is made up: pages that aren’t whole, or aren’t what the file’s end says of them, are an error, and so are values that
 *     stand nowhere.
 */
import { createHash } from 'node:crypto'
import type { ColumnMetaData, CompressionCodec, DecodedArray, FileMetaData, RowGroup } from 'hyparquet'
import { isCustodyError } from '../../model/error.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { newRow } from '../../model/row.ts'
import { type InputPlace, inputName, type RandomAccess, sourceError } from '../sources/byte-reader.ts'
import type { TablePart } from '../sources/table-ranges.ts'
import type { TableRecord } from '../sources/table-source.ts'
import { checkedPages, levelsOf, type UnpackNext } from './checked-pages.ts'
import { rawSchema, type TakeValue, ValueProblem } from './leaf-values.ts'
import type { Reader } from './library.ts'

/** Records in one chunk. */
const MOST = 512
/** In a row group: what a hundred million values of one column take is more than any program has. */
const MOST_ROWS = 100_000_000
/** The file’s end: what it says of columns and row groups. */
const MOST_END_BYTES = 256 * 1024 * 1024
const TAIL_BYTES = 8

export interface WantedColumn {
  readonly name: string
  readonly take: TakeValue
}

export interface OpenFile {
  readonly access: RandomAccess
  readonly library: Reader
  readonly place: InputPlace
}

/** The file’s end: what it says, and the hash of its bytes. @throws Error with the reason. */
export async function metadataOf(
  access: RandomAccess,
  { readMetadata }: Reader,
): Promise<{ readonly metadata: FileMetaData; readonly sha256: string }> {
  const tail = await access.read(access.bytes - TAIL_BYTES, TAIL_BYTES)
  const length = tail.readUInt32LE(0) + TAIL_BYTES
  if (length > MOST_END_BYTES) throw new Error('its list of columns is longer than any is')
  const file = { byteLength: access.bytes, slice: sliceOf(access) }
  const metadata = await readMetadata(file, { geoparquet: false })
  let rows = 0
  for (const { num_rows } of metadata.row_groups) {
    if (num_rows < 0) throw new Error(`a row group has ${num_rows} rows`)
    if (num_rows > MOST_ROWS)
      throw new Error(
        `a row group has ${num_rows} rows; ${grouped(MOST_ROWS)} are read at most, as it has to fit into memory`,
      )
    rows += Number(num_rows)
  }
  if (BigInt(rows) !== metadata.num_rows)
    throw new Error(`it has ${counted(rows, 'row')}, where it says ${metadata.num_rows}`)
  const end = await access.read(Math.max(0, access.bytes - length), length)
  return { metadata, sha256: createHash('sha256').update(end).digest('hex') }
}

/** Row groups as parts of the file; null if they don’t lie in it one after another. */
export function partsOf({ row_groups }: FileMetaData, bytes: number): readonly TablePart[] | null {
  const starts: number[] = []
  let behind = MAGIC_BYTES
  for (const { columns } of row_groups) {
    const extents = columns.map(({ meta_data: leaf }) => (leaf === undefined ? NOWHERE : extentOf(leaf)))
    const from = Math.min(...extents.map(extent => extent.from))
    if (!(from >= behind) || extents.some(({ from, to }) => !(to >= from))) return null
    starts.push(from)
    behind = Math.max(...extents.map(({ to }) => to))
  }
  if (behind > bytes - TAIL_BYTES) return null
  let records = 0
  return row_groups.map(({ num_rows }, i) => {
    records += Number(num_rows)
    return { end: starts[i + 1] ?? bytes, records }
  })
}

const MAGIC_BYTES = 4
const NOWHERE = { from: Number.NaN, to: Number.NaN }

const sliceOf = (access: RandomAccess) => async (from: number, to?: number) => {
  const end = to ?? access.bytes
  if (from < 0 || end > access.bytes || end < from) throw new Error('a part of it would lie outside of it')
  const bytes = await access.read(from, end - from)
  if (bytes.length < end - from) throw new Error('it ends too early')
  // A buffer of its own, from its beginning on.
  const copy = new ArrayBuffer(bytes.length)
  new Uint8Array(copy).set(bytes)
  return copy
}

/** @returns a CustodyError of code CUSTODY_SOURCE. */
export function broken(place: InputPlace, error: unknown) {
  const message = `${inputName(place)} can’t be read as a Parquet file: ${reasonOf(error)}`
  return sourceError(place, message, 'Is the file whole?', error)
}

/** Where the library, or a decoder, stumbles over what isn’t there, its words say nothing to people. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return 'it is damaged'
  return error.message.replace(/^parquet /, '')
}

/** Values of a column in a row group, in the pieces that they come in. */
interface Piece {
  readonly from: number
  readonly to: number
  readonly data: DecodedArray
}

/** A part of the file. */
interface ColumnBytes {
  readonly from: number
  readonly all: ArrayBuffer
}

interface OpenColumn extends WantedColumn {
  readonly pieces: readonly Piece[]
  /** The piece of the record before. */
  at: number
}

export class RowGroups {
  readonly #file: OpenFile
  readonly #metadata: FileMetaData
  readonly #columns: readonly WantedColumn[]
  readonly #parts: readonly TablePart[] | null

  /**
   * @param metadata as it stands in the file
   * @param parts one for each row group; null if these don’t lie one after another
   */
  constructor(
    file: OpenFile,
    metadata: FileMetaData,
    columns: readonly WantedColumn[],
    parts: readonly TablePart[] | null,
  ) {
    this.#file = file
    this.#metadata = metadata
    this.#columns = columns
    this.#parts = parts
  }

  /** Those behind the first `skip`, up to the one with the number `until`. @throws CustodyError CUSTODY_SOURCE. */
  async *records(skip: number, until: number): AsyncGenerator<readonly TableRecord[]> {
    let start = 0
    for (const [i, group] of this.#metadata.row_groups.entries()) {
      const end = start + Number(group.num_rows)
      if (start >= until) return
      if (end > skip && end > start)
        yield* this.#group(group, start, { from: Math.max(skip, start), to: Math.min(end, until) }, this.#offsets(i))
      start = end
    }
  }

  async *#group(
    group: RowGroup,
    start: number,
    lines: { readonly from: number; readonly to: number },
    offsetOf: (line: number) => number,
  ): AsyncGenerator<readonly TableRecord[]> {
    const { place } = this.#file
    const columns = await this.#read(group)
    for (let from = lines.from; from < lines.to; from += MOST) {
      const records: TableRecord[] = []
      for (let row = from; row < Math.min(lines.to, from + MOST); row++) {
        const line = row + 1
        records.push(recordOf(columns, row - start, { line, offset: offsetOf(line) }, place))
      }
      yield records
    }
  }

  /** How many of the file’s bytes count as read behind a record of a row group. */
  #offsets(group: number): (line: number) => number {
    const { bytes } = this.#file.access
    const all = { end: bytes, records: Math.max(1, Number(this.#metadata.num_rows)) }
    const { end, records } = this.#parts?.[group] ?? all
    const before = this.#parts?.[group - 1] ?? { end: 0, records: 0 }
    return line => before.end + Math.floor(((line - before.records) * (end - before.end)) / (records - before.records))
  }

  async #read(group: RowGroup): Promise<readonly OpenColumn[]> {
    const columns: OpenColumn[] = []
    try {
      for (const wanted of this.#columns) {
        const pieces = await this.#pieces(group, wanted.name)
        columns.push({ ...wanted, pieces, at: 0 })
      }
    } catch (error) {
      throw isCustodyError(error) ? error : broken(this.#file.place, error)
    }
    return columns
  }

  async #pieces(group: RowGroup, name: string): Promise<readonly Piece[]> {
    const { library } = this.#file
    const rows = Number(group.num_rows)
    const leaves = group.columns.flatMap(({ meta_data: leaf }) => (leaf?.path_in_schema[0] === name ? [leaf] : []))
    const bytes = await this.#bytesOf(leaves)
    const unpacks = this.#checked(leaves, bytes, rows)
    // Each leaf is unpacked by what was found of its own pages, and has a codec of its own for that.
    const own = unpacks.map((unpack, i) => [`${i}` as CompressionCodec, unpack] as const)
    const renamed = leaves.map((leaf, i) => ({
      meta_data: { ...leaf, codec: own[i]?.[0] ?? leaf.codec },
      file_offset: 0n,
    }))
    const pieces: Piece[] = []
    await library.readColumns({
      file: {
        byteLength: this.#file.access.bytes,
        slice: (from, to = from) => bytes.all.slice(from - bytes.from, to - bytes.from),
      },
      metadata: {
        ...this.#metadata,
        schema: rawSchema(this.#metadata.schema),
        num_rows: group.num_rows,
        row_groups: [{ ...group, columns: renamed }],
      },
      compressors: Object.fromEntries(own),
      columns: [name],
      rowStart: 0,
      rowEnd: rows,
      utf8: false,
      geoparquet: false,
      parsers: { timestampFromNanoseconds: nanos => nanos },
      onChunk: ({ columnData: data, rowStart: from, rowEnd: to }) => {
        pieces.push({ from, to, data })
      },
    })
    const found = pieces.reduce((sum, { from, to }) => sum + to - from, 0)
    if (found !== rows) throw new Error(`its column ${name} has ${counted(found, 'row')} of ${rows}`)
    return pieces
  }

  /** Of all leaves of a column, which lie side by side. */
  async #bytesOf(leaves: readonly ColumnMetaData[]): Promise<ColumnBytes> {
    const { access } = this.#file
    const extents = leaves.map(extentOf)
    const from = Math.min(access.bytes, ...extents.map(extent => extent.from))
    return { from, all: await sliceOf(access)(from, Math.max(from, ...extents.map(({ to }) => to))) }
  }

  #checked(leaves: readonly ColumnMetaData[], { from: base, all }: ColumnBytes, rows: number): readonly UnpackNext[] {
    const { library } = this.#file
    const unpacks: UnpackNext[] = []
    for (const leaf of leaves) {
      const { from, to } = extentOf(leaf)
      let node = library.schemaOf(this.#metadata)
      const path = [node]
      for (const name of leaf.path_in_schema) {
        const child = node.children.find(each => each.element.name === name)
        if (child === undefined)
          throw new Error(`a column has the path ${leaf.path_in_schema.join('.')}, which isn’t there`)
        path.push(child)
        node = child
      }
      unpacks.push(checkedPages(new Uint8Array(all, from - base, to - from), leaf, levelsOf(path), rows, library))
    }
    return unpacks
  }
}

function extentOf({ dictionary_page_offset, data_page_offset, total_compressed_size }: ColumnMetaData) {
  const from = dictionary_page_offset || data_page_offset
  return { from: Number(from), to: Number(from + total_compressed_size) }
}

function recordOf(
  columns: readonly OpenColumn[],
  index: number,
  placed: { readonly line: number; readonly offset: number },
  place: InputPlace,
): TableRecord {
  const row = newRow()
  let problem: { readonly code: string; readonly message: string; readonly field: string } | null = null
  for (const column of columns) {
    const { name, take } = column
    try {
      row[name] = take(valueAt(column, index))
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw broken(place, error)
      row[name] = null
      problem ??= { code: error.code, message: `the value of ${name} ${error.message}`, field: name }
    }
  }
  return problem === null ? { kind: 'row', ...placed, row } : { kind: 'reject', ...placed, raw: row, problem }
}

/** Rows are asked for in order. */
function valueAt(column: OpenColumn, index: number): unknown {
  const { pieces } = column
  let piece = pieces[column.at]
  while (piece !== undefined && index >= piece.to) piece = pieces[++column.at]
  return piece?.data[index - piece.from]
}
