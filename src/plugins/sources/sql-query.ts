/** The query that a source of a database asks, and what should be known of the order of its rows. */
import type { Database, Param } from '../databases/database.ts'
import { quotedTable } from '../databases/dialect.ts'
import type { Condition } from '../databases/key-range.ts'
import { tableOf } from '../databases/options.ts'
import { primaryKey } from '../databases/primary-key.ts'
import type { SqlSourceOptions } from './sql-options.ts'

export interface SqlQuery {
  readonly text: string
  readonly params: readonly Param[]
  /** For people. */
  readonly warnings: readonly string[]
}

/** `where`: which rows of a table. @throws DatabaseError */
export async function queryOf(
  database: Database,
  options: SqlSourceOptions,
  where: Condition | null,
): Promise<SqlQuery> {
  const { dialect } = database
  const { table, query, params = [], columns, key } = options
  const quoted = (names: readonly string[]) => names.map(dialect.identifier).join(', ')
  if (table === undefined) {
    const text = withoutEnd(query ?? '')
    if (key === undefined) return { text, params, warnings: isOrdered(text) ? [] : [unordered('the query')] }
    // What the query ends with may be a comment.
    return { text: `SELECT * FROM (${text}\n) AS custody_rows ORDER BY ${quoted(key)}`, params, warnings: [] }
  }
  const name = tableOf(table)
  const order = await orderOf(database, options)
  const what = columns === undefined ? '*' : quoted(columns)
  const condition = where === null ? '' : ` WHERE ${where.text}`
  const text = `SELECT ${what} FROM ${quotedTable(dialect, name)}${condition}`
  const given = where?.params ?? []
  return order.length === 0
    ? { text, params: given, warnings: [unordered(`${name.join('.')} has no primary key, and`)] }
    : { text: `${text} ORDER BY ${quoted(order)}`, params: given, warnings: [] }
}

/** The columns by which a table is read; none if it has no order. @throws DatabaseError */
export async function orderOf(database: Database, { table, key }: SqlSourceOptions): Promise<readonly string[]> {
  if (table === undefined) return []
  return key ?? (await primaryKey(database, tableOf(table)))
}

const withoutEnd = (query: string) => query.replace(/[\s;]+$/, '')

const isOrdered = (query: string) => /\border\s+by\b/i.test(query)

const unordered = (what: string) =>
  `${what} says nothing of the order of rows: a run that stopped can go on only if they come in the same order again; name a key`
