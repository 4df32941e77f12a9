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
} as unknown as { new <V>(): { [field: string]: V }; prototype: object }
RowObject.prototype = Object.freeze(Object.create(null) as object)

/** Whether a value is an object with fields. */
export function isObject(value: Json | undefined): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An empty row, or fields with values of a kind: they may have any name, `__proto__` included. */
export function newRow<V = Json>(): { [field: string]: V } {
  return new RowObject<V>()
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

/**
 * Freezes a row to any depth, and returns it. Once evidence was made from it, it must not change, whoever has it in
 * hands; a plugin that tries throws in its own code.
 */
export function frozen<T extends Json>(value: T): T {
  if (typeof value === 'object' && value !== null) freeze(value as readonly Json[] | Row)
  return value
}

function freeze(value: readonly Json[] | Row): void {
  if (Array.isArray(value)) for (const each of value) frozen(each)
  // Without a list of all values: this is done for each row.
  else
    for (const field in value as Row)
      if (typeof (value as Row)[field] === 'object') frozen((value as Row)[field] as Json)
  Object.freeze(value)
}

/** Up to this size a list is searched as quickly as a set. */
const FEW = 8

/** `row` with some fields set and some removed; fields keep their order, new ones come last. */
export function derive(row: Row, set: Row, unset: readonly string[] = []): Row {
  const next = newRow()
  const gone = unset.length > FEW ? new Set(unset) : null
  for (const field in row)
    if (!(gone === null ? unset.includes(field) : gone.has(field))) next[field] = row[field] as Json
  for (const field in set) next[field] = set[field] as Json
  return next
}
