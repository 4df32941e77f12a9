/** The table that rows are written to, as the database describes it. */
import type { Database } from '../../databases/database.ts'
import { quotedTable, type TableName } from '../../databases/dialect.ts'
import { type ParamOf, paramFor } from './values.ts'

export interface Table {
  /** By name: how values reach it. In the order of the table. */
  readonly columns: ReadonlyMap<string, ParamOf>
  /** By name: as the database names them. */
  readonly types: ReadonlyMap<string, string>
}

/** null if there is none of that name. @throws DatabaseError */
export async function tableIn(database: Database, name: TableName): Promise<Table | null> {
  const { kind } = database.dialect
  if (!(await isThere(database, name))) return null
  const looked = await database.ask(`SELECT * FROM ${quotedTable(database.dialect, name)} LIMIT 0`)
  const named = await typesIn(database, name)
  const types = new Map(
    // What MariaDB keeps of JSON is a text that it says is JSON.
    looked.columns.map(({ name, type }) => [name, type === 'json' ? type : (named.get(name) ?? type)]),
  )
  return { columns: new Map([...types].map(([column, type]) => [column, paramFor(kind, type)])), types }
}

/** Whether there is a table or a view of that name. Asks no table, so that nothing is wrong with the transaction if there is none. */
export async function isThere(database: Database, name: TableName): Promise<boolean> {
  const { records } = await database.ask(...catalogueOf(database, name, 'table_name'))
  return records.length > 0
}

/** Of MySQL: a table whose engine has no transactions can't be written exactly. Null of others. @throws DatabaseError */
export async function engineWithout(database: Database, name: TableName): Promise<string | null> {
  if (database.dialect.kind !== 'mysql') return null
  const [statement, params] = catalogueOf(database, name, 'engine')
  const { records } = await database.ask(statement, params)
  const engine = records[0]?.[0]
  if (typeof engine !== 'string') return null
  const found = await database.ask('SELECT transactions FROM information_schema.engines WHERE engine = ?', [engine])
  return String(found.records[0]?.[0] ?? 'NO').toUpperCase() === 'YES' ? null : engine
}

type Question = [statement: string, params: string[]]

function catalogueOf({ dialect }: Database, table: TableName, column: string): Question {
  const { kind, placeholder } = dialect
  const name = lastOf(table)
  const schema = table.at(-2)
  if (kind === 'sqlite') {
    const catalogue = dialect.identifier(schema ?? 'main')
    return [
      `SELECT name FROM ${catalogue}.sqlite_schema WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE`,
      [name],
    ]
  }
  if (kind === 'postgres') return ['SELECT 1 WHERE to_regclass($1) IS NOT NULL', [quotedTable(dialect, table)]]
  const here = kind === 'mysql' ? 'DATABASE()' : 'current_schema()'
  const where = `table_name = ${placeholder(1)} AND table_schema = ${schema === undefined ? here : placeholder(2)}`
  return [
    `SELECT ${column} FROM information_schema.tables WHERE ${where}`,
    schema === undefined ? [name] : [name, schema],
  ]
}

/** Of columns whose types an answer doesn't name in full. */
async function typesIn(database: Database, table: TableName): Promise<ReadonlyMap<string, string>> {
  const question = typesQuestion(database, table)
  if (question === null) return new Map()
  const { records } = await database.ask(...question)
  return new Map(records.map(([name, type]) => [String(name), String(type)]))
}

function typesQuestion({ dialect }: Database, table: TableName): Question | null {
  const schema = table.at(-2)
  if (dialect.kind === 'mysql')
    return [
      `SELECT column_name, data_type FROM information_schema.columns
        WHERE table_name = ? AND table_schema = ${schema === undefined ? 'DATABASE()' : '?'}`,
      schema === undefined ? [lastOf(table)] : [lastOf(table), schema],
    ]
  // Of a domain: what it is based on.
  if (dialect.kind === 'postgres')
    return [
      `SELECT a.attname, format_type(CASE WHEN t.typbasetype = 0 THEN t.oid ELSE t.typbasetype END, NULL)
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`,
      [quotedTable(dialect, table)],
    ]
  return null
}

/** The sets of columns that no two rows have alike: of keys and unique indexes, without those of expressions. @throws DatabaseError */
export async function uniqueKeys(database: Database, table: TableName): Promise<readonly ReadonlySet<string>[]> {
  const { records } = await database.ask(...keysQuestion(database, table))
  const keys = Map.groupBy(records, ([index]) => String(index))
  return [...keys.values()].map(each => new Set(each.map(([, column]) => String(column))))
}

function keysQuestion({ dialect }: Database, table: TableName): Question {
  const name = lastOf(table)
  const schema = table.at(-2)
  const named = schema === undefined ? [name] : [name, schema]
  switch (dialect.kind) {
    case 'postgres':
      return [
        `SELECT i.indexrelid::text, a.attname FROM pg_catalog.pg_index i
          JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY((i.indkey::int2[])[0:i.indnkeyatts - 1])
          WHERE i.indisunique AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indrelid = to_regclass($1)`,
        [quotedTable(dialect, table)],
      ]
    case 'mysql':
      return [
        `SELECT index_name, column_name FROM information_schema.statistics WHERE non_unique = 0 AND sub_part IS NULL
          AND table_name = ? AND table_schema = ${schema === undefined ? 'DATABASE()' : '?'}`,
        named,
      ]
    case 'sqlite':
      return [
        `SELECT 'primary key', name FROM pragma_table_info(?1) WHERE pk > 0 UNION ALL
          SELECT l.name, i.name FROM pragma_index_list(?1) l, pragma_index_info(l.name) i WHERE l."unique" AND NOT l.partial`,
        [name],
      ]
    case 'duckdb':
      return [
        `SELECT constraint_index, unnest(constraint_column_names) FROM duckdb_constraints()
          WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE') AND table_name = $1
          AND schema_name = ${schema === undefined ? 'current_schema()' : '$2'}`,
        named,
      ]
  }
}

const lastOf = (table: TableName): string => table.at(-1) ?? ''
