/** Rows of a batch by the values of some of their fields. */
import { canonicalize } from '../../model/canonical.ts'
import { type Json, type MutableRow, newRow, type Row } from '../../model/row.ts'

export interface Group {
  /** In the order of the batch; at least one. */
  readonly rows: readonly Row[]
}

/**
 * Tells rows apart by the values of fields: two have the same key exactly if the values are the same JSON, whatever the
 * order of fields inside them. 1 and "1" differ; a missing field is null.
 */
export function rowKey(fields: readonly string[]): (row: Row) => string {
  const [only = ''] = fields
  if (fields.length === 1) return row => valueKey(row[only])
  return row => {
    let key = ''
    // JSON texts that are joined by commas can be read back in one way only.
    for (const field of fields) key += `${valueKey(row[field])},`
    return key
  }
}

export function valueKey(value: Json | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'object' ? canonicalize(value) : value === undefined ? 'null' : `${value}`
}

/** Groups in the order in which their first rows appear; all rows are one group if no fields are given. */
export function groupRows(rows: readonly Row[], fields: readonly string[]): readonly Group[] {
  if (fields.length === 0) return rows.length === 0 ? [] : [{ rows }]
  const keyOf = rowKey(fields)
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return [...groups.values()].map(members => ({ rows: members }))
}

/** A new row with the group's fields, as its first row has them; null where they are missing. */
export function groupRow(group: Group, fields: readonly string[]): MutableRow {
  const row = newRow()
  for (const field of fields) row[field] = group.rows[0]?.[field] ?? null
  return row
}
