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
const LIST = /(?:\[\d*\]$)|^(?:list|array)\b/i
const RFC3339 = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$/

/** `type`: of the column, as the database names it. */
export function paramFor(kind: DatabaseKind, type: string): ParamOf {
  if (JSON_TYPE.test(type)) return value => (value === null ? null : JSON.stringify(value))
  if (BYTES.test(type)) return bytesParam
  if (kind === 'mysql' && MOMENT.test(type)) return value => momentParam(value)
  // They round what PostgreSQL refuses, or keep it as something else.
  if (kind !== 'postgres' && WHOLE.test(type)) return wholeParam
  if (kind === 'mysql') return value => (typeof value === 'boolean' ? Number(value) : plainParam(value))
  if (kind === 'postgres' || (kind === 'duckdb' && LIST.test(type))) return value => listParam(value)
  return plainParam
}

function plainParam(value: Json): Param {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}

/** Lists go to columns of arrays; objects have a column of JSON, or of text. */
function listParam(value: Json): Param {
  return Array.isArray(value) ? value.map(each => listParam(each)) : plainParam(value)
}

function wholeParam(value: Json): Param | Misfit {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'number' && !Number.isInteger(value)) return new Misfit('it is no whole number')
  if (typeof value === 'string' && !/^\s*[+-]?\d+\s*$/.test(value)) return new Misfit('it is no whole number')
  return plainParam(value)
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
