/** The `parquet` source: its options and its description. */
import type { AsyncBuffer, DecodedArray, FileMetaData, SchemaTree } from 'hyparquet'
import { z } from 'zod'
import { isCustodyError } from '../../model/error.ts'
import { counted } from '../../model/number-text.ts'
import { newRow } from '../../model/row.ts'
import { defineSource } from '../../sdk/define.ts'
import type { MissingPackages, OptionProblem, PluginContext, SecretOption } from '../../sdk/spec.ts'
import { missingPeers } from '../peers.ts'
import { type InputPlace, inputName, type RandomAccess, sourceError } from '../sources/byte-reader.ts'
import { foreignInput } from '../sources/foreign-input.ts'
import { ADDED_ERRORS } from '../sources/one-file.ts'
import { openFiles } from '../sources/open-files.ts'
import { checkFileOptions, fieldsAdded, fileOptions, filesNamed, isReadable } from '../sources/options.ts'
import { type OpenTable, type TableFormat, type TableRecord, TableSource } from '../sources/table-source.ts'
import { missingForStorage } from '../stores/options.ts'
import { rawSchema, type TakeValue, VALUE_ERRORS, ValueProblem } from './leaf-values.ts'
import { READER, UNPACKERS } from './library.ts'
import { takeValue } from './nested-values.ts'

const parquetOptions = z.strictObject({
  ...fileOptions,
  columns: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('The columns that are read, in this order; others aren’t even unpacked. If absent all'),
  not_finite: z
    .enum(['reject', 'null'])
    .default('reject')
    .describe('What NaN and infinite numbers are: a reason to reject their record, or null'),
})
type ParquetOptions = z.infer<typeof parquetOptions>

/** Records in one chunk. */
const MOST = 512
const MAGIC = 'PAR1'
const ENCRYPTED = 'PARE'

interface OpenColumn {
  readonly name: string
  readonly take: TakeValue
}

class ParquetFormat implements TableFormat {
  readonly errors = VALUE_ERRORS
  readonly #options: ParquetOptions

  constructor(options: ParquetOptions) {
    this.#options = options
  }

  async open(access: RandomAccess, place: InputPlace): Promise<OpenTable> {
    await refuseOther(access, place)
    const { parquetMetadataAsync, parquetSchema } = await import('hyparquet')
    const file: AsyncBuffer = {
      byteLength: access.bytes,
      slice: (from, to) => sliceOf(access, from, to ?? access.bytes),
    }
    try {
      const metadata = await parquetMetadataAsync(file, { geoparquet: false })
      const columns = this.#columns(parquetSchema(metadata).children, place)
      const raw = { ...metadata, schema: rawSchema(metadata.schema) }
      const groups = new RowGroups(file, raw, columns, place)
      return {
        columns: columns.map(({ name }) => ({ field: name, header: name })),
        warnings: [],
        records: skip => groups.records(skip),
        close: async () => undefined,
      }
    } catch (error) {
      throw isCustodyError(error) ? error : broken(place, error)
    }
  }

  #columns(all: readonly SchemaTree[], place: InputPlace): readonly OpenColumn[] {
    const found = new Map(all.map(node => [node.element.name, node]))
    return (this.#options.columns ?? [...found.keys()]).map(name => {
      const node = found.get(name)
      if (node === undefined)
        throw sourceError(
          place,
          `${inputName(place)} has no column ${name}`,
          `Its columns are ${[...found.keys()].join(', ')}.`,
        )
      return { name, take: takeValue(node, this.#options) }
    })
  }
}

async function refuseOther(access: RandomAccess, place: InputPlace): Promise<void> {
  const [first, last] = [await access.read(0, 4), await access.read(Math.max(0, access.bytes - 4), 4)]
  if (first.toString('latin1') === ENCRYPTED || last.toString('latin1') === ENCRYPTED)
    throw foreignInput(place, { what: 'is an encrypted Parquet file', hint: 'Write it without encryption first.' })
  if (first.toString('latin1') !== MAGIC)
    throw foreignInput(place, { what: 'is no Parquet file', hint: 'Read it with the plugin for what it is.' })
  if (last.toString('latin1') !== MAGIC || access.bytes < 12) throw broken(place, new Error('it has no end'))
}

async function sliceOf(access: RandomAccess, from: number, to: number): Promise<ArrayBuffer> {
  const bytes = await access.read(from, to - from)
  // A buffer of its own, from its beginning on.
  const copy = new ArrayBuffer(bytes.length)
  new Uint8Array(copy).set(bytes)
  return copy
}

function broken(place: InputPlace, error: unknown) {
  const reason = error instanceof Error ? error.message.replace(/^parquet /, '') : String(error)
  return sourceError(
    place,
    `${inputName(place)} can’t be read as a Parquet file: ${reason}`,
    'Is the file whole?',
    error,
  )
}

/** Values of a column in a row group, in the pieces that they come in. */
interface Piece {
  readonly from: number
  readonly to: number
  readonly data: DecodedArray
}

/** A row group at a time is in memory: of its columns those that are read. */
class RowGroups {
  readonly #file: AsyncBuffer
  readonly #metadata: FileMetaData
  readonly #columns: readonly OpenColumn[]
  readonly #place: InputPlace

