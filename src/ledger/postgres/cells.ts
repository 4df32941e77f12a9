/**
 * What a ledger's cells may hold. The database keeps types and encoding; what it can't know is that no number of ours is beyond those that
 * JavaScript holds exactly, and how large a text may be that is read as a whole.
 */
import { CustodyError } from '../../model/error.ts'

/** The largest text or bytes that are read: eight times the largest record, a quarter of what JavaScript can hold. */
const MAX_CELL_BYTES = 128 * 1024 * 1024

/** A column that may be so large that its length is asked first: null is given in the place of what is too large. */
export const large = (column: string, as = column): string =>
  `CASE WHEN octet_length(${column}) <= ${MAX_CELL_BYTES} THEN ${column} END AS ${as.replace(/^.*\./, '')}`

/** Null there means: too large. */
const LARGE = ['body', 'salts', 'entries', 'key_id', 'data_key', 'message', 'note', 'stamp', 'holder']

/** The first cell that isn't as the read port says. */
export function troubleIn(record: { readonly [column: string]: unknown }): CellTrouble | null {
  for (const column in record) {
    const value = record[column]
    if (typeof value === 'bigint') return { column, what: `is ${value}, which is beyond all numbers of a ledger` }
    if (value === null && LARGE.includes(column)) return { column, what: TOO_LARGE }
  }
  return null
}

/** A cell and what is wrong with it. */
export interface CellTrouble {
  readonly column: string
  readonly what: string
}

export const TOO_LARGE = `has more than ${MAX_CELL_BYTES / 1024 / 1024} MiB`

const KEYS = ['log', 'seq', 'first', 'token', 'tree', 'level', 'idx', 'size']

/** Names the cell by its table and what of its key is known; `log`: the query's first value, where the record doesn't say. */
export function cellError(
  url: string,
  query: string,
  log: unknown,
  record: { readonly [column: string]: unknown },
  { column, what }: CellTrouble,
): CustodyError {
  const of_payload = column.startsWith('payload')
  const table = of_payload ? 'payloads' : (/\bFROM (\w+)/.exec(query)?.[1] ?? '?')
  const known: { readonly [column: string]: unknown } = { ...(typeof log === 'number' ? { log } : {}), ...record }
  const place = KEYS.flatMap(key => (known[key] === undefined || key === column ? [] : `${key} ${String(known[key])}`))
  const name = !of_payload ? column : column === 'payload' ? 'body' : 'salts'
  return new CustodyError(
    'CUSTODY_VERIFY_FAILED',
    `the ledger ${url} is damaged: ${[table, ...place].join(', ')}: \`${name}\` ${what}`,
    { hint: 'Run `custody verify` to see all that is wrong.' },
  )
}
