/** The `parquet` source: its options and its description. */
import type { SchemaTree } from 'hyparquet'
import { z } from 'zod'
import { isCustodyError } from '../../model/error.ts'
import { defineSource } from '../../sdk/define.ts'
import type { MissingPackages, OptionProblem, PluginContext, SecretOption } from '../../sdk/spec.ts'
import { missingPeers } from '../peers.ts'
import { type InputPlace, inputName, type RandomAccess, sourceError } from '../sources/byte-reader.ts'
import { foreignInput } from '../sources/foreign-input.ts'
import { ADDED_ERRORS, type MakeFileSource } from '../sources/one-file.ts'
import { openFiles } from '../sources/open-files.ts'
import { checkFileOptions, fieldsAdded, fileOptions, filesNamed, isOnePacked, isReadable } from '../sources/options.ts'
import { type OpenTable, type TableFormat, TableSource } from '../sources/table-source.ts'
import { missingForStorage } from '../stores/options.ts'
import { VALUE_ERRORS } from './leaf-values.ts'
import { loadReader, READER } from './library.ts'
import { takeValue } from './nested-values.ts'
import { broken, metadataOf, partsOf, RowGroups, type WantedColumn } from './row-groups.ts'

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

const MAGIC = 'PAR1'
const ENCRYPTED = 'PARE'

class ParquetFormat implements TableFormat {
  readonly errors = VALUE_ERRORS
  readonly is_sparing = true
  readonly #options: ParquetOptions

  constructor(options: ParquetOptions) {
    this.#options = options
  }

  async open(access: RandomAccess, place: InputPlace): Promise<OpenTable> {
    await refuseOther(access, place)
    const library = await loadReader()
    try {
      const { metadata, sha256 } = await metadataOf(access, library)
      const parts = partsOf(metadata, access.bytes)
      const columns = this.#columns(library.schemaOf(metadata).children, place)
      const groups = new RowGroups({ access, library, place }, metadata, columns, parts)
      return {
        columns: columns.map(({ name }) => ({ field: name, header: name })),
        warnings: [],
        layout: parts === null ? null : { parts, sha256 },
        records: (skip, until) => groups.records(skip, until),
        close: async () => undefined,
      }
    } catch (error) {
      throw isCustodyError(error) ? error : broken(place, error)
    }
  }

  #columns(all: readonly SchemaTree[], place: InputPlace): readonly WantedColumn[] {
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

function check(options: ParquetOptions, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  const problems = [...checkFileOptions(options, secrets)]
  if (new Set(options.columns).size < (options.columns?.length ?? 0))
    problems.push({ path: ['columns'], message: 'a column stands twice' })
  return problems
}

const missing = (options: ParquetOptions): MissingPackages | null =>
  missingPeers(['path'], READER) ?? missingForStorage(options)

/** Of one file. */
export function parquetFile(options: ParquetOptions): MakeFileSource {
  const format = new ParquetFormat(options)
  return (place, settings) => new TableSource(place, format, settings)
}

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
    'its bytes. A resumed run skips row groups that were read. Splits have row groups of it each, and the hash of what they have.',
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
  uncut: isOnePacked,
  reads: filesNamed,
  textual: false,
  adds: fieldsAdded,
  create(options: ParquetOptions, context: PluginContext) {
    return openFiles(options, context, parquetFile(options))
  },
})
