/** Whether a value is what a case expects: pure. */
import { isObject, type Json } from '../../model/row.ts'
import { isSameJson } from '../../model/same-json.ts'

/** `fields`: maps may have more keys than are expected, at any depth. */
export type Match = 'fields' | 'exact'

export function fits(expected: Json, actual: Json, match: Match = 'fields'): boolean {
  if (match === 'exact') return isSameJson(expected, actual)
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
  return isSameJson(expected, actual)
}
