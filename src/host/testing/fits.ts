/** Whether a value is what a case expects: pure. */
import { canonicalize } from '../../model/canonical.ts'
import { isObject, type Json } from '../../model/row.ts'

/** `fields`: maps may have more keys than are expected, at any depth. */
export type Match = 'fields' | 'exact'

export function fits(expected: Json, actual: Json, match: Match = 'fields'): boolean {
  if (match === 'exact') return canonicalize(expected) === canonicalize(actual)
  if (isObject(expected))
    return (
      isObject(actual) &&
      Object.entries(expected).every(([key, each]) => {
        const own = Object.hasOwn(actual, key) ? actual[key] : undefined
        return own !== undefined && fits(each, own)
      })
    )
  if (Array.isArray(expected))
    return (
      Array.isArray(actual) &&
      expected.length === actual.length &&
      actual.every((each: Json, i) => fits(expected[i] ?? null, each))
    )
  return canonicalize(expected) === canonicalize(actual)
}
