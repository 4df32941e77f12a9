/** PostgreSQL's values, which it writes as texts (`SETTINGS` of connection.ts say how), as JSON. */
import type { DeclaredNumbers } from '../../../model/json.ts'
import { type Cell, Unfit } from '../database.ts'
import { bytesCell, doubleCell, integerCell, jsonCell, textCell } from '../values.ts'
import { arrayCell } from './arrays.ts'

export type ReadCell = (text: string) => Cell

const asText: ReadCell = textCell

/** `2026-01-31 10:00:00.5` becomes `2026-01-31T10:00:00.5`, with `Z` where there is a zone: it is UTC. */
function timestamp(text: string): Cell {
  if (!/^\d{4}-/.test(text) || text.endsWith(' BC')) return new Unfit(text, 'it is outside of the years 1 to 9999')
  const iso = text.replace(' ', 'T')
  return iso.endsWith('+00') ? `${iso.slice(0, -3)}Z` : iso
}

const date: ReadCell = text =>
  /^\d{4}-\d\d-\d\d$/.test(text) ? text : new Unfit(text, 'it is outside of the years 1 to 9999')

const numeric: ReadCell = text => (/\d/.test(text) ? text : new Unfit(text, 'it is no finite number'))

/** The server writes `\x` and hex digits. */
const bytes: ReadCell = text => bytesCell(Buffer.from(text.slice(2), 'hex'))

interface Known {
  readonly name: string
  readonly read: ReadCell | 'json'
}

/** By their numbers, which are the same in each server. Texts of others are kept as the server writes them. */
const KNOWN: { readonly [oid: number]: Known } = {
  16: { name: 'boolean', read: text => text === 't' },
  17: { name: 'bytea', read: bytes },
  20: { name: 'bigint', read: integerCell },
  21: { name: 'smallint', read: Number },
  23: { name: 'integer', read: Number },
  25: { name: 'text', read: asText },
  26: { name: 'oid', read: Number },
  114: { name: 'json', read: 'json' },
  700: { name: 'real', read: text => doubleCell(Number(text)) },
  701: { name: 'double precision', read: text => doubleCell(Number(text)) },
  1042: { name: 'character', read: asText },
  1043: { name: 'character varying', read: asText },
  1082: { name: 'date', read: date },
  1083: { name: 'time', read: asText },
  1114: { name: 'timestamp', read: timestamp },
  1184: { name: 'timestamp with time zone', read: timestamp },
  1186: { name: 'interval', read: asText },
  1266: { name: 'time with time zone', read: asText },
  1700: { name: 'numeric', read: numeric },
  2950: { name: 'uuid', read: asText },
  3802: { name: 'jsonb', read: 'json' },
}

/** What the server's catalogue says of a type. */
interface Described {
  /** Of an array: the type of its elements, else 0. */
  readonly element: number
  readonly delimiter: string
  /** Of a domain: what it is based on, else 0. */
  readonly base: number
}

type Lookup = (oids: readonly number[]) => Promise<ReadonlyArray<ReadonlyArray<string | null>>>

/** The types of one database: it may have some of its own. */
export class PostgresTypes {
  static readonly QUERY =
    `SELECT t.oid, CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END, coalesce(e.typdelim, ','), t.typbasetype
    FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem WHERE t.oid = ANY($1::oid[])`
  readonly #lookup: Lookup
  readonly #described = new Map<number, Described>()

  constructor(lookup: Lookup) {
    this.#lookup = lookup
  }

  static nameOf(oid: number): string {
    return KNOWN[oid]?.name ?? 'other'
  }

  /** `numbers`: what is declared of those in JSON. */
  async reader(oid: number, numbers: DeclaredNumbers | null): Promise<ReadCell> {
    const known = KNOWN[oid]
    if (known !== undefined) return known.read === 'json' ? text => jsonCell(text, numbers) : known.read
    const { element, delimiter, base } = await this.#describe(oid)
    if (base !== 0) return await this.reader(base, numbers)
    if (element === 0) return asText
    const read = await this.reader(element, numbers)
    return text => arrayCell(text, read, delimiter)
  }

  async #describe(oid: number): Promise<Described> {
    const known = this.#described.get(oid)
    if (known !== undefined) return known
    const [found = []] = await this.#lookup([oid])
    const [, element, delimiter, base] = found
    const described = { element: Number(element ?? 0), delimiter: delimiter ?? ',', base: Number(base ?? 0) }
    this.#described.set(oid, described)
    return described
  }
}
