/** Defects of plugins: what they threw, or gave that they may not give, as an error of the plugin and never of a row. */
import { CustodyError, isCustodyError } from '../../model/error.ts'
import { isRow } from '../../model/row.ts'
import { thrownAt } from '../../model/thrown-at.ts'

/**
 * The plugin at `node` is wrong; an error of Custody's own that it passed on stays what it is. `cause`: what it threw, which says
 * where in its source that was.
 */
export function defect(node: string, what: string, cause?: unknown): CustodyError {
  if (isCustodyError(cause)) return cause
  const where = { ...thrownAt(cause), node }
  return new CustodyError('CUSTODY_PLUGIN_DEFECT', `the plugin of \`${node}\` ${what}`, { where, cause })
}

/** (I8) Codes are evidence, so only those that the plugin declared can be; messages and details are content. */
export function checkCode(
  name: string,
  declared: { readonly [code: string]: string },
  code: unknown,
): asserts code is string {
  if (typeof code !== 'string' || !Object.hasOwn(declared, code) || !/^[A-Z0-9_]{1,64}$/.test(code))
    throw defect(name, `returned an error with the code ${describe(code)}, which it doesn't declare`)
}

/** For the message of a defect; whatever it is, it has a short description. */
export function describe(value: unknown): string {
  try {
    return shortened(described(value))
  } catch {
    return 'something that can’t even be looked at'
  }
}

const MOST_DESCRIBED = 500

function shortened(text: string): string {
  return (text.length > MOST_DESCRIBED ? `${text.slice(0, MOST_DESCRIBED)}…` : text).toWellFormed()
}

function described(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object') return `${typeof value} ${String(value)}`
  if (Array.isArray(value)) return 'a list'
  return isPlain(value) ? 'an object' : `an instance of ${String(value.constructor?.name)}`
}

/** Whether it is an object with fields only: made by a literal, without a prototype, or as a row. */
export function isPlain(value: unknown): value is { readonly [field: string]: unknown } {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || isRow(value)
}
