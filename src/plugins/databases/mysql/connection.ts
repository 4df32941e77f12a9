/** A connection to a server of MySQL or MariaDB, by `mysql2`. Statements are prepared: values are never put into their texts. */
import { isIP, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { Connection, FieldPacket } from 'mysql2'
import { type Address, isSocket } from '../address.ts'
import { Awaited } from '../awaited.ts'
import type { Answer, Column, Database, NumbersOf, Param, Record, Stream, Transaction } from '../database.ts'
import { DatabaseError } from '../database-error.ts'
import { DIALECTS } from '../dialect.ts'
import type { Timeouts } from '../timeouts.ts'
import { tlsSettings } from '../tls.ts'
import { mysqlError, refusedInPlain } from './errors.ts'
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
  readonly #socket: Socket
  readonly #awaited: Awaited

  private constructor(connection: Connection, shown: string, silence_ms: number) {
    this.#connection = connection
    this.shown = shown
    // cast: the library's types leave its socket out.
    this.#socket = (connection as unknown as { readonly stream: Socket }).stream
    this.#awaited = new Awaited(silence_ms, () => this.#drop())
    const lose = () => this.#awaited.lose('the connection was cut')
    connection.on('error', lose)
    connection.on('end', lose)
    this.#socket.once('close', lose)
  }

  /** `folder`: where relative paths of certificates start. @throws DatabaseError */
  static async open(address: Address, folder: string, timeouts: Timeouts): Promise<MysqlConnection> {
    const { createConnection } = await import('mysql2')
    const { host, port, user, password, database, tls, shown } = address
    // The library would take a certificate for localhost, whatever the address.
    if (tls?.names_host === true && isIP(host) !== 0)
      throw new DatabaseError('tls', `a certificate can’t be verified for an address, and the host is ${host}`, {
        hint: 'Name the host as its certificate does, or write `tls: {verify: ca}` for any host that the authority vouches for.',
      })
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
    const opened = new MysqlConnection(connection, shown, timeouts.silence_ms)
    const connected = () =>
      new Promise<void>((done, failed) => connection.connect(error => (error === null ? done() : failed(error))))
    const set = async () => {
      await connected()
      for (const setting of [...SETTINGS, ...(await opened.#limits(timeouts))]) await opened.#plain(setting)
    }
    try {
      await opened.#awaited.answer(set, timeouts.connect_ms)
      return opened
    } catch (error) {
      await opened.close()
      const refused = mysqlError(error, 'connecting')
      throw tls === null && !isSocket(host) ? refusedInPlain(refused) : refused
    }
  }

  get isLost(): boolean {
    return this.#awaited.isLost
  }

  async ask(statement: string, params: readonly Param[] = [], numbers: NumbersOf = none): Promise<Answer> {
    const { found, fields } = await this.#awaited.answer(() => this.#executed(statement, params))
    if (fields === undefined || !Array.isArray(found)) {
      // cast: what isn't a list of records is the header of a result without any.
      const { affectedRows = 0 } = found as { affectedRows?: number }
      return { columns: [], records: [], changed: affectedRows }
    }
    const read = readersOf(fields, numbers)
    // cast: `rowsAsArray`.
    const records = (found as unknown as unknown[][]).map(values => read(values))
    return { columns: fields.map(columnOf), records, changed: 0 }
  }

  #executed(statement: string, params: readonly Param[]): Promise<Executed> {
    return new Promise((done, failed) => {
      this.#connection.execute({ sql: statement, rowsAsArray: true }, boundAll(params), (error, found, fields) =>
        error === null ? done({ found, fields }) : failed(mysqlError(error, 'asking')),
      )
    })
  }

  async stream(query: string, params: readonly Param[] = [], numbers: NumbersOf = none): Promise<Stream> {
    let stream: Readable | null = null
    const begun = () => {
      const command = this.#connection.execute({ sql: query, rowsAsArray: true }, boundAll(params))
      stream = command.stream({ highWaterMark: AT_ONCE, objectMode: true })
      return fieldsOf(stream)
    }
    const fields = await this.#awaited.answer(begun)
    if (stream === null) throw new TypeError('nothing was begun')
    return { columns: fields.map(columnOf), pieces: this.#pieces(stream, readersOf(fields, numbers)) }
  }

  async *#pieces(stream: Readable, read: (values: readonly unknown[]) => Record) {
    let piece: Record[] = []
    let is_read = false
    const watch = this.#awaited.watch(lost => stream.destroy(lost))
    watch.begin()
    try {
      for await (const values of stream) {
        watch.came()
        piece.push(read(values))
        if (piece.length < AT_ONCE) continue
        watch.end()
        yield piece
        watch.begin()
        piece = []
      }
      is_read = true
    } catch (error) {
      throw mysqlError(error, 'asking')
    } finally {
      watch.end()
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
      if (!this.isLost) await this.#plain('ROLLBACK')
    } catch {
      this.#drop()
    }
  }

  async close(): Promise<void> {
    this.#drop()
  }

  /** Of statements of our own, some of which can't be prepared. */
  async #plain(statement: string): Promise<void> {
    const asked = () =>
      new Promise<void>((done, failed) =>
        this.#connection.query(statement, error => (error === null ? done() : failed(mysqlError(error, 'asking')))),
      )
    await this.#awaited.answer(asked)
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

  #drop(): void {
    this.#awaited.lose('the connection is closed')
    this.#connection.destroy()
    // The library only takes leave, and lets the server send whatever it still has to.
    this.#socket.destroy()
  }
}

const none: NumbersOf = () => null

interface Executed {
  readonly found: unknown
  readonly fields: readonly FieldPacket[] | undefined
}

const columnOf = (field: FieldPacket): Column => ({ name: field.name, type: typeName(field) })

/** Whole numbers as their digits, which the server compares exactly; a JSON text is no JSON until it says so. */
function bound(param: Param): unknown {
  if (param instanceof Uint8Array) return Buffer.from(param.buffer, param.byteOffset, param.byteLength)
  if (Array.isArray(param)) return JSON.stringify(param)
  return typeof param === 'bigint' ? String(param) : param
}

/** What a query gives, as soon as the server says it. @throws DatabaseError */
function fieldsOf(stream: Readable): Promise<readonly FieldPacket[]> {
  return new Promise((done, failed) => {
    stream.once('fields', (fields: readonly FieldPacket[] | undefined) => done(fields ?? []))
    stream.once('error', error => failed(mysqlError(error, 'asking')))
    stream.once('end', () => failed(new DatabaseError('statement', 'the statement gives no records')))
  })
}
