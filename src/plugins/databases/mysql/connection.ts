/** A connection to a server of MySQL or MariaDB, by `mysql2`. Statements are prepared: values are never put into their texts. */
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { Connection, FieldPacket } from 'mysql2'
import { type Address, isSocket } from '../address.ts'
import type { Answer, Column, Database, NumbersOf, Param, Record, Stream, Transaction } from '../database.ts'
import { DatabaseError } from '../database-error.ts'
import { DIALECTS } from '../dialect.ts'
import type { Timeouts } from '../timeouts.ts'
import { tlsSettings } from '../tls.ts'
import { mysqlError } from './errors.ts'
import { readersOf, typeName } from './types.ts'

/** Records that are handed on at once, and that lie ready. */
const AT_ONCE = 512

const SNAPSHOT = [
  'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY',
  'START TRANSACTION WITH CONSISTENT SNAPSHOT',
]
const WRITE = ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED', 'START TRANSACTION']

/** Times are UTC; a value that doesn't fit is refused, never cut; who reads slowly isn't cut off. */
const SETTINGS = [
  `SET SESSION time_zone = '+00:00'`,
  `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'`,
  'SET SESSION net_write_timeout = 86400, SESSION wait_timeout = 604800',
]

type Params = Parameters<Connection['execute']>[1]

// cast: all that a parameter becomes is a value of the library.
const boundAll = (params: readonly Param[]) => params.map(bound) as Params

export class MysqlConnection implements Database {
  readonly dialect = DIALECTS.mysql
  readonly shown: string
  readonly #connection: Connection
  #is_lost = false
  /** The stream that is read. */
  #reading: Readable | null = null

  private constructor(connection: Connection, shown: string) {
    this.#connection = connection
    this.shown = shown
    const lose = () => {
      this.#is_lost = true
      // The library tells it nothing if it waits to be read on.
      this.#reading?.destroy(new DatabaseError('lost', 'the connection was cut'))
    }
    connection.on('error', lose)
    connection.on('end', lose)
    // cast: the library's types leave its socket out.
    const { stream } = connection as unknown as { readonly stream: Socket }
    stream.once('close', lose)
  }

