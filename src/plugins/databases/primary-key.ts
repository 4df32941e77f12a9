/** The columns of a table's primary key, in its order. */
import type { Database } from './database.ts'
import type { TableName } from './dialect.ts'

/** None of a table without one, of a view, and of a table that isn't there: asking for its rows says so. @throws DatabaseError */
export async function primaryKey(database: Database, table: TableName): Promise<readonly string[]> {
  const { statement, params } = questionOf(database, table)
  const { records } = await database.ask(statement, params)
  return records.map(([column]) => String(column))
}

function questionOf(
  { dialect }: Database,
  table: TableName,
): { readonly statement: string; readonly params: string[] } {
  const name = table[table.length - 1] ?? ''
  const schema = table.length > 1 ? [table[table.length - 2] ?? ''] : []
  switch (dialect.kind) {
    case 'postgres':
      return {
        statement: `SELECT a.attname FROM pg_catalog.pg_index i
          CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
          WHERE i.indisprimary AND i.indrelid = to_regclass($1) ORDER BY k.place`,
        params: [table.map(dialect.identifier).join('.')],
      }
    case 'mysql':
      return {
        statement: `SELECT column_name FROM information_schema.statistics WHERE index_name = 'PRIMARY' AND table_name = ?
          AND table_schema = ${schema.length === 0 ? 'DATABASE()' : '?'} ORDER BY seq_in_index`,
        params: [name, ...schema],
      }
    case 'sqlite':
      return {
        statement: `SELECT name FROM pragma_table_info(?${schema.length === 0 ? '' : ', ?'}) WHERE pk > 0 ORDER BY pk`,
        params: [name, ...schema],
      }
    case 'duckdb':
      return {
        statement: `SELECT unnest(constraint_column_names) FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'
          AND table_name = $1 AND schema_name = ${schema.length === 0 ? 'current_schema()' : '$2'}`,
        params: [name, ...schema],
      }
  }
}
