/**
 * How the fields of a value stand, which its canonical text can't show: there the fields of each object are sorted.
 *
 * A value's objects are numbered from 0 by their opening braces in the canonical text, and so are the fields of each object.
 * An order lists the objects whose fields stand otherwise: the object's number, then its fields as they stand.
 */
import { shapeOf } from '../model/canonical.ts'
import { type Json, newRow, type Row } from '../model/row.ts'

/** `[object, field…]` for each object whose fields aren't in canonical order, by ascending number. */
export type FieldOrder = ReadonlyArray<readonly number[]>

/** The order of `value` as JSON text without its outer brackets: `[0,1,0],[2,1,0]`. Empty where all is in canonical order. */
export function fieldOrderOf(value: Json): string {
  const orders: string[] = []
  addOrders(value, 0, orders)
  return orders.join(',')
}

/** Returns the number that comes after those of the objects in `value`, the first of which has number `next`. */
function addOrders(value: Json, next: number, orders: string[]): number {
  if (typeof value !== 'object' || value === null) return next
  if (Array.isArray(value)) {
    let after = next
    for (const each of value) after = addOrders(each as Json, after, orders)
    return after
  }
  const keys = Object.keys(value)
  const shape = shapeOf(keys)
  if (shape.places === undefined) shape.places = placesOf(keys, shape.sorted)
  if (shape.places !== null) orders.push(`[${next},${shape.places}]`)
  let after = next + 1
  for (const key of shape.sorted) {
    const each = (value as Row)[key] as Json
    if (typeof each === 'object') after = addOrders(each, after, orders)
  }
  return after
}

/** The place of each key, as it stands, in canonical order; null where these are the same. */
function placesOf(keys: readonly string[], sorted: readonly string[]): string | null {
  if (keys.every((key, i) => key === sorted[i])) return null
  const places = new Map(sorted.map((key, i) => [key, i]))
  return keys.map(key => places.get(key)).join(',')
}

/** `value` with its fields in this order, and all others in the canonical one. What stands so already is the same object. */
export function inOrder(value: Json, order: FieldOrder): Json {
  let next = 0
  let used = 0
  const arrange = (each: Json): Json => {
    if (typeof each !== 'object' || each === null) return each
    if (Array.isArray(each)) {
      const elements = each.map(arrange)
      return elements.every((element, i) => element === each[i]) ? each : elements
    }
    const fields = order[used]?.[0] === next ? order[used++] : null
    next++
    const before = each as Row
    const keys = Object.keys(before)
    const { sorted } = shapeOf(keys)
    // Objects are numbered in canonical order, whatever the order in which they then stand.
    const values = sorted.map(key => arrange(before[key] as Json))
    const row = newRow()
    if (fields == null) for (const [i, key] of sorted.entries()) row[key] = values[i] as Json
    else for (const i of fields.slice(1)) row[sorted[i] as string] = values[i] as Json
    return isSame(row, before, keys) ? each : row
  }
  return arrange(value)
}

function isSame(row: Row, before: Row, keys: readonly string[]): boolean {
  return Object.keys(row).every((key, i) => key === keys[i] && row[key] === before[key])
}
