/** The query that a source of a database asks, and what should be known of the order of its rows. */
import type { Database } from '../databases/database.ts'
import { quotedTable } from '../databases/dialect.ts'
import { tableOf } from '../databases/options.ts'
import { primaryKey } from '../databases/primary-key.ts'
import type { SqlSourceOptions } from './sql-options.ts'

export interface SqlQuery {
  readonly text: string
  readonly params: ReadonlyArray<string | number | boolean | null>
  /** For people. */
  readonly warnings: readonly string[]
}

/** @throws DatabaseError */
export async function queryOf(database: Database, options: SqlSourceOptions): Promise<SqlQuery> {
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
  const order = key ?? (await primaryKey(database, name))
  const what = columns === undefined ? '*' : quoted(columns)
  const text = `SELECT ${what} FROM ${quotedTable(dialect, name)}`
  return order.length === 0
    ? { text, params, warnings: [unordered(`${name.join('.')} has no primary key, and`)] }
    : { text: `${text} ORDER BY ${quoted(order)}`, params, warnings: [] }
}

const withoutEnd = (query: string) => query.replace(/[\s;]+$/, '')

const isOrdered = (query: string) => /\border\s+by\b/i.test(query)

const unordered = (what: string) =>
  `${what} says nothing of the order of rows: a run that stopped can go on only if they come in the same order again; name a key`
