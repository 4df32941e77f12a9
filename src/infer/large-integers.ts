/** Records that are rejected only because no schema says yet what becomes of whole numbers that a double would round. */
import type { DeclaredNumbers } from '../model/json.ts'
import { parseJson } from '../model/json.ts'
import type { Json } from '../model/row.ts'
import { parseRow } from '../plugins/sources/json-value.ts'

/** Of a record; such numbers as bigints. */
export interface ValuesOf {
  readonly [field: string]: Json | bigint
}

const AS_TEXT: DeclaredNumbers = { here: 'text_if_rounded', field: () => null, item: () => null }

/** Null where something else is wrong with the record, too, or such a number stands inside of a value, of which nothing is declared. */
export function withLargeIntegers(text: string): ValuesOf | null {
  const rounded = loosely(text)
  if (rounded === null) return null
  const field = (name: string) => (rounded.has(name) ? AS_TEXT : null)
  const parsed = parseRow(text, { here: null, field, item: () => null })
  if ('problem' in parsed) return null
  const values: { [field: string]: Json | bigint } = Object.create(null)
  for (const [field, value] of Object.entries(parsed.row))
    values[field] = typeof value === 'string' && typeof rounded.get(field) === 'number' ? BigInt(value) : value
  return values
}

/** The fields with what `JSON.parse` makes of them. */
function loosely(text: string): ReadonlyMap<string, unknown> | null {
  try {
    const value: unknown = parseJson(text)
    return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
