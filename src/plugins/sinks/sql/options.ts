/** Options of the sinks that write tables. */
import { resolve } from 'node:path'
import { z } from 'zod'
import type { RowSchema } from '../../../model/schema.ts'
import type { FieldRequirement, OptionProblem, SecretOption, SendBatch } from '../../../sdk/spec.ts'
import { addressFrom, isAddress } from '../../databases/address.ts'
import type { DatabaseKind } from '../../databases/dialect.ts'
import {
  addressOf,
  connectionOption,
  connectionProblems,
  connectTimeout,
  millisecondsOf,
  pathOption,
  tableOption,
} from '../../databases/options.ts'
import type { DatabasePlace } from '../../databases/place.ts'
import { duration } from '../../web/options.ts'
import { columnNames } from './columns.ts'

const name = z.string().min(1)
/** How long a server may say nothing to a statement that writes at most a few thousand rows. */
const ANSWER_MS = 300_000

const written = {
  table: tableOption,
  mode: z
    .enum(['append', 'insert', 'upsert'])
    .default('append')
    .describe(
      '`append`: each row is added; `insert`: one whose `key` is there already is refused; `upsert`: it takes that one’s place',
    ),
  key: z
    .array(name)
    .min(1)
    .optional()
    .describe(
      'Columns by which `insert` and `upsert` find a row that is there; the table needs a key or unique index of them',
    ),
  columns: z
    .union([z.array(name).min(1), z.record(name, name)])
    .optional()
    .describe('Which fields are written, or `{field: column}`; absent: all fields, to columns of their names'),
  create: z
    .enum(['never', 'if_missing'])
    .default('never')
    .describe('`if_missing`: a table that isn’t there is made, with columns as the row’s schema or `columns` say'),
  batch: z
    .strictObject({
      rows: z.int().min(1).max(2000).default(1000).describe('How many rows are written in one transaction, at most'),
      wait: duration.default('1s').describe('How long a row waits for others at most'),
    })
    .default({ rows: 1000, wait: '1s' })
    .describe('Rows that are written in one transaction'),
  receipts: tableOption
    .optional()
    .describe('The table for receipts; `custody_receipts`, in the schema of `table`, if absent'),
}

export const SERVED_TABLE = z.strictObject({
  connection: connectionOption,
  ...written,
  connect_timeout: connectTimeout,
})
export const FILE_TABLE = z.strictObject({ path: pathOption, ...written })

export type ServedTableOptions = z.output<typeof SERVED_TABLE>
export type FileTableOptions = z.output<typeof FILE_TABLE>
export type SqlSinkOptions = ServedTableOptions | FileTableOptions

export const batchOf = ({ batch }: SqlSinkOptions): SendBatch => ({
  rows: batch.rows,
  wait_ms: millisecondsOf(batch.wait),
})

/** `folder`: where relative paths start. */
export function placeOf(kind: DatabaseKind, options: SqlSinkOptions, folder: string): DatabasePlace {
  if ('connection' in options && (kind === 'postgres' || kind === 'mysql')) {
    const timeouts = { connect_ms: millisecondsOf(options.connect_timeout), statement_ms: null, silence_ms: ANSWER_MS }
    return { kind, address: addressOf(kind, options.connection), folder, timeouts }
  }
  if ('path' in options && (kind === 'sqlite' || kind === 'duckdb'))
    return { kind, path: resolve(folder, options.path), shown: options.path, access: 'write' }
  throw new TypeError(`options of another database than ${kind}`)
}

/** The service, as `limits.services` knows it: the server's host, or the file's path. */
export function serviceOf(kind: DatabaseKind, options: SqlSinkOptions): string {
  if ('path' in options) return options.path
  const address = kind === 'postgres' || kind === 'mysql' ? addressFrom(kind, options.connection) : null
  // What is wrong with a connection is reported where options are checked.
  return address !== null && isAddress(address) ? address.host : kind
}

export function sqlSinkProblems(
  kind: DatabaseKind,
  options: SqlSinkOptions,
  secrets: readonly SecretOption[],
): readonly OptionProblem[] {
  const { mode, key, columns } = options
  const problems: OptionProblem[] = []
  if ('connection' in options && (kind === 'postgres' || kind === 'mysql'))
    problems.push(...connectionProblems(kind, options, secrets))
  if (mode === 'append' && key !== undefined)
    problems.push({ path: ['key'], message: '`append` looks at no key', hint: 'write `mode: insert` or `upsert`' })
  if (mode !== 'append' && key === undefined)
    problems.push({
      path: ['mode'],
      message: `\`${mode}\` needs a \`key\``,
      hint: 'name the columns that tell rows apart',
    })
  const names = columnNames(columns)
  if (names === null) return problems
  const seen = new Set<string>()
  for (const [field, column] of names) {
    if (seen.has(column))
      problems.push({ path: ['columns'], message: `two fields are written to the column ${column}` })
    seen.add(column)
    if (field === '') problems.push({ path: ['columns'], message: 'a field has no name' })
  }
  for (const [i, column] of (key ?? []).entries())
    if (!seen.has(column))
      problems.push({ path: ['key', i], message: `the key has ${column}, and \`columns\` writes no such column` })
  return problems
}

export function inputProblems({ columns, create }: SqlSinkOptions, { fields }: RowSchema): readonly OptionProblem[] {
  if (create === 'never' || columns !== undefined || fields.size > 0) return []
  return [
    {
      path: ['create'],
      message: 'which columns the table is to have isn’t known',
      hint: 'declare the rows’ schema, or write `columns`',
    },
  ]
}

/** What it needs of a row: the fields of its key. */
export function requiredFields({ key = [], columns }: SqlSinkOptions): readonly FieldRequirement[] {
  const fieldOf = fieldsOf(columns)
  const listed = [...(columnNames(columns)?.keys() ?? [])].map(field => ({ field, optional: true, path: ['columns'] }))
  return [...key.map((column, i) => ({ field: fieldOf(column), path: ['key', i] })), ...listed]
}

/** The fields of its key; null: each row is added, whatever is there. */
export function keyFields({ key, columns }: SqlSinkOptions): readonly string[] | null {
  return key?.map(fieldsOf(columns)) ?? null
}

function fieldsOf(columns: SqlSinkOptions['columns']): (column: string) => string {
  const fields = new Map([...(columnNames(columns) ?? [])].map(([field, column]) => [column, field]))
  return column => fields.get(column) ?? column
}
