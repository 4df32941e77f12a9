/** Options of the sources that read databases. */
import { z } from 'zod'
import type { OptionProblem, SecretOption } from '../../sdk/spec.ts'
import type { DatabaseKind } from '../databases/dialect.ts'
import {
  addressOf,
  connectionOption,
  connectionProblems,
  connectTimeout,
  millisecondsOf,
  pathOption,
  tableOption,
} from '../databases/options.ts'
import { type DatabasePlace, fileOf } from '../databases/place.ts'
import { duration } from '../web/options.ts'

const names = z.array(z.string().min(1)).min(1)

/** What is read. */
const readOptions = {
  table: tableOption.optional(),
  query: z
    .string()
    .min(1)
    .optional()
    .describe('A query instead of a table; `ORDER BY` in it, or `key`, says in which order its rows come'),
  params: z
    .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .optional()
    .describe('Values of the query’s parameters, in order: `$1`, `$2` of PostgreSQL and DuckDB, `?` of the others'),
  columns: names.optional().describe('Which columns of the table are read; all if absent'),
  key: names
    .optional()
    .describe('The columns by which rows are ordered, and which tell them apart; the primary key of a table if absent'),
}

const RECONNECT = duration
  .default('1m')
  .describe('How long a connection that is cut is tried again, from the last row on; reading continues behind it')

const served = {
  connection: connectionOption,
  ...readOptions,
  connect_timeout: connectTimeout,
  answer_timeout: duration
    .default('10m')
    .describe('How long the server may say nothing, while it sorts for example; then the connection counts as cut'),
  reconnect: RECONNECT,
}

export const SERVED = z.strictObject(served)
export const SQLITE_FILE = z.strictObject({ path: pathOption, ...readOptions })
export const DUCKDB_FILE = z.strictObject({
  path: pathOption,
  ...readOptions,
  read_only: z.boolean().default(true).describe('`false` where a sink of the same pipeline writes to the same file'),
})

export type ServedOptions = z.output<typeof SERVED>
export type FileDatabaseOptions = z.output<typeof SQLITE_FILE> & { readonly read_only?: boolean }
export type SqlSourceOptions = ServedOptions | FileDatabaseOptions

/** What only a look at several options together can refuse. */
export function sqlProblems(
  kind: DatabaseKind,
  options: SqlSourceOptions,
  secrets: readonly SecretOption[],
): readonly OptionProblem[] {
  const { table, query, params, columns, key = [] } = options
  const problems: OptionProblem[] = []
  if ('connection' in options && (kind === 'postgres' || kind === 'mysql'))
    problems.push(...connectionProblems(kind, options, secrets))
  if ((table === undefined) === (query === undefined))
    problems.push({ path: [], message: 'it reads a `table` or a `query`, one of them' })
  if (query === undefined && params !== undefined)
    problems.push({ path: ['params'], message: '`params` are those of a `query`, and there is none' })
  if (table === undefined && columns !== undefined)
    problems.push({ path: ['columns'], message: '`columns` are those of a `table`: name them in the query' })
  for (const [option, list] of Object.entries({ key, columns: columns ?? [] }))
    for (const [i, name] of list.entries())
      if (list.indexOf(name) < i) problems.push({ path: [option, i], message: `${name} stands twice` })
  return problems
}

/** Whether options alone say that what they read can't be cut. */
export function isUncut(options: SqlSourceOptions): boolean {
  // A file of DuckDB that is open for writing can't be opened by another process.
  return options.table === undefined || ('read_only' in options && options.read_only === false)
}

/** `folder`: where relative paths start. */
export function placeFrom(kind: DatabaseKind, options: SqlSourceOptions, folder: string): DatabasePlace {
  if ('connection' in options && (kind === 'postgres' || kind === 'mysql')) {
    const { connection, connect_timeout, answer_timeout } = options
    const connect_ms = millisecondsOf(connect_timeout)
    const timeouts = { connect_ms, statement_ms: null, silence_ms: millisecondsOf(answer_timeout) }
    return { kind, address: addressOf(kind, connection), folder, timeouts }
  }
  if ('path' in options && (kind === 'sqlite' || kind === 'duckdb'))
    return fileOf(kind, options.path, folder, options.read_only === false ? 'write' : 'read')
  throw new TypeError(`options of another database than ${kind}`)
}
