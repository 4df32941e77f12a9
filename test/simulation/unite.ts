/** A union of branches as the interpreter understands it. */
import type { Data } from './interpreter.ts'
import type { CoalesceModel } from './model.ts'

/** A field is written where it differs from the parent's; it is dropped if all dropped it. */
export function unite(parent: Data, rows: readonly Data[], on_conflict: CoalesceModel['on_conflict']): Data | null {
  const result: Data = {}
  for (const field of new Set([parent, ...rows].flatMap(each => Object.keys(each)))) {
    const text = (data: Data) => (field in data ? textOf(data[field]) : undefined)
    const writes = rows.filter(each => field in each && text(each) !== text(parent))
    if (writes.length === 0) {
      if (rows.some(each => field in each)) result[field] = parent[field]
      continue
    }
    if (on_conflict === 'fail' && new Set(writes.map(text)).size > 1) return null
    result[field] = (on_conflict === 'first_wins' ? writes[0] : writes.at(-1))?.[field]
  }
  return result
}

/** The same text for values that differ in the order of fields alone. */
function textOf(value: unknown): string {
  const sorted = (_: string, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each
  return JSON.stringify(value, sorted)
}
