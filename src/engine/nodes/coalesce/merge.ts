/** What arrived branches merge into: a pure function of their rows and the fork parent's. */
import { isDeeper, MAX_ROW_DEPTH } from '../../../model/canonical.ts'
import { type Json, newRow, type Row } from '../../../model/row.ts'
import { isSameJson } from '../../../model/same-json.ts'
import type { CoalesceNode } from '../../../plan/plan.ts'

export interface ArrivedBranch {
  readonly branch: string
  readonly row: Row
}

/** A field as a branch has it. */
export type Write = {
  readonly branch: string
  readonly value: Json
}

export type Merged =
  | {
      readonly kind: 'row'
      readonly row: Row
      /** By field that a branch wrote: the branch whose value stands. */
      readonly origins: { readonly [field: string]: string }
      /** By field: values of other branches that did not stand. */
      readonly overruled: { readonly [field: string]: readonly Write[] }
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

const NO_WRITES: readonly Write[] = []

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
  // Like a row: fields may have any name, `__proto__` included.
  const origins = newRow<string>()
  const overruled = newRow<readonly Write[]>()
  for (const field of fieldsOf(arrived, parent)) {
    const writes = writesOf(field, arrived, parent)
    const standing = on_conflict === 'first_wins' ? writes[0] : writes.at(-1)
    if (standing === undefined) {
      const before = parent[field]
      if (before !== undefined && arrived.some(each => field in each.row)) row[field] = before
      continue
    }
    if (on_conflict === 'fail' && writes.some(each => !isSameJson(each.value, standing.value)))
      return { kind: 'conflict', field, branches: writes.map(each => each.branch) }
    row[field] = standing.value
    origins[field] = standing.branch
    if (writes.length === 1) continue
    const others = writes.filter(each => !isSameJson(each.value, standing.value))
    if (others.length > 0) overruled[field] = others
  }
  return { kind: 'row', row, origins, overruled }
}

function fieldsOf(arrived: readonly ArrivedBranch[], parent: Row): readonly string[] {
  const fields = Object.keys(parent)
  let added: Set<string> | null = null
  for (const { row } of arrived)
    for (const field in row)
      if (!(field in parent)) {
        added ??= new Set()
        added.add(field)
      }
  return added === null ? fields : [...fields, ...added]
}

function writesOf(field: string, arrived: readonly ArrivedBranch[], parent: Row): readonly Write[] {
  const before = parent[field]
  let writes: Write[] | null = null
  for (const { branch, row } of arrived) {
    const value = row[field]
    if (value === undefined || (before !== undefined && isSameJson(value, before))) continue
    writes ??= []
    writes.push({ branch, value })
  }
  return writes ?? NO_WRITES
}
