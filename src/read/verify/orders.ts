/**
 * What an entry tells of how the fields of rows under way stand: whether it is of tokens that it can tell this of, and
 * whether their rows could stand so.
 */
import type { Json } from '../../model/row.ts'
import { tokenName } from './check.ts'

/** A token as the entry leaves it: its row (null: erased), or that its order isn't due. */
export type TokenRow = { readonly row: Json | null } | 'not_due'

/** `value`: what tells the orders. Yields what is wrong with it. */
export function* orderProblems(value: Json, of: (token: number) => TokenRow): Iterable<string> {
  if (!isListOf(value, isGroup)) {
    yield 'what tells how fields stand is no list of orders'
    return
  }
  const seen = new Set<number>()
  for (const [tokens, ...order] of value) {
    if (!isOrder(order)) yield `an order of ${tokens.map(tokenName).join(', ')} isn't one`
    for (const token of tokens) {
      const left = of(token)
      if (seen.has(token) || left === 'not_due')
        yield `${tokenName(token)}: how its fields stand is recorded twice, or where it isn't due`
      else if (left.row !== null && !fits(order, left.row)) yield `${tokenName(token)}: its fields can't stand so`
      seen.add(token)
    }
  }
}

type Numbers = readonly number[]

function isListOf<T extends Json>(value: Json, is: (each: Json) => each is T): value is readonly T[] & Json {
  return Array.isArray(value) && value.length > 0 && (value as readonly Json[]).every(is)
}

function isNumber(value: Json): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isNumbers(value: Json): value is Numbers {
  return isListOf(value, isNumber)
}

/** `[[token…], [object, field…]…]` */
function isGroup(value: Json): value is readonly [Numbers, ...Numbers[]] {
  return isListOf(value, isNumbers) && value.length > 1
}

/** Objects by ascending number, and of each a permutation of its fields that isn't the canonical order. */
function isOrder(order: readonly Numbers[]): boolean {
  return order.every(([object, ...fields], i) => {
    const before = order[i - 1]?.[0] ?? -1
    const sorted = fields.toSorted((a, b) => a - b)
    return (object as number) > before && sorted.every((field, at) => field === at) && `${sorted}` !== `${fields}`
  })
}

/** Whether the row has these objects, with so many fields each. */
function fits(order: readonly Numbers[], row: Json): boolean {
  const counts: number[] = []
  countFields(row, counts)
  return order.every(([object, ...fields]) => counts[object as number] === fields.length)
}

/** Adds for each object in `value` how many fields it has, in order of their opening braces in the canonical text. */
function countFields(value: Json, counts: number[]): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const each of value) countFields(each as Json, counts)
    return
  }
  const fields = value as { readonly [field: string]: Json }
  const keys = Object.keys(fields).sort()
  counts.push(keys.length)
  for (const key of keys) countFields(fields[key] as Json, counts)
}
