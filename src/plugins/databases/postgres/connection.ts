/** A connection to a PostgreSQL server, by `pg`. A stream is a cursor of the server: it sends what is asked for, and no more. */
import type { Client, CustomTypesConfig, FieldDef } from 'pg'
import type { Address } from '../address.ts'
import { isSocket } from '../address.ts'
import { Awaited } from '../awaited.ts'
import type { Answer, Column, Database, NumbersOf, Param, Stream, Transaction } from '../database.ts'
import { DIALECTS } from '../dialect.ts'
import type { Timeouts } from '../timeouts.ts'
import { tlsSettings } from '../tls.ts'
import { postgresError } from './errors.ts'
import { PostgresTypes, type ReadCell } from './types.ts'

const KEEPALIVE_MS = 10_000
/** Records that are fetched at once: first few, since they may be large. */
const FIRST_FETCH = 64
const MOST_AT_ONCE = 2_048
const FETCH_BYTES = 1024 * 1024

const asIs = (text: string) => text
// cast: the library's type has an overload for each name of a type; this is one function for all numbers of them.
const TEXTS = { getTypeParser: () => asIs } as unknown as CustomTypesConfig

const BEGIN: { readonly [kind in Transaction]: string } = {
  snapshot: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
  write: 'BEGIN',
}

/** Values are written so that nothing is lost, and always alike, whatever the server's, the database's or the user's settings. */
const SETTINGS = [
  `SET client_encoding = 'UTF8'`,
  `SET TimeZone = 'UTC'`,
  `SET DateStyle = 'ISO, YMD'`,
  `SET IntervalStyle = 'iso_8601'`,
  `SET bytea_output = 'hex'`,
  'SET extra_float_digits = 3',
  'SET standard_conforming_strings = on',
  // A table is read from its beginning on, so that it comes in the same order again.
  'SET synchronize_seqscans = off',
  // A run may wait, for a service or for a person.
  'SET idle_in_transaction_session_timeout = 0',
]

type Texts = ReadonlyArray<string | null>
interface Found {
  readonly fields: readonly FieldDef[]
  readonly rows: readonly Texts[]
  readonly rowCount: number | null
}

