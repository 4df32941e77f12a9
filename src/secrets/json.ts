/** JSON that somebody else wrote. */

/** The object that a text holds, with numbers as they are written: an account’s number has more digits than a double; null: it holds none. */
export function objectIn(text: string): { readonly [name: string]: unknown } | null {
  let value: unknown
  try {
    value = JSON.parse(text, asWritten)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
}

/** Of `JSON.parse`, which gives the text of a number as well. */
const asWritten = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === 'number' ? (context?.source ?? value) : value

/** What stands there; undefined: nothing does. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  let at = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = Reflect.get(at, key)
  }
  return at
}
