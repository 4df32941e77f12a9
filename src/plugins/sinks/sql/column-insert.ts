/**
 * The statement by which DuckDB takes many rows: a list for each column, which it takes apart itself. It plans each value of VALUES by
 * itself, which is several times as much work.
 *
 * COLUMN-INSERT-1. Each value reaches its column by the same cast as it would as a parameter of its own.
 */
import type { Param } from '../../databases/database.ts'
import { type Dialect, quotedTable } from '../../databases/dialect.ts'
import { onConflict, type Target } from './statements.ts'

/** How a list of values would be bound: one type for all of them. */
type Bound = 'whole' | 'double' | 'boolean' | 'text' | 'bytes'

/** Types that whole numbers and others can be cast to each by itself, within one column. */
const NUMERIC = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL\(\d+, ?\d+\)|VARCHAR)$/i

export interface ColumnInsert {
  readonly statement: string
  readonly params: readonly Param[]
}

/**
 * `rows`: values in the order of `columns`; `types`: of the table's columns, by their names. Null where the values of a column are of types
 * that no list holds without a change.
 */
export function columnInsert(
  dialect: Dialect,
  target: Target,
  columns: readonly string[],
  rows: ReadonlyArray<readonly Param[]>,
  types: ReadonlyMap<string, string>,
): ColumnInsert | null {
  const params: Param[] = []
  const lists: string[] = []
  const list = (values: readonly Param[]) => {
    lists.push(`unnest(${dialect.placeholder(params.push(values))}) AS v${lists.length}`)
    return `v${lists.length - 1}`
  }
  const taken: string[] = []
  for (const [i, column] of columns.entries()) {
    const values = rows.map(row => row[i] ?? null)
    const bound = boundAs(values)
    if (bound === null) return null
    const type = types.get(column) ?? ''
    const [one, other] = bound
    if (one === undefined) taken.push('NULL')
    else if (other === undefined) taken.push(list(values))
    else {
      if (!NUMERIC.test(type)) return null
      const parts = [Number.isSafeInteger, isOther].map(
        fits => `CAST(${list(values.map(each => (fits(each) ? each : null)))} AS ${type})`,
      )
      taken.push(`coalesce(${parts.join(', ')})`)
    }
  }
  if (lists.length === 0) return null
  const into = `INSERT INTO ${quotedTable(dialect, target.table)} (${columns.map(dialect.identifier).join(', ')})`
  const upsert = target.mode === 'upsert' ? ` ${onConflict(dialect, target.key, columns)}` : ''
  return { statement: `${into} SELECT ${taken.join(', ')} FROM (SELECT ${lists.join(', ')})${upsert}`, params }
}

const isOther = (value: unknown) => typeof value === 'number' && !Number.isSafeInteger(value)

/** None: all are null. Two: numbers, of which some are whole. Null: of several types. */
function boundAs(values: readonly Param[]): readonly Bound[] | null {
  const found = new Set<Bound>()
  for (const value of values) {
    if (value === null) continue
    const bound = boundOf(value)
    if (bound === null) return null
    found.add(bound)
  }
  const bound = [...found]
  return bound.length < 2 || (bound.length === 2 && found.has('whole') && found.has('double')) ? bound : null
}

/** Null of lists, and of what has more digits than a number. */
function boundOf(value: Param): Bound | null {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) ? 'whole' : 'double'
    case 'boolean':
      return 'boolean'
    case 'string':
      return 'text'
    default:
      return value instanceof Uint8Array ? 'bytes' : null
  }
}
