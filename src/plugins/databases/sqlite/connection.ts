/** A database of SQLite, by the one that Node has built in. What is asked of it is answered before anything else goes on in this process. */
import { statSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Answer, Column, Database, NumbersOf, Param, Record, Stream, Transaction } from '../database.ts'
import { DatabaseError } from '../database-error.ts'
import { DIALECTS } from '../dialect.ts'
import type { Access } from '../place.ts'
import { sqliteError } from './errors.ts'
import { cellOf, typeOf } from './types.ts'

/** Records that are handed on at once. */
const AT_ONCE = 512
const BUSY_MS = 10_000

const BEGIN: { readonly [kind in Transaction]: string } = { snapshot: 'BEGIN', write: 'BEGIN IMMEDIATE' }

type Values = Parameters<StatementSync['all']>

// cast: all that a parameter becomes is a value of SQLite.
const boundAll = (params: readonly Param[]) => params.map(bound) as Values

export class SqliteConnection implements Database {
  readonly dialect = DIALECTS.sqlite
  readonly shown: string
  readonly #db: DatabaseSync

  private constructor(db: DatabaseSync, shown: string) {
    this.#db = db
    this.shown = shown
  }

  /** `path`: absolute; `shown`: as the pipeline file has it. Makes no file. @throws DatabaseError */
  static open(path: string, shown: string, access: Access): SqliteConnection {
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
    try {
      if (!statSync(path).isFile()) throw new DatabaseError('login', `${shown} is no file`)
      // Defensive: a statement can't damage the file.
      const settings = { readOnly: access === 'read', timeout: BUSY_MS, defensive: true }
      const db = new DatabaseSync(path, { ...settings, enableForeignKeyConstraints: true })
      const connection = new SqliteConnection(db, shown)
      // It is looked at first when something is asked of it.
      db.prepare('SELECT count(*) FROM sqlite_schema').get()
      return connection
    } catch (error) {
      throw sqliteError(error)
    }
  }

  get isLost(): boolean {
    return !this.#db.isOpen
  }

  async ask(statement: string, params: readonly Param[] = [], numbers: NumbersOf = none): Promise<Answer> {
    return this.#doing(() => {
      const prepared = this.#prepare(statement)
      const columns = columnsOf(prepared)
      if (columns.length === 0) {
        const { changes } = prepared.run(...boundAll(params))
        return { columns, records: [], changed: Number(changes) }
      }
      const read = readerOf(columns, numbers)
      // cast: `setReturnArrays`.
      const found = prepared.all(...boundAll(params)) as unknown as unknown[][]
      return { columns, records: found.map(read), changed: 0 }
    })
  }

  async stream(query: string, params: readonly Param[] = [], numbers: NumbersOf = none): Promise<Stream> {
    return this.#doing(() => {
      const prepared = this.#prepare(query)
      const columns = columnsOf(prepared)
      if (columns.length === 0) throw new DatabaseError('statement', 'the statement gives no records')
      const found = prepared.iterate(...boundAll(params))
      // cast: the same.
      return { columns, pieces: this.#pieces(found as unknown as Iterator<unknown[]>, readerOf(columns, numbers)) }
    })
  }

  async *#pieces(found: Iterator<unknown[]>, read: (values: readonly unknown[]) => Record) {
    let is_read = false
    try {
      while (!is_read) {
        const piece: Record[] = []
        this.#doing(() => {
          while (piece.length < AT_ONCE && !is_read) {
            const next = found.next()
            if (next.done === true) is_read = true
            else piece.push(read(next.value))
          }
        })
        if (piece.length > 0) yield piece
      }
    } finally {
      if (!is_read && this.#db.isOpen) found.return?.()
    }
  }

  async begin(kind: Transaction): Promise<void> {
    this.#doing(() => this.#db.exec(BEGIN[kind]))
  }

  async commit(): Promise<void> {
    this.#doing(() => this.#db.exec('COMMIT'))
  }

  async rollback(): Promise<void> {
    if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec('ROLLBACK')
  }

  async close(): Promise<void> {
    if (this.#db.isOpen) this.#db.close()
  }

  #prepare(statement: string): StatementSync {
    const prepared = this.#db.prepare(statement)
    // It prepares the first of several, and says nothing of the others.
    const rest = statement.slice(prepared.sourceSQL.length).replace(/--.*|\/\*[\s\S]*?\*\//g, '')
    if (/[^\s;]/.test(rest)) throw new DatabaseError('statement', 'it is several statements instead of one')
    prepared.setReadBigInts(true)
    prepared.setReturnArrays(true)
    return prepared
  }

  #doing<T>(work: () => T): T {
    if (!this.#db.isOpen) throw new DatabaseError('lost', 'the database is closed')
    try {
      return work()
    } catch (error) {
      throw sqliteError(error)
    }
  }
}

const none: NumbersOf = () => null

/** Whole numbers as such: a column without a type would hold them as doubles. */
function bound(param: Param): unknown {
  if (typeof param === 'number') return Number.isSafeInteger(param) ? BigInt(param) : param
  if (typeof param === 'boolean') return param ? 1n : 0n
  return Array.isArray(param) ? JSON.stringify(param) : param
}

const columnsOf = (prepared: StatementSync): readonly Column[] =>
  prepared.columns().map(({ name, type }) => ({ name, type: typeOf(type) }))

function readerOf(columns: readonly Column[], numbers: NumbersOf): (values: readonly unknown[]) => Record {
  const declared = columns.map(({ name }) => numbers(name))
  return values => values.map((value, i) => cellOf(value, columns[i]?.type ?? '', declared[i] ?? null))
}
