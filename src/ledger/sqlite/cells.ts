/**
 * What a ledger's cells may hold. Whoever can change the file can put anything anywhere: an integer that no number holds, a
 * text that isn't UTF-8 or has no end, another type. Each cell is looked at as it is read, so that behind the reader
 * everything is of the type that the read port says; what isn't is refused with the name of its cell.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { CustodyError } from '../../model/error.ts'

/** The largest text or blob that is read: eight times the largest record, a quarter of what JavaScript can hold. */
const MAX_CELL_BYTES = 128 * 1024 * 1024

/** A column that may be so large that its length is asked first: null is given in the place of what is too large. */
export const large = (column: string, as = column): string =>
  `iif(octet_length(${column}) <= ${MAX_CELL_BYTES}, ${column}, NULL) AS ${as.replace(/^.*\./, '')}`

type Type = 'integer' | 'text' | 'blob'

/** By column, or name of a result; those with `null` may be missing. */
const TYPES: { readonly [column: string]: readonly [type: Type, or?: 'null'] } = {
  log: ['integer'],
  run: ['text', 'null'],
  part: ['integer'],
  seq: ['integer'],
  row: ['integer', 'null'],
  paid: ['integer', 'null'],
  body: ['text'],
  payload: ['text', 'null'],
  salts: ['blob'],
  payload_salts: ['blob', 'null'],
  token: ['integer'],
  fate: ['integer'],
  node: ['integer'],
  sink: ['integer', 'null'],
  grp: ['integer', 'null'],
  error_code: ['text', 'null'],
  error_hash: ['blob', 'null'],
  recorded_us: ['integer'],
  batch: ['integer', 'null'],
  note: ['text'],
  epoch: ['integer'],
  holder: ['text'],
  id: ['text'],
  expires_us: ['integer'],
  count: ['integer'],
  tree: ['integer'],
  level: ['integer'],
  idx: ['integer'],
  hash: ['blob'],
  size: ['integer'],
  stamp: ['blob'],
  first: ['integer'],
  last: ['integer'],
  entries: ['text'],
  key_id: ['text'],
  data_key: ['blob'],
  message: ['blob'],
}

export type CellRecord = { readonly [column: string]: unknown }

export function recordOf(cells: readonly unknown[], columns: readonly string[]): CellRecord {
  return Object.fromEntries(columns.map((column, i) => [column, cells[i]]))
}

/** A cell and what is wrong with it. */
export interface CellTrouble {
  readonly column: string
  readonly what: string
}

/**
 * The first cell of a record that isn't as it should be, or null. On the path of each record that is read; only a text that
 * may stand for other bytes is compared with them.
 */
export function troubleIn(
  record: CellRecord,
  isFaithful: (column: string, text: string) => boolean,
): CellTrouble | null {
  for (const column in record) {
    const type = TYPES[column]
    if (type === undefined) continue
    const value = record[column]
    if (typeof value === 'string') {
      if (type[0] !== 'text') return trouble(column, type[0], value)
      // What isn't UTF-8 is decoded to this character, which a text may also contain.
      if (value.includes('\ufffd') && !isFaithful(column, value)) return { column, what: 'isn’t UTF-8' }
    } else if (typeof value === 'number') {
      if (type[0] !== 'integer' || !Number.isSafeInteger(value)) return trouble(column, type[0], value)
    } else if (value === null) {
      if (type[1] !== 'null') return trouble(column, type[0], value)
    } else if (type[0] !== 'blob') return trouble(column, type[0], value)
  }
  return null
}

/**
 * For records that are read by the thousand, as lists of cells: whether nothing about one needs to be looked at with `troubleIn`. Each
 * column is one of those that have a type.
 */
export function plainCells(columns: readonly string[]): (cells: readonly unknown[]) => boolean {
  const types = columns.map(column => TYPES[column] ?? (['blob'] as const))
  return cells => {
    for (let i = 0; i < types.length; i++) {
      const value = cells[i]
      const [type, or] = types[i] as (typeof types)[number]
      if (value === null) {
        if (or !== 'null') return false
      } else if (type === 'integer') {
        if (!Number.isSafeInteger(value)) return false
      } else if (type === 'text') {
        if (typeof value !== 'string' || value.includes('\ufffd')) return false
      } else if (!(value instanceof Uint8Array)) return false
    }
    return true
  }
}

export function isExact(value: bigint): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER
}

/** Nothing else is null where something is needed: what has too many bytes is given as null. */
export const TOO_LARGE = `is missing, or has more than ${MAX_CELL_BYTES / 1024 / 1024} MiB`
const WANTED = { integer: 'a whole number that is exact', text: 'a text', blob: 'bytes' } as const

function trouble(column: string, type: Type, value: unknown): CellTrouble {
  if (value === null && type !== 'integer') return { column, what: TOO_LARGE }
  const shown = typeof value === 'string' ? 'a text' : value instanceof Uint8Array ? 'bytes' : String(value)
  return { column, what: `is ${shown}, not ${WANTED[type]}` }
}

/** Whether a text is what the bytes of its cell say: only those decode without loss. */
export function isFaithful(db: DatabaseSync, { table, column, key }: Cell, text: string): boolean {
  const condition = Object.keys(key)
    .map(each => `${each} IS ?`)
    .join(' AND ')
  const found = db
    .prepare(`SELECT CAST(${column} AS BLOB) AS bytes FROM ${table} WHERE ${condition}`)
    .get(...Object.values(key)) as { readonly bytes: Uint8Array | null } | undefined
  // A damaged index finds records that have nothing there.
  return found?.bytes != null && Buffer.from(text, 'utf8').equals(found.bytes)
}

/** Where a cell stands. */
export interface Cell {
  readonly table: string
  readonly column: string
  readonly key: { readonly [column: string]: SQLInputValue }
}

const KEYS: { readonly [table: string]: readonly string[] } = {
  logs: ['log'],
  heads: ['log'],
  leases: ['log'],
  home: [],
  witnessed: ['size'],
  timestamps: ['size'],
  entries: ['log', 'seq'],
  payloads: ['log', 'seq'],
  sealed: ['log', 'first'],
  endings: ['log', 'token'],
  open_tokens: ['log', 'token'],
  tiles: ['log', 'tree', 'level', 'idx'],
}

/** The cell of a record that a query gave. `log`: the query's first value, where the record doesn't say. */
export function cellOf(query: string, log: SQLInputValue, record: CellRecord, column: string): Cell {
  const from = /\bFROM (\w+)/.exec(query)?.[1] ?? '?'
  const of_payload = column.startsWith('payload')
  const table = of_payload ? 'payloads' : from
  const key: { [column: string]: SQLInputValue } = {}
  for (const each of KEYS[table] ?? []) {
    const value = record[each] ?? (each === 'log' ? log : undefined)
    if (typeof value === 'number' || typeof value === 'bigint') key[each] = value
  }
  return { table, column: !of_payload ? column : column === 'payload' ? 'body' : 'salts', key }
}

export function cellError(url: string, { table, column, key }: Cell, what: string): CustodyError {
  const place = Object.entries(key).map(([name, value]) => `${name} ${String(value)}`)
  const where = place.length === 0 ? table : `${table}, ${place.join(', ')}`
  return new CustodyError('CUSTODY_VERIFY_FAILED', `the ledger ${url} is damaged: ${where}: \`${column}\` ${what}`, {
    hint: 'Run `custody verify` to see all that is wrong.',
  })
}
