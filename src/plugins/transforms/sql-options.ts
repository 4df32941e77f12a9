/** Options of the `sql` transform. */
import { z } from 'zod'
import type { OptionProblem, SecretOption } from '../../sdk/spec.ts'
import {
  addressOf,
  connectionOption,
  connectionProblems,
  connectTimeout,
  millisecondsOf,
  pathOption,
} from '../databases/options.ts'
import { type DatabasePlace, fileOf } from '../databases/place.ts'
import { duration } from '../web/options.ts'
import { byField, fieldName } from './options.ts'

/** After `timeout` the server gives the query up itself, and says so; one that doesn't is silent. */
const LATE_MS = 5_000

export const sqlOptions = z.strictObject({
  database: z.enum(['postgres', 'mysql', 'sqlite', 'duckdb']).describe('What is asked'),
  connection: connectionOption.optional(),
  path: pathOption.optional(),
  query: z
    .string()
    .min(1)
    .describe('One query, with `$1`, `$2` (PostgreSQL, DuckDB) or `?` where the values of `params` stand'),
  params: z
    .array(fieldName)
    .default([])
    .describe('Fields of the row whose values are the query’s parameters, in order'),
  rows: z
    .enum(['one', 'first', 'many'])
    .default('one')
    .describe('`one`: more than one row is an error; `first`: the others are left; `many`: all, as a list in `field`'),
  select: z
    .union([z.array(fieldName).min(1), byField(fieldName)])
    .optional()
    .describe('Columns that become fields, a list or `{column: field}`'),
  field: fieldName.optional().describe('Gets the row as an object; of `many` the list of them'),
  missing: z
    .literal(['error', 'null', null])
    .default('error')
    .describe('What to do if there is no row; `null`: the fields are null. Of `many` the list is empty'),
  most_rows: z.int().min(1).max(10_000).default(1_000).describe('Of `many`: more are an error'),
  cache: z.boolean().default(true).describe('Whether equal parameters are asked once, as long as the process runs'),
  read_only: z
    .boolean()
    .default(true)
    .describe('Of DuckDB: `false` where a sink of the pipeline writes to the same file'),
  service: z.string().min(1).optional().describe('Its name in `limits.services`; the host or the file if absent'),
  timeout: duration.default('30s').describe('For the answer'),
  connect_timeout: connectTimeout,
})
export type SqlOptions = z.output<typeof sqlOptions>

/** `{column: field}` of what is selected. */
export function selected({ select }: SqlOptions): ReadonlyArray<readonly [column: string, field: string]> {
  if (select === undefined) return []
  return Array.isArray(select) ? select.map(name => [name, name] as const) : Object.entries(select)
}

const isServed = (database: SqlOptions['database']): database is 'postgres' | 'mysql' =>
  database === 'postgres' || database === 'mysql'

export function serviceOf({ database, service, connection, path }: SqlOptions): string {
  if (service !== undefined) return service
  return isServed(database) && connection !== undefined ? addressOf(database, connection).host : (path ?? database)
}

/** `folder`: where relative paths start. */
export function placeOf(options: SqlOptions, folder: string): DatabasePlace {
  const { database, connection, path, timeout, connect_timeout, read_only } = options
  if (isServed(database) && connection !== undefined) {
    const statement_ms = millisecondsOf(timeout)
    const timeouts = { connect_ms: millisecondsOf(connect_timeout), statement_ms, silence_ms: statement_ms + LATE_MS }
    return { kind: database, address: addressOf(database, connection), folder, timeouts }
  }
  if (!isServed(database) && path !== undefined) return fileOf(database, path, folder, read_only ? 'read' : 'write')
  throw new TypeError('where the database is was not checked')
}

/** What only a look at several options together can refuse. */
export function sqlOptionProblems(options: SqlOptions, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  const { database, connection, path, rows, select, field } = options
  const problems: OptionProblem[] = []
  const wrong = (option: string, message: string) => problems.push({ path: [option], message })
  if (isServed(database)) {
    if (path !== undefined) wrong('path', `${database} is a server: name its connection`)
    if (connection === undefined) problems.push({ path: [], message: `${database} needs a \`connection\`` })
    else problems.push(...connectionProblems(database, { connection }, secrets))
  } else {
    if (connection !== undefined) wrong('connection', `${database} is a file: name its path`)
    if (path === undefined) problems.push({ path: [], message: `${database} needs a \`path\`` })
  }
  if (!options.read_only && database !== 'duckdb') wrong('read_only', '`read_only` is about DuckDB')
  if (rows === 'many' && (field === undefined || select !== undefined))
    problems.push({ path: ['rows'], message: 'many rows become a list: give `field`, and no `select`' })
  if (field === undefined && select === undefined)
    problems.push({ path: [], message: 'nothing becomes of the answer', hint: 'Give select or field.' })
  const fields = [...selected(options).map(([, name]) => name), ...(field === undefined ? [] : [field])]
  const twice = fields.find((name, i) => fields.indexOf(name) < i)
  if (twice !== undefined) wrong('select', `two values would become the field ${twice}`)
  return problems
}
