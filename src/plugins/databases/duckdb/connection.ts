/** A database of DuckDB, by its own library, which works on threads of its own. */
import type { DuckDBDataChunk, DuckDBResult, DuckDBType } from '@duckdb/node-api'
import type { Answer, Column, Database, NumbersOf, Param, Record, Stream, Transaction } from '../database.ts'
import { DatabaseError } from '../database-error.ts'
import { DIALECTS } from '../dialect.ts'
import type { Access } from '../place.ts'
import { duckdbError } from './errors.ts'
import { type Lent, lend } from './instances.ts'
import { type Library, loadLibrary } from './library.ts'
import { DuckdbTypes, type ReadCell } from './types.ts'

const BEGIN: { readonly [kind in Transaction]: string } = {
  snapshot: 'BEGIN TRANSACTION READ ONLY',
  write: 'BEGIN TRANSACTION',
}

export class DuckdbConnection implements Database {
  readonly dialect = DIALECTS.duckdb
  readonly shown: string
  readonly #library: Library
  readonly #types: DuckdbTypes
  readonly #lent: Lent
  #is_lost = false

  private constructor(library: Library, lent: Lent, shown: string) {
    this.#library = library
    this.#types = new DuckdbTypes(library)
    this.#lent = lent
    this.shown = shown
  }

  /** `path`: absolute; `shown`: as the pipeline file has it. Makes no file. @throws DatabaseError */
  static async open(path: string, shown: string, access: Access): Promise<DuckdbConnection> {
    try {
      const lent = await lend(path, shown, access)
      return new DuckdbConnection(await loadLibrary(), lent, shown)
    } catch (error) {
      throw duckdbError(error)
    }
  }

  get isLost(): boolean {
    return this.#is_lost
  }

  async ask(statement: string, params: readonly Param[] = [], numbers: NumbersOf = none): Promise<Answer> {
    const { columns, pieces, result } = await this.#asked(statement, params, numbers)
    const records: Record[] = []
    for await (const piece of pieces) records.push(...piece)
    // Of a statement that gives no records, the library says how many it changed as one.
    const gives = result.returnType === this.#library.ResultReturnType.QUERY_RESULT
    return gives ? { columns, records, changed: 0 } : { columns: [], records: [], changed: result.rowsChanged }
  }

  stream(query: string, params: readonly Param[] = [], numbers: NumbersOf = none): Promise<Stream> {
    return this.#asked(query, params, numbers)
  }

  async begin(kind: Transaction): Promise<void> {
    await this.#run(BEGIN[kind])
  }

  async commit(): Promise<void> {
    await this.#run('COMMIT')
  }

  async rollback(): Promise<void> {
    if (this.#is_lost) return
    try {
      await this.#lent.connection.run('ROLLBACK')
    } catch {
      // There is none where it failed to begin.
      await this.#lent.connection.run('SELECT 1').catch(() => this.close())
    }
  }

  async close(): Promise<void> {
    if (this.#is_lost) return
    this.#is_lost = true
    this.#lent.connection.interrupt()
    this.#lent.giveBack()
  }

  async #run(statement: string): Promise<void> {
    this.#mustBeOpen()
    await this.#lent.connection.run(statement).catch(error => {
      throw duckdbError(error)
    })
  }

  async #asked(statement: string, params: readonly Param[], numbers: NumbersOf) {
    this.#mustBeOpen()
    const result = await this.#one(statement, params).catch(error => {
      throw duckdbError(error)
    })
    const names = result.columnNames()
    const types = result.columnTypes()
    const columns: Column[] = names.map((name, i) => ({ name, type: types[i]?.alias ?? String(types[i]) }))
    const readers = types.map((type, i) => this.#types.reader(type, numbers(names[i] ?? '')))
    return { columns, result, pieces: this.#pieces(result, readers) }
  }

  /** The library would run several statements, one after another. */
  async #one(statement: string, params: readonly Param[]): Promise<DuckDBResult> {
    const { connection } = this.#lent
    const extracted = await connection.extractStatements(statement)
    if (extracted.count !== 1)
      throw new DatabaseError('statement', `it is ${extracted.count} statements instead of one`)
    const prepared = await extracted.prepare(0)
    try {
      const values = params.map(param => this.#types.valueOf(param))
      const types = params.map(param => this.#types.typeOf(param))
      // cast: the library reads `undefined` as a type that it is to find out.
      if (values.length > 0) prepared.bind(values, types as DuckDBType[])
      return await prepared.stream()
    } finally {
      prepared.destroySync()
    }
  }

  async *#pieces(result: DuckDBResult, readers: readonly ReadCell[]) {
    for (;;) {
      this.#mustBeOpen()
      const chunk = await result.fetchChunk().catch(error => {
        throw duckdbError(error)
      })
      if (chunk === null || chunk.rowCount === 0) return
      yield recordsOf(chunk, readers)
    }
  }

  #mustBeOpen(): void {
    if (this.#is_lost) throw new DatabaseError('lost', 'the database is closed')
  }
}

const none: NumbersOf = () => null

function recordsOf(chunk: DuckDBDataChunk, readers: readonly ReadCell[]): readonly Record[] {
  const columns = chunk.getColumns()
  const records: Record[] = []
  for (let row = 0; row < chunk.rowCount; row++)
    records.push(
      readers.map((read, i) => {
        const value = columns[i]?.[row] ?? null
        return value === null ? null : read(value)
      }),
    )
  return records
}