  /** `folder`: where relative paths of certificates start. @throws DatabaseError */
  static async open(address: Address, folder: string, timeouts: Timeouts): Promise<MysqlConnection> {
    const { createConnection } = await import('mysql2')
    const { host, port, user, password, database, tls, shown } = address
    // cast: the library's types leave some of its options out.
    const settings = {
      ...(isSocket(host) ? { socketPath: host } : { host, port }),
      ...{ user, database, charset: 'utf8mb4_bin', connectTimeout: timeouts.connect_ms },
      ...(password === undefined ? {} : { password }),
      ...(tls === null ? {} : { ssl: { ...tlsSettings(tls, folder), verifyIdentity: tls.names_host } }),
      ...{ supportBigNumbers: true, bigNumberStrings: true, dateStrings: true, jsonStrings: true, rowsAsArray: true },
      ...{ timezone: 'Z', maxPreparedStatements: 64, enableKeepAlive: true, multipleStatements: false },
      flags: ['-LOCAL_FILES'],
    } as Parameters<typeof createConnection>[0]
    const connection = createConnection(settings)
    const opened = new MysqlConnection(connection, shown)
    try {
      await new Promise<void>((done, failed) => connection.connect(error => (error === null ? done() : failed(error))))
      for (const setting of [...SETTINGS, ...(await opened.#limits(timeouts))]) await opened.#plain(setting)
      return opened
    } catch (error) {
      await opened.close()
      throw mysqlError(error, 'connecting')
    }
  }

  get isLost(): boolean {
    return this.#is_lost
  }

  async ask(statement: string, params: readonly Param[] = [], numbers: NumbersOf = none): Promise<Answer> {
    this.#mustBeOpen()
    return await new Promise((done, failed) => {
      this.#connection.execute({ sql: statement, rowsAsArray: true }, boundAll(params), (error, found, fields) => {
        if (error !== null) failed(mysqlError(error, 'asking'))
        else if (fields === undefined || !Array.isArray(found)) {
          // cast: what isn't a list of records is the header of a result without any.
          const { affectedRows = 0 } = found as { affectedRows?: number }
          done({ columns: [], records: [], changed: affectedRows })
        } else {
          const readers = readersOf(fields, numbers)
          // cast: `rowsAsArray`.
          const records = (found as unknown as unknown[][]).map(values => readers(values))
          done({ columns: fields.map(columnOf), records, changed: 0 })
        }
      })
    })
  }

  async stream(query: string, params: readonly Param[] = [], numbers: NumbersOf = none): Promise<Stream> {
    this.#mustBeOpen()
    const command = this.#connection.execute({ sql: query, rowsAsArray: true }, boundAll(params))
    const stream = command.stream({ highWaterMark: AT_ONCE, objectMode: true })
    this.#reading = stream
    const fields = await fieldsOf(command, stream)
    return { columns: fields.map(columnOf), pieces: this.#pieces(stream, readersOf(fields, numbers)) }
  }

  async *#pieces(stream: AsyncIterable<readonly unknown[]>, read: (values: readonly unknown[]) => Record) {
    let piece: Record[] = []
    let is_read = false
    try {
      for await (const values of stream) {
        piece.push(read(values))
        if (piece.length < AT_ONCE) continue
        yield piece
        piece = []
      }
      is_read = true
      this.#reading = null
    } catch (error) {
      throw mysqlError(error, 'asking')
    } finally {
      // The server sends the rest of the records, whether somebody wants them or not.
      if (!is_read) this.#drop()
    }
    if (piece.length > 0) yield piece
  }

  async begin(kind: Transaction): Promise<void> {
    for (const statement of kind === 'snapshot' ? SNAPSHOT : WRITE) await this.#plain(statement)
  }

  async commit(): Promise<void> {
    await this.#plain('COMMIT')
  }

  async rollback(): Promise<void> {
    try {
      if (!this.#is_lost) await this.#plain('ROLLBACK')
    } catch {
      this.#drop()
    }
  }

  async close(): Promise<void> {
    if (!this.#is_lost) this.#drop()
  }

  /** Of statements of our own, some of which can't be prepared. */
  async #plain(statement: string): Promise<void> {
    this.#mustBeOpen()
    await new Promise<void>((done, failed) =>
      this.#connection.query(statement, error => (error === null ? done() : failed(mysqlError(error, 'asking')))),
    )
  }

  /** MariaDB counts seconds, MySQL milliseconds and only for reading. */
  async #limits({ statement_ms }: Timeouts): Promise<readonly string[]> {
    if (statement_ms === null) return []
    const { records } = await this.ask('SELECT VERSION()')
    const is_mariadb = /mariadb/i.test(String(records[0]?.[0] ?? ''))
    return [
      is_mariadb
        ? `SET SESSION max_statement_time = ${statement_ms / 1000}`
        : `SET SESSION max_execution_time = ${statement_ms}`,
    ]
  }

  #mustBeOpen(): void {
    if (this.#is_lost) throw new DatabaseError('lost', 'the connection is closed')
  }

  #drop(): void {
    this.#is_lost = true
    this.#connection.destroy()
  }
}

const none: NumbersOf = () => null

const columnOf = (field: FieldPacket): Column => ({ name: field.name, type: typeName(field) })

/** Whole numbers as their digits, which the server compares exactly; a JSON text is no JSON until it says so. */
function bound(param: Param): unknown {
  if (param instanceof Uint8Array) return Buffer.from(param.buffer, param.byteOffset, param.byteLength)
  if (Array.isArray(param)) return JSON.stringify(param)
  return typeof param === 'bigint' ? String(param) : param
}

/** What a query gives, as soon as the server says it. @throws DatabaseError */
function fieldsOf(command: unknown, stream: Readable): Promise<readonly FieldPacket[]> {
  return new Promise((done, failed) => {
    stream.once('fields', (fields: readonly FieldPacket[] | undefined) => done(fields ?? []))
    stream.once('error', error => failed(mysqlError(error, 'asking')))
    stream.once('end', () => failed(new DatabaseError('statement', 'the statement gives no records')))
    void command
  })
}