  constructor(file: AsyncBuffer, metadata: FileMetaData, columns: readonly OpenColumn[], place: InputPlace) {
    this.#file = file
    this.#metadata = metadata
    this.#columns = columns
    this.#place = place
  }

  async *records(skip: number): AsyncGenerator<readonly TableRecord[]> {
    let start = 0
    for (const { num_rows } of this.#metadata.row_groups) {
      const end = start + Number(num_rows)
      if (end > skip && end > start) yield* this.#group(start, end, Math.max(skip, start))
      start = end
    }
  }

  async *#group(start: number, end: number, from: number): AsyncGenerator<readonly TableRecord[]> {
    const read = await this.#read(start, end)
    const total = Math.max(1, Number(this.#metadata.num_rows))
    for (let at = from; at < end; at += MOST) {
      const records: TableRecord[] = []
      for (let row = at; row < Math.min(end, at + MOST); row++) {
        const offset = Math.floor(((row + 1) / total) * this.#file.byteLength)
        records.push(this.#record(read, row, { line: row + 1, offset }))
      }
      yield records
    }
  }

  async #read(start: number, end: number): Promise<ReadonlyMap<string, readonly Piece[]>> {
    const { parquetRead } = await import('hyparquet')
    const pieces = new Map<string, Piece[]>(this.#columns.map(({ name }) => [name, []]))
    try {
      await parquetRead({
        file: this.#file,
        metadata: this.#metadata,
        compressors: UNPACKERS,
        columns: this.#columns.map(({ name }) => name),
        rowStart: start,
        rowEnd: end,
        utf8: false,
        geoparquet: false,
        parsers: { timestampFromNanoseconds: nanos => nanos },
        onChunk: ({ columnName, columnData, rowStart, rowEnd }) => {
          pieces.get(columnName)?.push({ from: rowStart, to: rowEnd, data: columnData })
        },
      })
    } catch (error) {
      throw isCustodyError(error) ? error : broken(this.#place, error)
    }
    for (const [name, found] of pieces) {
      const rows = found.reduce((sum, { from, to }) => sum + to - from, 0)
      if (rows < end - start)
        throw broken(this.#place, new Error(`its column ${name} has ${counted(rows, 'row')} of ${end - start}`))
    }
    return pieces
  }

  #record(
    read: ReadonlyMap<string, readonly Piece[]>,
    index: number,
    placed: { line: number; offset: number },
  ): TableRecord {
    const row = newRow()
    let problem: { readonly code: string; readonly message: string; readonly field: string } | null = null
    for (const { name, take } of this.#columns) {
      const piece = read.get(name)?.find(({ from, to }) => index >= from && index < to)
      try {
        row[name] = take(piece?.data[index - piece.from])
      } catch (error) {
        if (!(error instanceof ValueProblem)) throw error
        row[name] = null
        problem ??= { code: error.code, message: `the value of ${name} ${error.message}`, field: name }
      }
    }
    return problem === null ? { kind: 'row', ...placed, row } : { kind: 'reject', ...placed, raw: row, problem }
  }
}

function check(options: ParquetOptions, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  const problems = [...checkFileOptions(options, secrets)]
  if (new Set(options.columns).size < (options.columns?.length ?? 0))
    problems.push({ path: ['columns'], message: 'a column stands twice' })
  return problems
}

const missing = (options: ParquetOptions): MissingPackages | null =>
  missingPeers(['path'], READER) ?? missingForStorage(options)

export const parquetSource = defineSource({
  name: 'parquet',
  summary: 'Reads a Parquet file, one row per record',
  description: [
    'Values are what rows can hold, without loss: integers beyond 2^53 and decimals are texts (declare such fields as `big_integer` or',
    '`decimal`), dates, times and timestamps are ISO 8601 texts (`2026-01-31T14:05:00.25Z`; without the `Z` where the file has them without a',
    'zone, as INT96 always is), UUIDs texts, JSON columns values, other bytes base64. Lists, groups and maps are lists and objects.',
    '',
    'A row group is read at a time, of it the columns in `columns` only, and is what has to fit into memory. Files packed with Snappy, gzip,',
    'Brotli, Zstandard and LZ4 are read. A record’s line is its number in the file. The file is hashed as a whole: its hash on record is that of all',
    'its bytes. A resumed run skips row groups that were read.',
  ].join('\n'),
  options: parquetOptions,
  determinism: 'deterministic',
  errors: { ...VALUE_ERRORS, ...ADDED_ERRORS },
  examples: [
    { title: 'A file beside the pipeline', options: { path: 'data/trips.parquet' } },
    {
      title: 'Two columns of many files',
      options: { path: 'trips/*.parquet', columns: ['id', 'fare'], path_field: 'file' },
    },
  ],
  check,
  missing,
  rereadable: isReadable,
  reads: filesNamed,
  textual: false,
  adds: fieldsAdded,
  create(options: ParquetOptions, context: PluginContext) {
    const format = new ParquetFormat(options)
    return openFiles(options, context, (place, settings) => new TableSource(place, format, settings))
  },
})
