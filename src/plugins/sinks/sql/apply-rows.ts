/**
 * Writes the rows of a request within a transaction, as far as the table takes them.
 *
 * APPLY-ROWS-1. Rows are written in their order; which are refused is what it would be if each had a statement of its own.
 * APPLY-ROWS-2. A statement that meets a row which the table refuses has written nothing: its rows are tried in halves.
 */
import type { Refused } from '../../../sdk/spec.ts'
import type { Database, Param } from '../../databases/database.ts'
import { DatabaseError } from '../../databases/database-error.ts'
import { columnInsert } from './column-insert.ts'
import { insertStatement, mostRows, type Target } from './statements.ts'

/** A row as it is written. */
export interface Record {
  /** In the request, from 0. */
  readonly place: number
  readonly columns: readonly string[]
  readonly values: readonly Param[]
}

interface Parts {
  readonly database: Database
  readonly target: Target
  /** Of the table's columns, as the database names them. */
  readonly types: ReadonlyMap<string, string>
  /** Begins the transaction once more, where a statement that fails ends it. */
  readonly restart: () => Promise<void>
}

const SAVEPOINT = 'custody_rows'

export class Application {
  readonly #parts: Parts
  /** What was taken so far, for a database that has to be given it again. */
  readonly #taken: Array<readonly Record[]> = []
  readonly refused = new Map<number, Refused>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** @throws DatabaseError of what isn't a row's. */
  async write(records: readonly Record[]): Promise<void> {
    const { database, target } = this.#parts
    const { kind } = database.dialect
    const splits = kind === 'duckdb' && target.mode === 'upsert'
    let part: Record[] = []
    let keys = new Set<string>()
    for (const record of records) {
      const [first] = part
      const fits =
        first === undefined ||
        (part.length < mostRows(database.dialect, first.columns.length) && isSame(first.columns, record.columns))
      if (!fits || (splits && !isFirst(record, target.key, keys))) {
        await this.#part(part)
        part = []
        keys = new Set()
        if (splits) isFirst(record, target.key, keys)
      }
      part.push(record)
    }
    if (part.length > 0) await this.#part(part)
  }

  async #part(records: readonly Record[]): Promise<void> {
    try {
      await this.#guarded(records)
    } catch (error) {
      if (!(error instanceof DatabaseError) || !isOfRow(error)) throw error
      await this.#recover()
      const [first] = records
      if (first === undefined) return
      if (records.length === 1) {
        this.refused.set(first.place, refusal(error))
        return
      }
      const middle = records.length >> 1
      await this.#part(records.slice(0, middle))
      await this.#part(records.slice(middle))
    }
  }

  async #guarded(records: readonly Record[]): Promise<void> {
    const { database } = this.#parts
    const is_postgres = database.dialect.kind === 'postgres'
    if (is_postgres) await database.ask(`SAVEPOINT ${SAVEPOINT}`)
    await this.#insert(records)
    if (is_postgres) await database.ask(`RELEASE SAVEPOINT ${SAVEPOINT}`)
    if (database.dialect.kind === 'duckdb') this.#taken.push(records)
  }

  async #insert(records: readonly Record[]): Promise<void> {
    const { database, target, types } = this.#parts
    const { dialect } = database
    const columns = records[0]?.columns ?? []
    const rows = records.map(({ values }) => values)
    const lists =
      dialect.kind === 'duckdb' && rows.length > 1 ? columnInsert(dialect, target, columns, rows, types) : null
    if (lists !== null) await database.ask(lists.statement, lists.params)
    else await database.ask(insertStatement(dialect, target, columns, rows.length), rows.flat())
  }

  /** MySQL and SQLite take back the statement that failed by themselves; in DuckDB the whole transaction is lost. */
  async #recover(): Promise<void> {
    const { database, restart } = this.#parts
    if (database.dialect.kind === 'postgres') {
      await database.ask(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`)
      await database.ask(`RELEASE SAVEPOINT ${SAVEPOINT}`)
    }
    if (database.dialect.kind !== 'duckdb') return
    await restart()
    for (const each of this.#taken) await this.#insert(each)
  }
}

/** What DuckDB could find equal though it is written in two ways. */
const AMBIGUOUS = /^[\d+.:-]/
/** Among keys: nothing may join what is there. */
const ALONE = ''

/** Of rows in one statement that have one key DuckDB would take the first, and say nothing. `keys`: of those before it. */
function isFirst({ columns, values }: Record, key: readonly string[], keys: Set<string>): boolean {
  const parts = key.map(column => values[columns.indexOf(column)] ?? null)
  const is_ambiguous = parts.some(part => typeof part === 'string' && AMBIGUOUS.test(part))
  if (keys.has(ALONE) || (is_ambiguous && keys.size > 0)) return false
  if (is_ambiguous) keys.add(ALONE)
  const own = JSON.stringify(parts.map(String))
  if (keys.has(own)) return false
  keys.add(own)
  return true
}

/** Raised by a trigger, or a function that it calls. */
const RAISED = 'P0001'

function isOfRow({ kind, state }: DatabaseError): boolean {
  return kind === 'constraint' || kind === 'value' || state === RAISED
}

const refusal = ({ kind, message }: DatabaseError): Refused => ({
  code: kind === 'value' ? 'SQL_VALUE' : 'SQL_CONSTRAINT',
  message,
})

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((column, i) => column === other[i]))
}
