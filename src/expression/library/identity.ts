/** Keys of values: two values are equal, as `==` has it, exactly where their keys are the same text. */
import { amountText, Decimal } from '../../model/decimal.ts'
import { shortestDecimal } from '../../model/decimal-text.ts'
import { Duration, Optional, Timestamp, TypeValue, type Value } from '../values.ts'

export function keyOf(value: Value): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'number':
      return shortestDecimal(amountText(value)) ?? amountText(value)
  }
  if (value === null) return 'null'
  if (value instanceof Decimal) return shortestDecimal(String(value)) ?? ''
  if (value instanceof Timestamp) return `at ${value.ns}`
  if (value instanceof Duration) return `for ${value.ns}`
  if (value instanceof Optional) return value.value === undefined ? 'none' : `of ${keyOf(value.value)}`
  if (value instanceof TypeValue) return `type ${value.name}`
  if (value instanceof Map) {
    const entries = [...value].map(([key, each]) => `${keyOf(key)}:${keyOf(each)}`)
    return `{${entries.sort().join()}}`
  }
  // What is left is a list; TypeScript can't tell a read-only array by Array.isArray.
  return Array.isArray(value) ? `[${value.map(keyOf).join()}]` : 'unknown'
}

/** The first of each set of equal values, in their order. */
export function distinct(values: readonly Value[]): readonly Value[] {
  const found = new Map<string, Value>()
  for (const each of values) {
    const key = keyOf(each)
    if (!found.has(key)) found.set(key, each)
  }
  return [...found.values()]
}
