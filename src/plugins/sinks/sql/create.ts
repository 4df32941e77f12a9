/** A table for rows whose schema is known. */
import { exactType, type FieldSchema, type JsonSchema, type RowSchema } from '../../../model/schema.ts'
import { type DatabaseKind, type Dialect, quotedTable } from '../../databases/dialect.ts'
import type { Target } from './statements.ts'

type Held = 'integer' | 'number' | 'boolean' | 'decimal' | 'big_integer' | 'text' | 'json'

const TYPES: { readonly [kind in DatabaseKind]: { readonly [held in Held]: string } } = {
  postgres: {
    integer: 'bigint',
    number: 'double precision',
    boolean: 'boolean',
    decimal: 'numeric',
    big_integer: 'numeric',
    text: 'text',
    json: 'jsonb',
  },
  mysql: {
    integer: 'bigint',
    number: 'double',
    boolean: 'boolean',
    decimal: 'longtext',
    big_integer: 'decimal(65, 0)',
    text: 'longtext',
    json: 'json',
  },
  sqlite: {
    integer: 'integer',
    number: 'real',
    boolean: 'boolean',
    decimal: 'text',
    big_integer: 'text',
    text: 'text',
    json: 'json',
  },
  duckdb: {
    integer: 'bigint',
    number: 'double',
    boolean: 'boolean',
    decimal: 'varchar',
    big_integer: 'hugeint',
    text: 'varchar',
    json: 'json',
  },
}
/** A text that MySQL can look up; 4 bytes a character, of 3072 that an index may have. */
const MYSQL_KEY = 'varchar(255)'

/** `names`: columns by field; null where they have the same names. */
export function createTable(
  dialect: Dialect,
  { table, key }: Target,
  input: RowSchema,
  names: ReadonlyMap<string, string> | null,
): string {
  const fields = names === null ? new Map([...input.fields.keys()].map(field => [field, field])) : names
  const columns = [...fields].map(([field, column]) => {
    const held = heldBy(input.fields.get(field))
    const type = typeFor(dialect.kind, held, scaleOf(input.fields.get(field)), key.includes(column))
    return `${dialect.identifier(column)} ${type}${key.includes(column) ? ' NOT NULL' : ''}`
  })
  const primary = key.length === 0 ? [] : [`PRIMARY KEY (${key.map(dialect.identifier).join(', ')})`]
  const engine = dialect.kind === 'mysql' ? ' ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : ''
  return `CREATE TABLE IF NOT EXISTS ${quotedTable(dialect, table)} (${[...columns, ...primary].join(', ')})${engine}`
}

/** `scale`: digits behind the point of a decimal, where that is declared. */
function typeFor(kind: DatabaseKind, held: Held, scale: number | null, is_key: boolean): string {
  if (held === 'decimal' && scale !== null && (kind === 'mysql' || kind === 'duckdb')) return `decimal(38, ${scale})`
  return kind === 'mysql' && is_key && TYPES.mysql[held] === 'longtext' ? MYSQL_KEY : TYPES[kind][held]
}

/** Of what has more digits behind the point than these databases hold nothing is declared: it is a text there. */
const MOST_SCALE = 30

function scaleOf(field: FieldSchema | undefined): number | null {
  const exact = exactType(field?.schema ?? {})
  return exact?.type === 'decimal' && exact.scale !== null && exact.scale <= MOST_SCALE ? exact.scale : null
}

function heldBy(field: FieldSchema | undefined): Held {
  const schema: JsonSchema = field?.schema ?? {}
  const exact = exactType(schema)
  if (exact !== null) return exact.type
  const types = [schema.type ?? []].flat().filter(type => type !== 'null')
  const [only] = types
  if (types.length !== 1) return types.length === 0 ? 'text' : 'json'
  if (only === 'integer' || only === 'number' || only === 'boolean') return only
  return only === 'array' || only === 'object' ? 'json' : 'text'
}
