/** What a step did to the data, field by field. */
import type { VisitStory } from '../../read/explain/story.ts'
import { isRecord, isSame } from './values.ts'

export type FieldChange =
  | { readonly kind: 'changed'; readonly field: string; readonly before: unknown; readonly after: unknown }
  | { readonly kind: 'new'; readonly field: string; readonly after: unknown }
  | { readonly kind: 'removed'; readonly field: string; readonly before: unknown }
  | { readonly kind: 'renamed'; readonly from: string; readonly field: string; readonly after: unknown }

export interface DataChange {
  readonly changes: readonly FieldChange[]
  readonly unchanged: ReadonlyArray<readonly [field: string, value: unknown]>
}

/** null where the data isn't there, or is no record of fields. */
export function dataChange({ data, changed }: Pick<VisitStory, 'data' | 'changed'>): DataChange | null {
  if (data?.kind !== 'known' || !isRecord(data.value)) return null
  const before = data.value
  const set = changed?.set ?? {}
  const removed = new Set(changed?.unset ?? [])
  const changes = Object.entries(set).map(([field, after]): FieldChange => {
    if (Object.hasOwn(before, field)) return { kind: 'changed', field, before: before[field], after }
    const from = renamedFrom(before, removed, after)
    if (from === undefined) return { kind: 'new', field, after }
    removed.delete(from)
    return { kind: 'renamed', from, field, after }
  })
  for (const field of removed) changes.push({ kind: 'removed', field, before: before[field] })
  const touched = new Set([...Object.keys(set), ...(changed?.unset ?? [])])
  return { changes, unchanged: Object.entries(before).filter(([field]) => !touched.has(field)) }
}

/** The removed field that had this very value; values that are often the same by chance say nothing. */
function renamedFrom(
  before: { readonly [field: string]: unknown },
  removed: ReadonlySet<string>,
  value: unknown,
): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined
  return [...removed].find(field => isSame(before[field], value))
}
