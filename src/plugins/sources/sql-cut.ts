/**
 * Cuts a table into ranges by its key.
 *
 * A place is `{row, bytes, key}`: how many rows stand before it, how long their texts are, and the key of the last of them, null where none is.
 *
 * SQL-CUT-1. Where ranges end depends on the rows, and on where they are asked to end, alone; all of it is found out in one snapshot.
 * SQL-CUT-2. The places between which a range lies are all that reading it takes: rows are compared with their keys by the database.
 * SQL-CUT-3. A table is cut only if its key tells rows apart, and each range, as it will be read, has as many rows as lie between its places.
 */
import { isObject, type Json } from '../../model/row.ts'
import type { RowSchema } from '../../model/schema.ts'
import type { CutLimits, SourceRange } from '../../sdk/spec.ts'
import type { Database, Param } from '../databases/database.ts'
import { DatabaseError } from '../databases/database-error.ts'
import { quotedTable, type TableName } from '../databases/dialect.ts'
import { type KeyColumn, keyColumns } from '../databases/key-columns.ts'
import { type Condition, type Key, within } from '../databases/key-range.ts'
import { tableOf } from '../databases/options.ts'
import { primaryKey } from '../databases/primary-key.ts'
import { LineHash } from './line-hash.ts'
import type { SqlSourceOptions } from './sql-options.ts'
import { orderOf, queryOf } from './sql-query.ts'
import { numbersOf, RowMaker } from './sql-records.ts'

export interface SqlPlace {
  readonly row: number
  readonly bytes: number
  readonly key: Key | null
  readonly [more: string]: Json
}

/** A range of a table. */
export interface SqlRange extends SourceRange {
  readonly from: SqlPlace | null
  readonly to: SqlPlace
}

/** As it is on record; null if it is none of a table. */
export function asSqlRange(range: SourceRange): SqlRange | null {
  const from = range.from === null ? null : placeIn(range.from)
  const to = placeIn(range.to)
  return to === null || (from === null && range.from !== null) ? null : { ...range, from, to }
}

function placeIn(place: Json): SqlPlace | null {
  const { row, bytes, key } = isObject(place) ? place : {}
  if (typeof row !== 'number' || typeof bytes !== 'number') return null
  if (key === null) return { row, bytes, key }
  const texts = Array.isArray(key) ? key.filter(each => each === null || typeof each === 'string') : []
  return Array.isArray(key) && texts.length === key.length ? { row, bytes, key: texts } : null
}

/** Rows that are looked at to know how long others are. */
const SAMPLED = 512
/** A longer key isn't kept: it would stand in the ledger. In UTF-16 units. */
const MAX_KEY_UNITS = 64 * 1024

/** A table that is about to be cut, in a snapshot. */
export class SqlCut {
  readonly #rows: number
  /** As long as all are taken to be, from the first ones. */
  readonly #row_bytes: number
  readonly #database: Database
  readonly #options: SqlSourceOptions
  readonly #input: RowSchema

  private constructor(
    database: Database,
    options: SqlSourceOptions,
    input: RowSchema,
    rows: number,
    row_bytes: number,
  ) {
    this.#database = database
    this.#options = options
    this.#input = input
    this.#rows = rows
    this.#row_bytes = row_bytes
  }

  /** `database`: in a snapshot. @throws DatabaseError */
  static async of(database: Database, options: SqlSourceOptions, input: RowSchema): Promise<SqlCut> {
    const { records } = await database.ask(`SELECT count(*) FROM ${quotedTable(database.dialect, tableIn(options))}`)
    const { text, params } = await queryOf(database, options, null)
    const first = await hashed(database, `${text} LIMIT ${SAMPLED}`, params, input)
    const row_bytes = Math.max(1, Math.round(first.bytes / Math.max(1, first.records)))
    return new SqlCut(database, options, input, Number(records[0]?.[0]), row_bytes)
  }

  /** In bytes, of which all rows have as many. */
  get extent(): number {
    return this.#rows * this.#row_bytes
  }

