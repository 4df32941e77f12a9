/**
 * The data of a row: JSON, and nothing else. Objects have no prototype behind them that a field could be mistaken for:
 * a field named `__proto__` or `constructor` is data.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json }
export type Row = { readonly [field: string]: Json }
export type MutableRow = { [field: string]: Json }

/**
 * Instances inherit from an empty frozen object: unlike `Object.create(null)` they keep V8's fast shapes, and like it
 * they inherit no names and have no `__proto__` setter.
 */
const RowObject = function RowObject() {
  return undefined
} as unknown as { new (): MutableRow; prototype: object }
RowObject.prototype = Object.freeze(Object.create(null) as object)

export function newRow(): MutableRow {
  return new RowObject()
}

/** True for objects made by `newRow`. */
export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === RowObject.prototype
}

/** A copy of `value` in which every object is free of prototypes, to any depth. */
export function withoutPrototypes(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutPrototypes)
  const copy = newRow()
  for (const [field, each] of Object.entries(value)) copy[field] = withoutPrototypes(each)
  return copy
}

/** `row` with some fields set and some removed; fields keep their order, new ones come last. */
export function derive(row: Row, set: Row, unset: readonly string[] = []): Row {
  const next = newRow()
  for (const field in row) if (!unset.includes(field)) next[field] = row[field] as Json
  for (const field in set) next[field] = set[field] as Json
  return next
}
