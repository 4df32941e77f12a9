/** What arrived branches merge into: a pure function of their rows and the fork parent's. */
import { canonicalize, isDeeper, MAX_ROW_DEPTH } from '../../model/canonical.ts'
import { type Json, newRow, type Row } from '../../model/row.ts'
import type { CoalesceNode } from '../../plan/plan.ts'

export interface ArrivedBranch {
  readonly branch: string
  readonly row: Row
}

export type Merged =
  | {
      readonly kind: 'row'
      readonly row: Row
      /** By field that a branch wrote: the branch whose value stands. */
      readonly origins: { readonly [field: string]: string }
      /** By field: values of other branches that did not stand. */
      readonly overruled: { readonly [field: string]: readonly { readonly branch: string; readonly value: Json }[] }
    }
  | { readonly kind: 'conflict'; readonly field: string; readonly branches: readonly string[] }
  | { readonly kind: 'select_missing'; readonly branch: string }
  | { readonly kind: 'too_deep' }

/** `arrived` in the order of the coalesce's list of branches; `parent` is the row as it entered the fork. */
export function mergeBranches(merge: CoalesceNode['merge'], arrived: readonly ArrivedBranch[], parent: Row): Merged {
  switch (merge.kind) {
    case 'nested': {
      const row = newRow()
      for (const each of arrived) row[each.branch] = each.row
      if (isDeeper(row, MAX_ROW_DEPTH)) return { kind: 'too_deep' }
      return { kind: 'row', row, origins: {}, overruled: {} }
    }
    case 'select': {
      const selected = arrived.find(each => each.branch === merge.branch)
      if (selected === undefined) return { kind: 'select_missing', branch: merge.branch }
      return { kind: 'row', row: selected.row, origins: {}, overruled: {} }
    }
    case 'union':
      return union(merge.on_conflict, arrived, parent)
  }
}

interface Write {
  readonly branch: string
  readonly value: Json
  /** The value's canonical text: two writes conflict if these differ. */
  readonly text: string
}

/**
 * A branch writes a field if its value differs from the parent's. A field is dropped if every arrived branch dropped it.
 * Fields keep the parent's order; new ones follow in the order of the branches.
 */
function union(
  on_conflict: 'last_wins' | 'first_wins' | 'fail',
  arrived: readonly ArrivedBranch[],
  parent: Row,
): Merged {
  const row = newRow()
  const origins: Record<string, string> = byField()
  const overruled: Record<string, { branch: string; value: Json }[]> = byField()
  for (const field of fieldsOf(arrived, parent)) {
    const writes = writesOf(field, arrived, parent)
    if (writes.length === 0) {
      if (arrived.some(each => field in each.row)) row[field] = parent[field] as Json
      continue
    }
    const different = writes.filter(each => each.text !== writes[0]?.text)
    if (different.length > 0 && on_conflict === 'fail')
      return { kind: 'conflict', field, branches: writes.map(each => each.branch) }
    const standing = (on_conflict === 'first_wins' ? writes[0] : writes.at(-1)) as Write
    row[field] = standing.value
    origins[field] = standing.branch
    const others = writes.filter(each => each.text !== standing.text)
    if (others.length > 0) overruled[field] = others.map(({ branch, value }) => ({ branch, value }))
  }
  return { kind: 'row', row, origins, overruled }
}

/** Like a row: fields may have any name, `__proto__` included. */
function byField<V>(): Record<string, V> {
  return newRow() as Record<string, V & Json>
}

function fieldsOf(arrived: readonly ArrivedBranch[], parent: Row): Iterable<string> {
  const fields = new Set(Object.keys(parent))
  for (const each of arrived) for (const field of Object.keys(each.row)) fields.add(field)
  return fields
}

function writesOf(field: string, arrived: readonly ArrivedBranch[], parent: Row): Write[] {
  const before = field in parent ? canonicalize(parent[field] as Json) : null
  const writes: Write[] = []
  for (const { branch, row } of arrived) {
    if (!(field in row)) continue
    const value = row[field] as Json
    const text = canonicalize(value)
    if (text !== before) writes.push({ branch, value, text })
  }
  return writes
}
