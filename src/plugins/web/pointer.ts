/** Goes to the value that a JSON Pointer (RFC 6901) names in a value that is in memory. */
import type { Json } from '../../model/row.ts'

/** `tokens`: unescaped. Undefined if there is nothing. */
export function valueAt(value: Json, tokens: readonly string[]): Json | undefined {
  let at: Json | undefined = value
  for (const token of tokens) {
    if (typeof at !== 'object' || at === null) return undefined
    if (Array.isArray(at) && !/^(0|[1-9]\d*)$/.test(token)) return undefined
    at = Object.hasOwn(at, token) ? (at as { readonly [token: string]: Json })[token] : undefined
  }
  return at
}
