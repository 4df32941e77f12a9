/** What becomes of rows, for the interpreter: how they begin, are turned and united. */
import type { CoalesceModel } from './model.ts'
import { declaredAmount } from './naive-decimals.ts'

export type Data = { [field: string]: unknown }

/** Fields of rows from one source don't all stand alike. */
export function dataOf(id: number, n: number, amount?: string | number): Data {
  const about = { z: [{ odd: n % 2, even: 1 - (n % 2) }], at: { y: id, x: n } }
  const half = n % 2
  const data = id % 3 === 0 ? { id, n, half, about } : { n, half, about, id }
  return amount === undefined ? data : { ...data, amount: declaredAmount(amount) }
}

export function turned(value: unknown, deep: boolean): unknown {
  if (Array.isArray(value)) return value.map(each => turned(each, deep))
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([field, each]) => [field, deep ? turned(each, deep) : each] as const)
  return Object.fromEntries(fields.toReversed())
}

/** The same text for values that differ in the order of fields alone. */
export function textOf(value: unknown): string {
  const sorted = (_: string, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each
  return JSON.stringify(value, sorted)
}

/** A field is written where it differs from the parent's; it is dropped if all dropped it. */
function unite(
  parent: Data,
  arrived: readonly { readonly branch: string; readonly data: Data }[],
  on_conflict: CoalesceModel['on_conflict'],
): { readonly data: Data } | { readonly conflict: string; readonly branches: readonly string[] } {
  const rows = arrived.map(each => each.data)
  const result: Data = {}
  for (const field of new Set([parent, ...rows].flatMap(each => Object.keys(each)))) {
    const text = (data: Data) => (field in data ? textOf(data[field]) : undefined)
    const writes = rows.filter(each => field in each && text(each) !== text(parent))
    if (writes.length === 0) {
      if (rows.some(each => field in each)) result[field] = parent[field]
      continue
    }
    if (on_conflict === 'fail' && new Set(writes.map(text)).size > 1)
      return { conflict: field, branches: arrived.filter(each => writes.includes(each.data)).map(each => each.branch) }
    result[field] = (on_conflict === 'first_wins' ? writes[0] : writes.at(-1))?.[field]
  }
  return { data: result }
}

/** What the branches that arrived merge into, in the order of the coalesce's list; null: the selected one isn't among them. */
export function mergedOf(
  { merge, branches, on_conflict }: CoalesceModel,
  parent: Data,
  arrived: Parameters<typeof unite>[1],
): ReturnType<typeof unite> | null {
  if (merge === 'nested') return { data: Object.fromEntries(arrived.map(({ branch, data }) => [branch, data])) }
  if (merge === 'union') return unite(parent, arrived, on_conflict)
  const selected = arrived.find(({ branch }) => branch === branches[0])
  return selected === undefined ? null : { data: selected.data }
}
