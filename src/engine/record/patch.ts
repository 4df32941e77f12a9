/** How a row differs from what it was. */

import type { ValueDraft } from '../../ledger/write-port.ts'
import { canonicalize, MAX_ROW_DEPTH } from '../../model/canonical.ts'
import type { ValueNumber } from '../../model/ids.ts'
import { type MutableRow, newRow, type Row } from '../../model/row.ts'

/**
 * `next` as a change of value `base_value`, which is `base`; null if nothing differs. Nested values count as changed
 * unless they are the same object.
 * @throws NotJsonError if `next` isn't JSON, or nested deeper than `most_deep`.
 */
export function changeOf(base: Row, base_value: ValueNumber, next: Row, most_deep = MAX_ROW_DEPTH): ValueDraft | null {
  if (next === base) return null
  let set: MutableRow | null = null
  for (const field in next) {
    const value = next[field]
    if (value === base[field] && value !== undefined) continue
    set ??= newRow()
    // What is undefined is no JSON: its canonical text can't be made, and that throws.
    if (value !== undefined) set[field] = value
  }
  const unset: string[] = []
  for (const field in base) if (!(field in next)) unset.push(field)
  if (set === null && unset.length === 0) return null
  return {
    kind: 'patch',
    text: canonicalize(next, most_deep),
    base: base_value,
    set: set === null ? '{}' : canonicalize(set),
    unset: unset.sort(),
  }
}