  /** `ends`: of `extent`. Null if it can't be cut. @throws DatabaseError; the signal's reason. */
  async ranges(ends: readonly number[], limits: CutLimits): Promise<readonly SqlRange[] | null> {
    const rows = Math.min(this.#rows, limits.most_records ?? this.#rows)
    const numbers = [...ends.map(end => Math.min(rows, Math.floor(end / this.#row_bytes) + 1)), rows]
    const columns = await this.#columns()
    const keys = columns === null ? null : await this.#keysOf(columns, new Set(numbers))
    if (columns === null || keys === null) return null
    const ranges: SqlRange[] = []
    let before: SqlPlace = { row: 0, bytes: 0, key: null }
    for (const row of numbers) {
      limits.signal.throwIfAborted()
      const key = keys.get(row) ?? null
      const where = between(this.#database, columns, before.key, key)
      const { bytes, sha256, records } = await this.#read(row === before.row ? null : where, limits.signal)
      if (records !== row - before.row) return null
      const to = { row, bytes: before.bytes + bytes, key }
      const from = ranges.length === 0 ? null : before
      ranges.push({ from, to, records_before: before.row, records, line: 0, bytes, sha256 })
      before = to
    }
    return ranges
  }

  /** Null if they don't order rows as certainly as cutting takes. */
  async #columns(): Promise<readonly KeyColumn[] | null> {
    const table = tableIn(this.#options)
    const names = await orderOf(this.#database, this.#options)
    const columns = names.length === 0 ? null : await keyColumns(this.#database, table, names)
    if (columns === null) return null
    return (await this.#isUnique(table, columns)) ? columns : null
  }

  async #isUnique(table: TableName, columns: readonly KeyColumn[]): Promise<boolean> {
    const { dialect } = this.#database
    const never_null = columns.filter(({ is_nullable }) => !is_nullable).map(({ name }) => name)
    const primary = await primaryKey(this.#database, table)
    const is_same_order = dialect.kind === 'postgres' || dialect.kind === 'mysql'
    // Keys that an index of SQLite or DuckDB tells apart may be one to the collation by which rows are ordered.
    if (is_same_order && primary.length > 0 && primary.every(each => never_null.includes(each))) return true
    const order = columns.map(({ name }) => dialect.identifier(name)).join(', ')
    const { records } = await this.#database.ask(
      `SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY ${order}) AS custody_n, rank() OVER (ORDER BY ${order}) AS custody_rank
        FROM ${quotedTable(dialect, table)}) AS custody_rows WHERE custody_n <> custody_rank`,
    )
    return Number(records[0]?.[0]) === 0
  }

  /** Keys of the rows with these numbers, from 1 on, in the order of all. Null if one has none that could be kept. */
  async #keysOf(columns: readonly KeyColumn[], rows: ReadonlySet<number>): Promise<ReadonlyMap<number, Key> | null> {
    const { dialect } = this.#database
    const names = columns.map(({ name }) => dialect.identifier(name))
    const texts = columns.map(({ type }, i) => type.text(names[i] ?? ''))
    const wanted = [...rows].filter(row => row > 0)
    const keys = new Map<number, Key>()
    for (let i = 0; i < wanted.length; i += dialect.most_params) {
      const some = wanted.slice(i, i + dialect.most_params)
      const { records } = await this.#database.ask(
        `SELECT custody_n, ${texts.join(', ')} FROM (SELECT ${names.join(', ')}, row_number() OVER (ORDER BY ${names.join(', ')}) AS custody_n
          FROM ${quotedTable(dialect, tableIn(this.#options))}) AS custody_rows
          WHERE custody_n IN (${some.map((_, n) => dialect.placeholder(n + 1)).join(', ')})`,
        some,
      )
      for (const [row, ...cells] of records) {
        const key = cells.map(cell => (cell === null || typeof cell === 'string' ? cell : undefined))
        if (!key.every(text => text !== undefined && (text?.length ?? 0) <= MAX_KEY_UNITS)) return null
        // cast: just looked at.
        keys.set(Number(row), key as Key)
      }
    }
    return keys.size === wanted.length ? keys : null
  }

  /** `where`: null for no row. */
  async #read(where: Condition | null, signal: AbortSignal): Promise<Hashed> {
    if (where === null) return { bytes: 0, records: 0, sha256: new LineHash().ofAll() }
    const { text, params } = await queryOf(this.#database, this.#options, where)
    return await hashed(this.#database, text, params, this.#input, signal)
  }
}

interface Hashed {
  readonly bytes: number
  readonly records: number
  readonly sha256: string
}

/** What a query gives. */
async function hashed(
  database: Database,
  text: string,
  params: readonly Param[],
  input: RowSchema,
  signal?: AbortSignal,
): Promise<Hashed> {
  const lines = new LineHash()
  let bytes = 0
  const stream = await database.stream(text, params, numbersOf(input))
  const maker = new RowMaker(stream.columns, input)
  for await (const piece of stream.pieces) {
    signal?.throwIfAborted()
    for (const record of piece) {
      const { line } = maker.make(record, () => null)
      bytes += Buffer.byteLength(line) + 1
      lines.add(line)
    }
    lines.upTo(lines.size)
  }
  return { bytes, records: lines.size, sha256: lines.ofAll() }
}

function tableIn({ table }: SqlSourceOptions): TableName {
  if (table === undefined) throw new TypeError('it reads a query')
  return tableOf(table)
}

/** Which rows a range has. Null if the table’s key isn’t what it was. @throws DatabaseError */
export async function conditionOf(
  database: Database,
  options: SqlSourceOptions,
  { from, to }: Pick<SqlRange, 'from' | 'to'>,
): Promise<Condition | null> {
  const names = await orderOf(database, options)
  const columns = await keyColumns(database, tableIn(options), names)
  const after = from?.key ?? null
  if (columns === null || [after, to.key].some(key => key !== null && key.length !== columns.length)) return null
  return between(database, columns, after, to.key)
}

function between(
  { dialect }: Database,
  columns: readonly KeyColumn[],
  after: Key | null,
  up_to: Key | null,
): Condition {
  return up_to === null ? { text: '1 = 0', params: [] } : within(dialect, columns, { after, up_to })
}

/** The database doesn't know the statements that cutting takes, or they aren't possible for what is there. */
export const isCutRefused = (error: unknown): boolean =>
  error instanceof DatabaseError && ['statement', 'value', 'denied'].includes(error.kind)
