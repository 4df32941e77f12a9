/**
 * Conditions for the rows of a table between two keys, as the table is ordered by them.
 *
 * KEY-RANGE-1. Keys compare column by column, in the order that `ORDER BY` gives them: nulls come first in MySQL and SQLite, last in PostgreSQL and
 *     DuckDB, and equal each other.
 * KEY-RANGE-2. However many ranges follow each other, each row whose key isn't behind the last one's end is in exactly one of them.
 */
import type { Param } from './database.ts'
import type { Dialect } from './dialect.ts'
import type { KeyColumn } from './key-columns.ts'

/** The texts of a row's values in the key's columns (KeyType), null for null. */
export type Key = ReadonlyArray<string | null>

/** Rows behind `after`, if that isn't null, up to `up_to`, and the row with that key. */
export interface KeyRange {
  readonly after: Key | null
  readonly up_to: Key
}

export interface Condition {
  readonly text: string
  readonly params: readonly Param[]
}

export function within(dialect: Dialect, columns: readonly KeyColumn[], { after, up_to }: KeyRange): Condition {
  const writer = new ConditionWriter(dialect, columns)
  const parts = [
    ...(after === null ? [] : [...writer.from(after, '>'), writer.beyond(after, '>', false)]),
    ...[...writer.from(up_to, '<'), writer.beyond(up_to, '<', true)],
  ]
  return { text: parts.join(' AND '), params: writer.params }
}

type Side = '<' | '>'

class ConditionWriter {
  readonly params: Param[] = []
  readonly #dialect: Dialect
  readonly #columns: readonly KeyColumn[]

  constructor(dialect: Dialect, columns: readonly KeyColumn[]) {
    this.#dialect = dialect
    this.#columns = columns
  }

  /** What follows for the first column of several, by which an index finds rows; for none where a null may be beyond. */
  from(key: Key, side: Side): readonly string[] {
    const [column] = this.#columns
    const [text = null] = key
    if (column === undefined || this.#columns.length === 1 || text === null || column.is_nullable) return []
    return [this.#compared(column, `${side}=`, text)]
  }

  /** Rows on that side of a key. `inclusive`: and the one that has it. */
  beyond(key: Key, side: Side, inclusive: boolean, at = 0): string {
    const column = this.#columns[at]
    if (column === undefined) throw new TypeError('a key has a column')
    const text = key[at] ?? null
    if (at === this.#columns.length - 1) return this.#further(column, text, inclusive ? `${side}=` : side)
    const further = this.#further(column, text, side)
    const same = text === null ? `${this.#name(column)} IS NULL` : this.#compared(column, '=', text)
    return `(${further} OR (${same} AND ${this.beyond(key, side, inclusive, at + 1)}))`
  }

  #further(column: KeyColumn, text: string | null, operator: Side | `${Side}=`): string {
    const name = this.#name(column)
    const is_to_nulls = operator.startsWith(NULLS_FIRST.has(this.#dialect.kind) ? '<' : '>')
    if (text === null) {
      if (operator.endsWith('=')) return is_to_nulls ? `${name} IS NULL` : '1 = 1'
      return is_to_nulls ? '1 = 0' : `${name} IS NOT NULL`
    }
    const further = this.#compared(column, operator, text)
    return is_to_nulls && column.is_nullable ? `(${further} OR ${name} IS NULL)` : further
  }

  #compared(column: KeyColumn, operator: string, text: string): string {
    this.params.push(column.type.param(text))
    const value = column.type.value(this.#dialect.placeholder(this.params.length))
    return `${this.#name(column)} ${operator} ${value}`
  }

  #name({ name }: KeyColumn): string {
    return this.#dialect.identifier(name)
  }
}

const NULLS_FIRST: ReadonlySet<Dialect['kind']> = new Set(['mysql', 'sqlite'])
