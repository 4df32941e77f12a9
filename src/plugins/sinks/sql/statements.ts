/** The statements by which rows are written. */
import { type Dialect, quotedTable, type TableName } from '../../databases/dialect.ts'

export interface Target {
  readonly table: TableName
  readonly mode: 'append' | 'insert' | 'upsert'
  /** Columns; empty for `append`. */
  readonly key: readonly string[]
}

/** `rows` rows in one statement, values row by row in the order of `columns`. A row without any column has all defaults. */
export function insertStatement(dialect: Dialect, target: Target, columns: readonly string[], rows: number): string {
  const into = `INSERT INTO ${quotedTable(dialect, target.table)}`
  if (columns.length === 0) return dialect.kind === 'mysql' ? `${into} () VALUES ()` : `${into} DEFAULT VALUES`
  let position = 0
  const row = () => `(${columns.map(() => dialect.placeholder(++position)).join(', ')})`
  const values = Array.from({ length: rows }, row).join(', ')
  const upsert = target.mode === 'upsert' ? ` ${onConflict(dialect, target.key, columns)}` : ''
  return `${into} (${columns.map(dialect.identifier).join(', ')}) VALUES ${values}${upsert}`
}

export function onConflict({ kind, identifier }: Dialect, key: readonly string[], columns: readonly string[]): string {
  const others = columns.filter(column => !key.includes(column)).map(identifier)
  if (kind === 'mysql') {
    const set =
      others.length > 0
        ? others.map(each => `${each} = VALUES(${each})`)
        : key.map(identifier).map(each => `${each} = ${each}`)
    return `ON DUPLICATE KEY UPDATE ${set.join(', ')}`
  }
  const found = `ON CONFLICT (${key.map(identifier).join(', ')}) DO`
  if (others.length === 0) return `${found} NOTHING`
  return `${found} UPDATE SET ${others.map(each => `${each} = excluded.${each}`).join(', ')}`
}

/** How many rows with so many columns fit into one statement. */
export function mostRows({ kind, most_params }: Dialect, columns: number): number {
  if (columns === 0) return 1
  const most = Math.floor(most_params / columns)
  return Math.max(1, kind === 'duckdb' ? Math.min(most, DUCKDB_ROWS) : most)
}

/** What its statements take beyond that gets no cheaper, and all of them are written again where one is refused. */
const DUCKDB_ROWS = 1000
