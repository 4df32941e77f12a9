/** The `parquet` sink: its options and its description. */
import { z } from 'zod'
import { CustodyError } from '../../model/error.ts'
import type { Json, Row } from '../../model/row.ts'
import type { FieldSchema } from '../../model/schema.ts'
import { defineSink } from '../../sdk/define.ts'
import { ERROR_FIELD, flatErrors, flatNames } from '../../sdk/error-row.ts'
import { rowError } from '../../sdk/results.ts'
import type { FieldRequirement, OptionProblem, RowError, SecretOption, SinkContext } from '../../sdk/spec.ts'
import { missingPeers } from '../peers.ts'
import { bringsRejects, csvColumns } from '../sinks/csv-columns.ts'
import { checkOutput, fileOutput } from '../sinks/file-output.ts'
import type { RowFormat } from '../sinks/file-sink.ts'
import { jsonText } from '../sinks/json-text.ts'
import { immediateOf, maxFilesOption, pathOption, writtenBy } from '../sinks/options.ts'
import { PATH_ERRORS, pathRequirements } from '../sinks/path-template.ts'
import type { Remake } from '../sinks/remade-file.ts'
import { missingForStorage, storageOption } from '../stores/options.ts'
import { WRITER } from './library.ts'
import { madeParquet, type ParquetLayout } from './made-parquet.ts'

const parquetOptions = z.strictObject({
  path: pathOption,
  storage: storageOption,
  if_exists: z
    .enum(['fail', 'replace', 'number'])
    .default('fail')
    .describe('What to do if the file is there: stop, replace it at the end of the run, or take `name-1`'),
  max_files: maxFilesOption,
  columns: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('The fields that are written, in order; else those of the schema, then others as they come'),
  codec: z.enum(['none', 'snappy', 'zstd']).default('snappy').describe('How pages are packed'),
  row_group_rows: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(50_000)
    .describe(
      'Rows in a row group, which is what is in memory when the file is made; fewer where they have more than 64 MB',
    ),
})
type ParquetOptions = z.output<typeof parquetOptions>

class ParquetFormat implements RowFormat {
  readonly #node: string
  /** Null: all fields are written. */
  readonly #named: ReadonlySet<string> | null
  readonly #layout: ParquetLayout

  constructor(node: string, named: ReadonlySet<string> | null, layout: ParquetLayout) {
    this.#node = node
    this.#named = named
    this.#layout = layout
  }

  begin(_state: Json, _existing: unknown, staged: boolean): void {
    if (staged) return
    throw new CustodyError('CUSTODY_SINK', 'a Parquet file can’t be written to a pipe or a device', {
      where: { node: this.#node },
      hint: 'Name a file: it is made when all its rows are there.',
    })
  }

  row(given: Row): string | RowError {
    const row = given[ERROR_FIELD] === undefined ? given : flatErrors(given)
    const named = this.#named
    const unknown = named === null ? undefined : Object.keys(row).find(field => !named.has(field))
    if (unknown === undefined) return `${jsonText(row)}\n`
    return rowError('COLUMN_UNKNOWN', `the field ${JSON.stringify(unknown)} has no column`, { field: unknown })
  }

  end(): string {
    return ''
  }

  state(): Json {
    return null
  }

  remake(): Remake {
    return staged => madeParquet(staged, this.#layout)
  }
}

function formats(options: ParquetOptions, { node, input }: SinkContext): () => RowFormat {
  const { columns, codec, row_group_rows } = options
  const fields: ReadonlyMap<string, FieldSchema> = input.fields
  const known = input.closed && fields.size > 0 ? csvColumns(fields.keys(), bringsRejects(fields)) : []
  const layout = { columns: columns ?? known, fields, codec, group_rows: row_group_rows }
  return () => new ParquetFormat(node, columns === undefined ? null : new Set(columns), layout)
}

function check(options: ParquetOptions, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  const problems = [...checkOutput(options, secrets)]
  if (options.path === '-')
    problems.push({
      path: ['path'],
      message: 'a Parquet file can’t be written to standard output',
      hint: 'Name a file.',
    })
  if (new Set(options.columns).size < (options.columns?.length ?? 0))
    problems.push({ path: ['columns'], message: 'a field stands twice' })
  return problems
}

/** A column that no row fills isn't wrong. */
function requires({ path, columns = [] }: ParquetOptions): readonly FieldRequirement[] {
  const own = columns.map((field, i) => ({ field, optional: true, path: ['columns', i] }))
  return [...pathRequirements(path), ...own.filter(({ field }) => !flatNames().includes(field))]
}

export const parquetSink = defineSink({
  name: 'parquet',
  summary: 'Writes a Parquet file, one row per record',
  description: [
    'The types of columns are those that the plan knows and the rows have: `integer` is INT64, `number` DOUBLE, `decimal` and `big_integer` DECIMAL with',
    'the digits that its values need (texts, if they need more than 38), `format: date` DATE, `format: date-time` TIMESTAMP in microseconds, with or without UTC',
    'as the texts say it. Lists and objects are lists and groups. Where values of a column have no type in common it is JSON, and where they are',
    'dates and others, texts. All columns may be null.',
    '',
    'Rows are staged beside the target, durably at each commit, and the file is made from them at the end of the run: the same rows make the same',
    'bytes. Of a row that met an error `error_code`, `error_node`, `error_field` and `error_message` stand in place of `_error`.',
  ].join('\n'),
  options: parquetOptions,
  determinism: 'deterministic',
  errors: { COLUMN_UNKNOWN: 'The row has a field that `columns` doesn’t name.', ...PATH_ERRORS },
  check,
  requires,
  immediate: immediateOf,
  writes: writtenBy,
  examples: [
    { title: 'A new file', options: { path: 'out/approved.parquet' } },
    {
      title: 'Packed with Zstandard, a file for each region',
      options: { path: 'out/{{ row.region }}.parquet', codec: 'zstd' },
      rows_in: [
        { region: 'north', id: 1, tags: ['a', 'b'], place: { lat: 1.5, lon: 2 } },
        { region: 'south', id: 2, tags: [], place: null },
        { region: 'north', id: 3, tags: null, place: { lat: null, lon: 4.25 } },
      ],
    },
  ],
  ...fileOutput<ParquetOptions>({ appendable: () => false, formats }),
  missing: options => missingPeers(['path'], WRITER) ?? missingForStorage(options),
})
