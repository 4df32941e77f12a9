/** Which of an aggregate's batches a row belongs to. */
import { canonicalize } from '../../model/canonical.ts'
import { keyValue } from '../../model/decimal-text.ts'
import { newRow, type Row } from '../../model/row.ts'
import type { AggregateNode } from '../../plan/plan.ts'

/**
 * What an aggregate made of a batch, with the fields that tell its batches apart: as its first member has them, before the others, null
 * where they are missing there. One that the aggregate has set itself stays.
 */
export function withKey({ per }: Pick<AggregateNode, 'per'>, row: Row, member: Row | undefined): Row {
  const lacking = per?.fields.filter(field => !Object.hasOwn(row, field)) ?? []
  if (lacking.length === 0) return row
  const whole = newRow()
  for (const field of lacking) whole[field] = member?.[field] ?? null
  return Object.assign(whole, row)
}

/**
 * Canonical text of the values that tell batches apart, by field; a field that is missing counts as null. null where one batch takes
 * all rows. Two rows have the same one exactly if the values are the same JSON, decimals the same amounts.
 */
export function keyOf({ per }: Pick<AggregateNode, 'per'>, row: Row): string | null {
  if (per === null) return null
  const key = newRow()
  for (const [i, field] of per.fields.entries()) key[field] = keyValue(row[field] ?? null, per.by_value.includes(i))
  return canonicalize(key)
}
