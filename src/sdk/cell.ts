/** Converts the text of a cell to a declared type, strictly. */
import { hasVanished, isRounded } from '../model/canonical.ts'
import { type DeclaredNumbers, JsonTextError, parseStrict } from '../model/json.ts'
import type { Json } from '../model/row.ts'
import { exactType, type JsonSchema } from '../model/schema.ts'
import { exactText, numbersIn } from './exact-numbers.ts'

export interface CellConverter {
  /** What it converts to; several types joined by `|`. */
  readonly type: string
  /** Whether an empty cell is a text of its own rather than nothing. */
  readonly emptyIsText: boolean
  /** Undefined if the text isn't of the type. */
  readonly convert: (cell: string) => Json | undefined
}

type Convert = CellConverter['convert']

const PLAIN: { readonly [type: string]: Convert } = {
  null: cell => (cell === '' ? null : undefined),
  integer: toInteger,
  number: toNumber,
  boolean: toBoolean,
  string: cell => cell,
}

/** In the order in which a cell of several types is tried. */
const ORDER = ['null', 'decimal', 'big_integer', 'integer', 'number', 'boolean', 'array', 'object', 'string']

function converterTo(type: string, schema: JsonSchema): Convert {
  const plain = PLAIN[type]
  if (plain !== undefined) return plain
  const exact = exactType(schema)
  if (exact !== null) return cell => exactText(cell, exact)
  const numbers = numbersIn(schema)
  const fits = type === 'array' ? Array.isArray : isObject
  return cell => parseJson(cell, fits, numbers)
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** By the schema's `type`, or else by the values that it lists; a schema that says neither takes texts. */
export function cellConverter(schema: JsonSchema): CellConverter {
  const types = typesOf(schema)
  const emptyIsText = types.includes('string') || types.includes('null')
  const tried = ORDER.filter(type => types.includes(type))
  // Where it may be a text, `1.0` is one.
  const texts = types.includes('string')
  const converters = tried.map(type => (type === 'integer' && texts ? toPlainInteger : converterTo(type, schema)))
  const [only] = converters
  const type = tried.filter(each => each !== 'null' || tried.length === 1).join('|')
  if (converters.length === 1 && only !== undefined) return { type, emptyIsText, convert: only }
  const convert: Convert = cell => {
    for (const each of converters) {
      const value = each(cell)
      if (value !== undefined) return value
    }
    return undefined
  }
  return { type, emptyIsText, convert }
}

function typesOf(schema: JsonSchema): readonly string[] {
  const exact = exactType(schema)
  if (exact !== null) return Array.isArray(schema.type) ? [exact.type, 'null'] : [exact.type]
  if (typeof schema.type === 'string') return [schema.type]
  if (Array.isArray(schema.type)) return schema.type.map(String)
  const values = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : []
  const types = values.map(value => (value === null ? 'null' : Number.isInteger(value) ? 'integer' : typeof value))
  return types.length > 0 && types.every(type => ORDER.includes(type)) ? types : ['string']
}

const DECIMAL_ZEROS = /\.0+$/

/**
 * `-?[0-9]+` within ±(2^53−1); leading zeros are allowed, a plus sign is not. Zeros behind a decimal point say the same: tools that
 * know no missing integers write a column with gaps as `1.0`.
 */
export function toInteger(text: string): number | undefined {
  return toPlainInteger(text.includes('.') ? text.replace(DECIMAL_ZEROS, '') : text)
}

function toPlainInteger(text: string): number | undefined {
  const start = text.charCodeAt(0) === 45 ? 1 : 0
  const { length } = text
  if (length === start) return undefined
  let value = 0
  for (let i = start; i < length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
    if (value > Number.MAX_SAFE_INTEGER) return undefined
  }
  return start === 1 && value !== 0 ? -value : value
}

const DECIMAL = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/**
 * The double nearest to a decimal as JSON writes it, leading zeros allowed. What overflows, what is too near to zero to be told from it,
 * and a whole number that no double is, are refused.
 */
export function toNumber(text: string): number | undefined {
  if (!DECIMAL.test(text)) return undefined
  const value = Number(text)
  if (!Number.isFinite(value) || isRounded(text, value)) return undefined
  if (hasVanished(text, value)) return undefined
  return value === 0 ? 0 : value
}

/** `true` and `false` in any case. 1 and 0 are numbers. */
export function toBoolean(text: string): boolean | undefined {
  if (text === 'true') return true
  if (text === 'false') return false
  const lower = text.length <= 5 ? text.toLowerCase() : ''
  return lower === 'true' ? true : lower === 'false' ? false : undefined
}

function parseJson(text: string, fits: (value: unknown) => boolean, numbers: DeclaredNumbers | null): Json | undefined {
  try {
    const value = parseStrict(text, numbers)
    return fits(value) ? value : undefined
  } catch (error) {
    if (error instanceof JsonTextError) return undefined
    throw error
  }
}
