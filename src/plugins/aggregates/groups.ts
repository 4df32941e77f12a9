/** Rows of a batch by the values of some of their fields. */
import { canonicalize } from '../../model/canonical.ts'
import { keyValue } from '../../model/decimal-text.ts'
import { type Json, type MutableRow, newRow, type Row } from '../../model/row.ts'
import type { RowSchema } from '../../model/schema.ts'
import { isDecimal } from './options.ts'

export interface Group {
  /** In the order of the batch; at least one. */
  readonly rows: readonly Row[]
}

/**
 * Tells rows apart by the values of fields: two have the same key exactly if the values are the same JSON, whatever the
 * order of fields inside them. 1 and "1" differ; a missing field is null. Of a field with decimals
 * they have the same amount: 1.5 is 1.50.
 */
export function rowKey(fields: readonly string[], input: RowSchema): (row: Row) => string {
  const keys = fields.map(field => ({ field, keyOf: keyIn(field, input) }))
  const [first] = keys
  if (keys.length === 1 && first !== undefined) return row => first.keyOf(row[first.field])
  return row => {
    let key = ''
    // JSON texts that are joined by commas can be read back in one way only.
    for (const { field, keyOf } of keys) key += `${keyOf(row[field])},`
    return key
  }
}

/** The key of one field's value. */
export function keyIn(field: string, input: RowSchema): (value: Json | undefined) => string {
  if (!isDecimal(field, input)) return valueKey
  return value => valueKey(keyValue(value ?? null, true))
}

export function valueKey(value: Json | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'object' ? canonicalize(value) : value === undefined ? 'null' : `${value}`
}

/** Groups in the order in which their first rows appear; all rows are one group if no fields are given. */
export function groupRows(rows: readonly Row[], fields: readonly string[], input: RowSchema): readonly Group[] {
  if (fields.length === 0) return rows.length === 0 ? [] : [{ rows }]
  const keyOf = rowKey(fields, input)
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