export class PostgresConnection implements Database {
  readonly dialect = DIALECTS.postgres
  readonly shown: string
  readonly #client: Client
  readonly #types = new PostgresTypes(async oids => {
    const { rows } = await this.#query(PostgresTypes.QUERY, [oids.map(String)])
    return rows
  })
  readonly #awaited: Awaited
  #cursors = 0

  private constructor(client: Client, shown: string, silence_ms: number) {
    this.shown = shown
    this.#client = client
    this.#awaited = new Awaited(silence_ms, () => client.connection.stream.destroy())
    const lose = () => this.#awaited.lose('the connection was cut')
    client.on('error', lose)
    client.on('end', lose)
  }

  /** `folder`: where relative paths of certificates start. @throws DatabaseError */
  static async open(address: Address, folder: string, timeouts: Timeouts): Promise<PostgresConnection> {
    const { default: pg } = await import('pg')
    const { host, port, user, password, database, tls, shown } = address
    const ssl = tls === null ? false : tlsSettings(tls, folder)
    const client = new pg.Client({
      ...{ host, port, user, password, database, ssl, types: TEXTS },
      application_name: 'custody',
      connectionTimeoutMillis: timeouts.connect_ms,
      keepAlive: !isSocket(host),
      keepAliveInitialDelayMillis: KEEPALIVE_MS,
    })
    const connection = new PostgresConnection(client, shown, timeouts.silence_ms)
    try {
      const limit = `SET statement_timeout = ${timeouts.statement_ms ?? 0}`
      const set = async () => {
        await client.connect()
        await client.query([...SETTINGS, limit].join('; '))
      }
      await connection.#awaited.answer(set, timeouts.connect_ms)
      return connection
    } catch (error) {
      await connection.close()
      throw postgresError(error, 'connecting')
    }
  }

  get isLost(): boolean {
    return this.#awaited.isLost
  }

  async ask(statement: string, params: readonly Param[] = [], numbers: NumbersOf = none): Promise<Answer> {
    const found = await this.#query(statement, params)
    const readers = await this.#readers(found.fields, numbers)
    const records = found.rows.map(row => recordOf(row, readers))
    return { columns: found.fields.map(columnOf), records, changed: found.rowCount ?? 0 }
  }

  async stream(query: string, params: readonly Param[] = [], numbers: NumbersOf = none): Promise<Stream> {
    const cursor = `custody_${++this.#cursors}`
    await this.#query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${query}`, params)
    const first = await this.#fetch(cursor, FIRST_FETCH)
    const readers = await this.#readers(first.fields, numbers)
    return { columns: first.fields.map(columnOf), pieces: this.#pieces(cursor, first, readers) }
  }

  async *#pieces(cursor: string, first: Found, readers: readonly ReadCell[]) {
    let asked_for = FIRST_FETCH
    let found = first
    try {
      for (;;) {
        const { rows } = found
        if (rows.length > 0) yield rows.map(row => recordOf(row, readers))
        if (rows.length < asked_for) return
        const fitting = Math.floor((FETCH_BYTES * rows.length) / sizeOf(rows))
        asked_for = Math.min(MOST_AT_ONCE, Math.max(1, fitting))
        found = await this.#fetch(cursor, asked_for)
      }
    } finally {
      // A transaction that failed has none any more.
      if (!this.isLost) await Promise.allSettled([this.#query(`CLOSE ${cursor}`)])
    }
  }

  async begin(kind: Transaction): Promise<void> {
    await this.#query(BEGIN[kind])
  }

  async commit(): Promise<void> {
    await this.#query('COMMIT')
  }

  async rollback(): Promise<void> {
    try {
      if (!this.isLost) await this.#query('ROLLBACK')
    } catch {
      this.#drop()
    }
  }

  async close(): Promise<void> {
    if (this.isLost) return
    const ended = this.#client.end()
    // Whatever is under way would be waited for.
    this.#drop()
    // A server that is gone doesn't take leave.
    await Promise.allSettled([ended])
  }

  #fetch(cursor: string, most: number): Promise<Found> {
    return this.#query(`FETCH FORWARD ${most} FROM ${cursor}`)
  }

  /** In the extended protocol, which takes one statement only. */
  async #query(text: string, values: readonly Param[] = []): Promise<Found> {
    try {
      const query = {
        text,
        values: values.map(bound),
        types: TEXTS,
        rowMode: 'array' as const,
        queryMode: 'extended',
      }
      return await this.#awaited.answer(() => this.#client.query<Array<string | null>>(query))
    } catch (error) {
      throw postgresError(error, 'asking')
    }
  }

  async #readers(fields: readonly FieldDef[], numbers: NumbersOf): Promise<readonly ReadCell[]> {
    const readers: ReadCell[] = []
    for (const { dataTypeID, name } of fields) readers.push(await this.#types.reader(dataTypeID, numbers(name)))
    return readers
  }

  #drop(): void {
    this.#awaited.lose('the connection is closed')
    this.#client.connection.stream.destroy()
  }
}

const none: NumbersOf = () => null

/** The library would write a list in its own way for lists only, and bytes only of a Buffer. */
function bound(param: Param): unknown {
  if (param instanceof Uint8Array) return Buffer.from(param.buffer, param.byteOffset, param.byteLength)
  return Array.isArray(param) ? param.map(bound) : typeof param === 'bigint' ? String(param) : param
}

const columnOf = ({ name, dataTypeID }: FieldDef): Column => ({ name, type: PostgresTypes.nameOf(dataTypeID) })

function recordOf(row: Texts, readers: readonly ReadCell[]) {
  return row.map((text, i) => {
    const read = readers[i]
    return text === null || read === undefined ? null : read(text)
  })
}

function sizeOf(rows: readonly Texts[]): number {
  let size = 1
  for (const row of rows) for (const text of row) size += text === null ? 1 : text.length
  return size
}
