/**
 * The pages of a column, looked at before their values are decoded. The library takes the lengths and counts in them on trust: one flipped
 * bit in a count could fill all memory, or never end.
 *
 * CHECKED-PAGES-1. What decoding makes is bounded by the counts in the file's end, and by the bytes of its pages.
 * CHECKED-PAGES-2. A page with a checksum has it checked.
 */
import type { ColumnMetaData, PageHeader, SchemaTree } from 'hyparquet'
import { zlib } from '../node-on-demand.ts'
import { checkDeltas, checkRuns } from './encoded-runs.ts'
import { type Reader, unpackPage } from './library.ts'

/** Of a page, unpacked: writers make pages of a megabyte or so. */
const MOST_PAGE_BYTES = 512 * 1024 * 1024

/** Unpacks the next page of the column, in the order in which they stand. */
export type UnpackNext = (packed: Uint8Array, bytes: number) => Uint8Array

interface Levels {
  readonly definition: number
  readonly repetition: number
}

interface Page {
  readonly header: PageHeader
  readonly bytes: Uint8Array
}

/** @param path of the leaf, from the root on */
export function levelsOf(path: readonly SchemaTree[]): Levels {
  const kinds = path.slice(1).map(({ element }) => element.repetition_type)
  return {
    definition: kinds.filter(kind => kind !== 'REQUIRED').length,
    repetition: kinds.filter(kind => kind === 'REPEATED').length,
  }
}

/**
 * @param bytes of the column's chunk in a row group
 * @param rows of the row group
 * @throws Error with the reason, also when a page is unpacked
 */
export function checkedPages(
  bytes: Uint8Array,
  chunk: ColumnMetaData,
  levels: Levels,
  rows: number,
  library: Reader,
): UnpackNext {
  const pages = pagesIn(bytes, library)
  const most = levels.repetition === 0 ? rows : Number(chunk.num_values)
  let values = 0
  for (const { header } of pages) values += valuesOf(header)
  if (values > most) throw new Error(`a column has ${values} values, and should have ${most}`)
  for (const page of pages) if (page.header.type === 'DATA_PAGE_V2') checkSecond(page, chunk, levels)
  const packed = pages.filter(({ header }) => header.data_page_header_v2?.is_compressed !== false)
  return (content, length) => {
    const page = packed.shift()
    if (page === undefined) throw new Error('a column has more pages than were found')
    if (!isCount(length, MOST_PAGE_BYTES)) throw new Error(`a page would unpack to ${length} bytes`)
    const plain = unpackPage(library, chunk.codec, content, length)
    if (page.header.type === 'DATA_PAGE') checkFirst(page.header, plain, chunk, levels)
    else if (page.header.data_page_header_v2 !== undefined) checkValues(page.header, plain, 0, chunk)
    return plain
  }
}

/** As the library walks through them. */
function pagesIn(bytes: Uint8Array, { readHeader }: Reader): Page[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const reader = { view, offset: 0 }
  const pages: Page[] = []
  while (reader.offset < bytes.length - 1) {
    const header = readHeader(reader)
    const { compressed_page_size: size, uncompressed_page_size: plain, crc } = header
    if (!isCount(size, bytes.length - reader.offset)) throw new Error(`a page has ${size} bytes, which aren’t there`)
    if (!isCount(plain, MOST_PAGE_BYTES)) throw new Error(`a page would unpack to ${plain} bytes`)
    const content = bytes.subarray(reader.offset, reader.offset + size)
    if (typeof crc === 'number' && zlib().crc32(content) !== crc >>> 0)
      throw new Error('a page isn’t what its checksum says')
    pages.push({ header, bytes: content })
    reader.offset += size
  }
  return pages
}

const isCount = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most

function valuesOf({ type, data_page_header: first, data_page_header_v2: second }: PageHeader): number {
  const header = type === 'DATA_PAGE' ? first : type === 'DATA_PAGE_V2' ? second : { num_values: 0 }
  const { num_values: count } = header ?? {}
  if (!isCount(count, Number.MAX_SAFE_INTEGER)) throw new Error(`a page has ${count} values`)
  return count
}

/** Levels stand before the values, each list of them behind its length. */
function checkFirst(header: PageHeader, plain: Uint8Array, chunk: ColumnMetaData, levels: Levels): void {
  const view = viewOf(plain)
  const values = valuesOf(header)
  let at = 0
  for (const level of [levels.repetition, levels.definition]) {
    if (level === 0) continue
    const length = view.getUint32(at, true)
    checkRuns(view, { from: at + 4, to: plain.length }, bits(level), values)
    at += 4 + length
  }
  checkValues(header, plain, at, chunk)
}

/** Levels stand before what is packed; their lengths are in the header. */
function checkSecond({ header, bytes }: Page, chunk: ColumnMetaData, levels: Levels): void {
  const { data_page_header_v2: second } = header
  if (second === undefined) throw new Error('a page has no header of its kind')
  const {
    repetition_levels_byte_length: repetition,
    definition_levels_byte_length: definition,
    num_nulls: nulls,
  } = second
  const values = valuesOf(header)
  if (!isCount(repetition, bytes.length) || !isCount(definition, bytes.length - repetition))
    throw new Error('a page has levels that aren’t there')
  if (!isCount(nulls, values)) throw new Error(`a page has ${nulls} nulls among ${values} values`)
  const view = viewOf(bytes)
  if (levels.repetition > 0) checkRuns(view, { from: 0, to: bytes.length }, bits(levels.repetition), values)
  if (levels.definition > 0) checkRuns(view, { from: repetition, to: bytes.length }, bits(levels.definition), values)
  if (second.is_compressed === false) checkValues(header, bytes, repetition + definition, chunk)
}

function checkValues(header: PageHeader, plain: Uint8Array, at: number, { type }: ColumnMetaData): void {
  const { data_page_header: first, data_page_header_v2: second } = header
  const encoding = (first ?? second)?.encoding
  const values = valuesOf(header) - (second?.num_nulls ?? 0)
  const view = viewOf(plain)
  if (values === 0 || at >= plain.length) return
  const to = plain.length
  switch (encoding) {
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY':
    case 'RLE':
      if (type === 'BOOLEAN') checkRuns(view, { from: at + 4, to }, 1, values)
      else checkRuns(view, { from: at + 1, to }, width(view.getUint8(at)), values)
      break
    case 'DELTA_BINARY_PACKED':
    case 'DELTA_LENGTH_BYTE_ARRAY':
      checkDeltas(view, { from: at, to }, values)
      break
    case 'DELTA_BYTE_ARRAY':
      checkDeltas(view, { from: checkDeltas(view, { from: at, to }, values), to }, values)
      break
    default:
  }
}

function width(value: number): number {
  if (value <= 32) return value
  throw new Error(`places in a dictionary have ${value} bits`)
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** To hold levels up to this one. */
const bits = (level: number) => 32 - Math.clz32(level)
