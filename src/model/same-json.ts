/** Equality of JSON values, whatever they are made of. */
import { isObject, type Json } from './row.ts'

/** Whether two values are the same JSON: numbers by value, objects by their own fields in whatever order, with a prototype or without. */
export function isSameJson(a: Json, b: Json): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((each, i) => isSameJson(each, b[i]))
  if (!isObject(a) || !isObject(b)) return a === b
  const fields = Object.entries(a)
  if (fields.length !== Object.keys(b).length) return false
  return fields.every(([field, value]) => Object.hasOwn(b, field) && isSameJson(value, b[field] ?? null))
}
