/** Values of the two runs side by side. One that is erased is null, and nothing is known of it. */
import { isRow, type Json, newRow, type Row } from '../../model/row.ts'
import { isSameJson } from '../../model/same-json.ts'
import type { Both, Changed } from './difference.ts'

export type KnownValues = Both<Json | null>

/** By content: commitments to equal values differ. null: not known. */
export function sameValue({ old: before, new: after }: KnownValues): boolean | null {
  if (before === null || after === null) return null
  return isSameJson(before, after)
}

/** The fields of two rows that differ; none if they aren't both rows. */
export function changedBetween({ old: before, new: after }: KnownValues): Changed {
  const changed = newRow() as { [field: string]: Changed[string] }
  if (!isRow(before) || !isRow(after)) return changed
  for (const field of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
    const [a, b] = [own(before, field), own(after, field)]
    if (a !== undefined && b !== undefined && isSameJson(a, b)) continue
    changed[field] = { ...(a === undefined ? {} : { old: a }), ...(b === undefined ? {} : { new: b }) }
  }
  return changed
}

function own(row: Row, field: string): Json | undefined {
  return Object.hasOwn(row, field) ? row[field] : undefined
}
