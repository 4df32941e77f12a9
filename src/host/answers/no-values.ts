/** What those may not ask who may not see values: what can't be answered without one, or would tell one by what it finds. */
import { CustodyError } from '../../model/error.ts'

/** Filters that compare values. */
const BY_VALUE = ['value', 'text', 'where'] as const

/** @throws CustodyError CUSTODY_VALUES_WITHHELD if a filter asks about values. */
export function mayFilter(filter: { readonly [key in (typeof BY_VALUE)[number]]?: unknown }, values: boolean): void {
  const asked = values ? undefined : BY_VALUE.find(key => filter[key] !== undefined)
  if (asked !== undefined) throw withheld(`rows can’t be looked for by \`${asked}\` where values aren’t to be seen`)
}

/** @throws CustodyError CUSTODY_VALUES_WITHHELD */
export function mustHaveValues(what: string, values: boolean): void {
  if (!values) throw withheld(`${what} has values in it, and none are to be seen here`)
}

function withheld(what: string): CustodyError {
  return new CustodyError('CUSTODY_VALUES_WITHHELD', what)
}
