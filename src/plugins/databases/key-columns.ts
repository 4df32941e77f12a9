/**
 * Columns by which the rows of a table are ordered, and how a value of theirs is kept as a text that the database takes for the same value again.
 *
 * KEY-COLUMNS-1. What a text was made of, and what is made of it, compare as equal in the order of the column. A column of a type for which that isn't
 *     certain has no such texts.
 */
import type { Database, Param } from './database.ts'
import type { TableName } from './dialect.ts'

export interface KeyColumn {
  /** As the table has it. */
  readonly name: string
  readonly is_nullable: boolean
  readonly type: KeyType
}

/** Expressions are of a quoted name, or a placeholder. */
export interface KeyType {
  /** Of a value, its text; of null, null. */
  text(column: string): string
  /** Of what `param` gives, the value. */
  value(placeholder: string): string
  param(text: string): Param
}

/** A column as the database describes it. */
interface Described {
  readonly name: string
  /** In lower case. */
  readonly type: string
  readonly is_nullable: boolean
}

/** Null if one of them isn't there, or has no texts. @throws DatabaseError */
export async function keyColumns(
  database: Database,
  table: TableName,
  names: readonly string[],
): Promise<readonly KeyColumn[] | null> {
  const { kind } = database.dialect
  const described = await describe(database, table)
  const isCalled = (name: string) => (each: Described) =>
    kind === 'postgres' ? each.name === name : each.name.toLowerCase() === name.toLowerCase()
  const columns: KeyColumn[] = []
  for (const called of names) {
    const found = described.find(isCalled(called))
    const type = found === undefined ? null : typeOf(kind, found.type)
    if (found === undefined || type === null) return null
    columns.push({ name: found.name, is_nullable: found.is_nullable, type })
  }
  return columns
}

async function describe(database: Database, table: TableName): Promise<readonly Described[]> {
  const { dialect } = database
  const name = table[table.length - 1] ?? ''
  const schema = table.length > 1 ? [table[table.length - 2] ?? ''] : []
  const quoted = table.map(dialect.identifier).join('.')
  const questions: { readonly [kind in typeof dialect.kind]: readonly [statement: string, ...params: string[]] } = {
    // Of an enum, which has a name of its own, that it is one.
    postgres: [
      `SELECT a.attname, CASE WHEN b.typtype = 'e' THEN 'enum' ELSE b.typname::text END, NOT a.attnotnull
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
        WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`,
      quoted,
    ],
    mysql: [
      `SELECT column_name, column_type, is_nullable = 'YES' FROM information_schema.columns
        WHERE table_name = ? AND table_schema = ${schema.length === 0 ? 'DATABASE()' : '?'}`,
      name,
      ...schema,
    ],
    // A primary key may be null there, unless it is the number of the row.
    sqlite: [
      `SELECT name, type, NOT ("notnull" OR pk > 0 AND upper(type) = 'INTEGER' AND sum(pk > 0) OVER () = 1)
        FROM pragma_table_xinfo(?${schema.length === 0 ? '' : ', ?'})`,
      name,
      ...schema,
    ],
    duckdb: [
      `SELECT column_name, data_type, is_nullable FROM duckdb_columns()
        WHERE table_name = $1 AND schema_name = ${schema.length === 0 ? 'current_schema()' : '$2'}`,
      name,
      ...schema,
    ],
  }
  const [statement, ...params] = questions[dialect.kind]
  const { records } = await database.ask(statement, params)
  return records.map(([column, type, is_nullable]) => ({
    name: String(column),
    type: String(type).toLowerCase(),
    is_nullable: is_nullable === true || is_nullable === 1,
  }))
}

function typeOf(kind: Database['dialect']['kind'], type: string): KeyType | null {
  switch (kind) {
    case 'postgres':
      return POSTGRES_TYPES.has(type) ? POSTGRES : null
    case 'mysql':
      return mysqlType(type)
    case 'sqlite':
      return SQLITE
    case 'duckdb':
      return DUCKDB_TYPES.test(type) ? duckdbType(type) : null
  }
}

/** Of the system catalogue, and of the extension for texts of whatever case. */
const POSTGRES_TYPES: ReadonlySet<string> = new Set([
  ...['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'bool', 'enum', 'uuid', 'bytea'],
  ...['text', 'varchar', 'bpchar', 'name', 'citext'],
  ...['date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval'],
])

/** The server takes a parameter for a value of the column's type, and compares by the column's collation. */
const POSTGRES: KeyType = { text: column => `${column}::text`, value: given => given, param: text => text }

const DUCKDB_TYPES =
  /^(?:u?(?:tiny|small|big|huge)int|u?integer|decimal\(\d+,\s*\d+\)|float|double|boolean|varchar|uuid|blob|date|time|timestamp(?:_s|_ms|_ns)?|timestamp with time zone)$/

/** `type`: one of those above. */
const duckdbType = (type: string): KeyType => ({
  text: column => `CAST(${column} AS VARCHAR)`,
  value: type === 'varchar' ? given => given : given => `CAST(CAST(${given} AS VARCHAR) AS ${type})`,
  param: text => text,
})

/** Texts of a column are compared by its collation, whatever that of the connection is. */
function mysqlType(type: string): KeyType | null {
  const [word = ''] = type.split(/[ (]/)
  const as = (target: string): KeyType => ({
    text: column => `CAST(${column} AS CHAR)`,
    value: given => `CAST(${given} AS ${target})`,
    param: text => text,
  })
  const [decimal] = /^decimal\(\d+,\d+\)/.exec(type) ?? []
  if (decimal !== undefined) return as(decimal)
  switch (word) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
      return as(type.includes('unsigned') ? 'UNSIGNED' : 'SIGNED')
    case 'date':
      return as('DATE')
    case 'datetime':
    case 'timestamp':
      return as('DATETIME(6)')
    case 'time':
      return as('TIME(6)')
    case 'char':
    case 'varchar':
      return { text: column => column, value: given => given, param: text => text }
    case 'binary':
    case 'varbinary':
      return { text: column => `HEX(${column})`, value: given => `UNHEX(${given})`, param: text => text }
    default:
      return null
  }
}

/** Each value has a type of its own there, which stands before it. */
const SQLITE: KeyType = {
  text: column => `typeof(${column}) || ' ' || CASE typeof(${column})
    WHEN 'blob' THEN hex(${column}) WHEN 'real' THEN printf('%!.17g', ${column}) ELSE CAST(${column} AS TEXT) END`,
  value: given => given,
  param(held) {
    const space = held.indexOf(' ')
    const text = held.slice(space + 1)
    switch (held.slice(0, space)) {
      case 'integer':
        return BigInt(text)
      case 'real':
        return Number(text.replace('Inf', 'Infinity'))
      case 'blob':
        return Buffer.from(text, 'hex')
      default:
        return text
    }
  },
}
