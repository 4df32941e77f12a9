/** Which of an aggregate's batches a row belongs to. */
import { canonicalize } from '../../model/canonical.ts'
import { newRow, type Row } from '../../model/row.ts'
import type { AggregateNode } from '../../plan/plan.ts'

/**
 * Canonical text of the values that tell batches apart, by field; a field that is missing counts as null. null where one batch takes
 * all rows. Two rows have the same one exactly if the values are the same JSON.
 */
export function keyOf({ per }: Pick<AggregateNode, 'per'>, row: Row): string | null {
  if (per === null) return null
  const key = newRow()
  for (const field of per.fields) key[field] = row[field] ?? null
  return canonicalize(key)
}
