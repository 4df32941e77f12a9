/** Values of rows as parameters, by the type of the column that they go to. What would be cut or rounded to fit is refused. */
import type { Json } from '../../../model/row.ts'
import type { Param } from '../../databases/database.ts'
import type { DatabaseKind } from '../../databases/dialect.ts'

/** A value that its column can't hold. */
export class Misfit {
  /** For people: what is wrong with it. */
  readonly why: string

  constructor(why: string) {
    this.why = why
  }
}

export type ParamOf = (value: Json) => Param | Misfit

const JSON_TYPE = /^jsonb?\b/i
const BYTES = /^(?:bytea|binary|varbinary|(?:tiny|medium|long)?blob)\b/i
const WHOLE = /^u?(?:tiny|small|medium|big|huge)?int(?:eger)?\b/i
const MOMENT = /^(?:datetime|timestamp)\b/i
const BITS = /^bit\b/i
/** Of an array or a list: its elements are of what stands before it. */
const LIST = /\[\d*\]$/
/** Columns that SQLite keeps as doubles where it can (https://sqlite.org/datatype3.html, 3.1). */
const TEXTUAL = /char|clob|text|blob|json|^$/i
/** So many digits, and no fewer, are the same again in a double. */
const DOUBLE_DIGITS = 15
const INTEGER_64 = /^[+-]?0*\d{1,18}$/
const RFC3339 = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$/

/** `type`: of the column, as the database names it. */
export function paramFor(kind: DatabaseKind, type: string): ParamOf {
  if ((kind === 'postgres' || kind === 'duckdb') && LIST.test(type)) return listParam(kind, type)
  if (JSON_TYPE.test(type)) return value => (value === null ? null : JSON.stringify(value))
  if (BYTES.test(type)) return bytesParam
  if (kind === 'mysql' && MOMENT.test(type)) return value => momentParam(value)
  // They round what PostgreSQL refuses, or keep it as something else.
  if (kind === 'sqlite' && /int/i.test(type)) return sqliteIntegerParam
  if (kind !== 'postgres' && WHOLE.test(type)) return wholeParam
  if (kind === 'mysql' && BITS.test(type)) return bitsParam
  if (kind === 'mysql') return value => (typeof value === 'boolean' ? Number(value) : plainParam(value))
  if (kind === 'sqlite' && !TEXTUAL.test(type)) return doubleParam
  return plainParam
}

function plainParam(value: Json): Param {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}

/** To a column of lists; what isn't one is a text that the database reads. */
function listParam(kind: 'postgres' | 'duckdb', type: string): ParamOf {
  const element = type.replace(LIST, '')
  // PostgreSQL has one type for arrays of any depth.
  const is_deep = kind === 'postgres' && !JSON_TYPE.test(element)
  const elementParam = elementFor(kind, element)
  const listOf = (values: readonly Json[]): readonly Param[] | Misfit => {
    const params: Param[] = []
    for (const each of values) {
      const param = is_deep && isList(each) ? listOf(each) : elementParam(each)
      if (param instanceof Misfit) return param
      if (kind === 'postgres' && Array.isArray(param) && param.length === 0)
        return new Misfit('it has an empty list in it, and an array of those has no elements')
      params.push(param)
    }
    return params
  }
  return value => (isList(value) ? listOf(value) : plainParam(value))
}

function elementFor(kind: 'postgres' | 'duckdb', type: string): ParamOf {
  const listed = paramFor(kind, type)
  if (LIST.test(type))
    return value =>
      value === null || isList(value) ? listed(value) : new Misfit('it has something else than lists in it')
  if (kind === 'postgres' || BYTES.test(type)) return listed
  // DuckDB makes of texts what the column holds; of a list of which all are null it knows no type.
  return value => {
    const param = listed(value)
    return typeof param === 'number' || typeof param === 'boolean' ? String(param) : param
  }
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

function wholeParam(value: Json): Param | Misfit {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'number' && !Number.isInteger(value)) return new Misfit('it is no whole number')
  if (typeof value === 'string' && !/^\s*[+-]?\d+\s*$/.test(value)) return new Misfit('it is no whole number')
  return plainParam(value)
}

/** What has more digits would become a double, and lose some. */
function sqliteIntegerParam(value: Json): Param | Misfit {
  const param = wholeParam(value)
  if (typeof param !== 'string' || typeof value !== 'string') return param
  return INTEGER_64.test(param.trim()) || BigInt.asIntN(64, BigInt(param)) === BigInt(param)
    ? param
    : new Misfit('it is beyond 64 bits')
}

function doubleParam(value: Json): Param | Misfit {
  if (typeof value !== 'string' || !/^\s*[+-]?[\d.]+(?:[eE][+-]?\d+)?\s*$/.test(value)) return plainParam(value)
  const digits = value
    .replace(/[eE].*/, '')
    .replace(/[^\d]/g, '')
    .replace(/^0+|0+$/g, '')
  return digits.length > DOUBLE_DIGITS ? new Misfit('it has more digits than the column keeps, which are 15') : value
}

const MOST_BITS = 64n

/** MySQL takes digits for the text that they are. */
function bitsParam(value: Json): Param | Misfit {
  const whole = wholeParam(value)
  if (whole === null || whole instanceof Misfit) return whole
  if (typeof whole !== 'number' && typeof value !== 'string') return new Misfit('it is no whole number')
  const bits = BigInt(String(whole).trim().replace(/^\+/, ''))
  if (bits < 0n || bits >> MOST_BITS !== 0n) return new Misfit('it has no 64 bits')
  const hex = bits.toString(16)
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
}

function bytesParam(value: Json): Param | Misfit {
  if (value === null) return null
  if (typeof value !== 'string') return new Misfit('it isn’t Base64, and the column holds bytes')
  const bytes = Buffer.from(value, 'base64')
  return bytes.toString('base64') === value ? bytes : new Misfit('it isn’t Base64, and the column holds bytes')
}

/** MySQL takes no zones in texts; the session's is UTC. */
function momentParam(value: Json): Param {
  const [text, date, time, fraction = '', zone = 'Z'] = typeof value === 'string' ? (RFC3339.exec(value) ?? []) : []
  if (text === undefined) return plainParam(value)
  if (zone === 'Z') return `${date} ${time}${fraction}`
  const there = new Date(`${date}T${time}${zone}`)
  return Number.isNaN(there.getTime()) ? text : `${there.toISOString().slice(0, 19).replace('T', ' ')}${fraction}`
}
