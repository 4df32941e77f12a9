/** How a database wants names and parameters written. */

export type DatabaseKind = 'postgres' | 'mysql' | 'sqlite' | 'duckdb'

/** A table's name, with what it lies in before it: schema, or database, or catalog and schema. */
export type TableName = readonly [string, ...string[]]

export interface Dialect {
  readonly kind: DatabaseKind
  /** For people. */
  readonly title: string
  /** In quotes, whatever is in it. */
  identifier(name: string): string
  /** The parameter at `position`, from 1. */
  placeholder(position: number): string
  /** How many of them a statement may have. */
  readonly most_params: number
}

const doubled = (quote: string) => (name: string) => `${quote}${name.replaceAll(quote, quote + quote)}${quote}`
const numbered = (position: number) => `$${position}`
const asked = () => '?'

export const DIALECTS: { readonly [kind in DatabaseKind]: Dialect } = {
  postgres: {
    kind: 'postgres',
    title: 'PostgreSQL',
    identifier: doubled('"'),
    placeholder: numbered,
    most_params: 65_535,
  },
  mysql: { kind: 'mysql', title: 'MySQL', identifier: doubled('`'), placeholder: asked, most_params: 65_535 },
  sqlite: { kind: 'sqlite', title: 'SQLite', identifier: doubled('"'), placeholder: asked, most_params: 32_766 },
  duckdb: { kind: 'duckdb', title: 'DuckDB', identifier: doubled('"'), placeholder: numbered, most_params: 65_535 },
}

export const quotedTable = ({ identifier }: Dialect, table: TableName): string => table.map(identifier).join('.')

/** `sales.orders`; a list where a name has a dot in it. Null if it is neither. */
export function tableName(table: string | readonly string[]): TableName | null {
  const [first, ...rest] = typeof table === 'string' ? table.split('.') : table
  if (first === undefined || rest.length > 2) return null
  return [first, ...rest].every(part => part !== '' && !part.includes('\0')) ? [first, ...rest] : null
}
