/** A connection to a server, by the one client library: loaded when the first ledger in PostgreSQL is opened. */
import type { Socket } from 'node:net'
import type { Client, CustomTypesConfig } from 'pg'
import { CustodyError } from '../../model/error.ts'
import { missingPeers } from '../../model/peers.ts'
import { type Address, addressOf } from './address.ts'
import { isCut } from './errors.ts'
import { type Said, Watch } from './watch.ts'

/** How a connection is used. */
export type Purpose =
  /** Each statement is short, and none may outlast the lease. */
  | 'write'
  /** Views of large runs take as long as they take (watch.ts). */
  | 'read'

/** All below the lease (write/lease.ts), so that a writer whom the network has cut off knows it before others take its runs over. */
const CONNECT_MS = 4_000
const LOCK_MS = 5_000
const STATEMENT_MS = 7_000
/** The server's limit comes first; this one is for a network that is silent. */
const ANSWER_MS = 8_000
const KEEPALIVE_MS = 3_000
/** A server that is there takes leave at once. */
const CLOSE_MS = 1_000
const ONE_DAY_MS = 86_400_000

/** Whoever may not see what another backend does sees nothing, of a server that doesn't keep it neither. */
const AT_WORK = `SELECT FROM pg_stat_activity WHERE pid = $1 AND state IS DISTINCT FROM 'idle'
  AND coalesce(state, '') NOT LIKE 'idle in transaction%'`

const OLDEST = 16
const PACKAGE = 'pg'

export type Value = string | number | Buffer | null
export type Row = { readonly [column: string]: unknown }

type Library = Pick<typeof import('pg'), 'Client'>
let library: Promise<Library> | null = null

/** @throws CustodyError CUSTODY_PACKAGE_MISSING */
async function load(): Promise<Library> {
  library ??= import('pg').then(loaded => loaded.default)
  try {
    return await library
  } catch (cause) {
    library = null
    throw new CustodyError('CUSTODY_PACKAGE_MISSING', `a ledger in PostgreSQL needs the package ${PACKAGE}`, {
      cause,
      hint: missingPeers([PACKAGE])?.install,
    })
  }
}

const INT8 = 20
const INT2 = 21
const INT4 = 23
const BYTEA = 17
const BOOL = 16

/** What no number holds exactly stays a bigint: cells.ts refuses it with its name. */
function integer(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text)
}

/** The server writes `\x` and hex digits. */
const bytes = (text: string) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))

const PARSERS: { readonly [oid: number]: (text: string) => unknown } = {
  [INT8]: integer,
  [INT4]: Number,
  [INT2]: Number,
  [BYTEA]: bytes,
  [BOOL]: text => text === 't',
}
const asIs = (text: string) => text
// cast: the library's type has an overload for each name of a type; this is one function for all numbers of them.
const TYPES = { getTypeParser: (oid: number) => PARSERS[oid] ?? asIs } as unknown as CustomTypesConfig

export interface Texts {
  readonly columns: ReadonlyArray<{ readonly name: string; readonly type: number }>
  readonly rows: ReadonlyArray<ReadonlyArray<string | null>>
}

export class Connection {
  readonly address: Address
  readonly #client: Client
  readonly #url: string
  /** null: each statement has a limit. */
  readonly #watch: Watch | null
  /** Of the server's process at its other end; 0 before it is known. */
  #backend = 0
  /** Names of prepared statements, by their texts. */
  readonly #names = new Map<string, string>()
  #is_lost = false

  private constructor(url: string, purpose: Purpose, address: Address, client: Client) {
    this.address = address
    this.#client = client
    this.#url = url
    const watched = {
      // cast: it is one, though TLS puts another one in its place when it begins.
      received: () => (client.connection.stream as Socket).bytesRead,
      ask: () => this.#said(),
      giveUp: () => this.#drop(),
    }
    this.#watch = purpose === 'read' ? new Watch(watched) : null
    client.on('error', () => {
      this.#is_lost = true
    })
    client.on('end', () => {
      this.#is_lost = true
    })
  }

  /**
   * @throws CustodyError CUSTODY_LEDGER_URL, CUSTODY_PACKAGE_MISSING, CUSTODY_LEDGER_FORMAT if the server or the database can't hold a ledger;
   * errors of `pg` and of the network as they are (errors.ts).
   */
  static async open(url: string, purpose: Purpose): Promise<Connection> {
    const address = addressOf(url)
    const { Client } = await load()
    const { host, port, user, password, database, ssl, schema } = address
    const is_writer = purpose === 'write'
    const client = new Client({
      ...{ host, port, user, password, database, ssl, types: TYPES },
      application_name: 'custody',
      connectionTimeoutMillis: CONNECT_MS,
      // What is asked at once is sent at once: begin, declare and fetch are one way there and back.
      pipeline: true,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEPALIVE_MS,
      ...(is_writer ? { statement_timeout: STATEMENT_MS, lock_timeout: LOCK_MS, query_timeout: ANSWER_MS } : {}),
    })
    const connection = new Connection(url, purpose, address, client)
    try {
      await client.connect()
      // Names of a ledger's objects are meant, and temporary ones of nobody. Statements that are planned for any value may look so large that
      // other processes would be started for each. One that was planned while its table was small keeps that plan while the table grows: it
      // would read all of it each time, where all that a ledger asks is found by an index.
      const set = connection.#soon(`SET search_path = ${schema}, pg_catalog, pg_temp; SET client_encoding = 'UTF8';
        SET default_transaction_isolation = 'read committed'; SET jit = off; SET max_parallel_workers_per_gather = 0; SET enable_seqscan = off;
        SET bytea_output = 'hex'`)
      await Promise.all([set, connection.#mustFit()])
      return connection
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  get isLost(): boolean {
    return this.#is_lost
  }

  /** Prepared once, and planned for any value. */
  async all<T = Row>(text: string, ...values: readonly Value[]): Promise<T[]> {
    const answer = await this.#asked(() => this.#client.query({ name: this.#name(text), text, values: [...values] }))
    // cast: the caller names the columns that its query has.
    return answer.rows as T[]
  }

  /** Of a cursor, whose name no other statement has. */
  async once<T = Row>(text: string, ...values: readonly Value[]): Promise<T[]> {
    const answer = await this.#asked(() => this.#client.query({ text, values: [...values] }))
    // cast: the same.
    return answer.rows as T[]
  }

  /**
   * One statement, never more, with the rows that it gives as the server writes them. With more than `most_bytes` of them the connection is given
   * up.
   */
  async texts(text: string, most_bytes: number): Promise<Texts> {
    let size_bytes = 0
    const { stream } = this.#client.connection
    const onData = (chunk: Buffer) => {
      size_bytes += chunk.length
      if (size_bytes > most_bytes) this.giveUp()
    }
    stream.on('data', onData)
    try {
      const types = { getTypeParser: () => asIs } as unknown as CustomTypesConfig
      const query = { text, values: [], rowMode: 'array' as const, queryMode: 'extended', types }
      const { fields, rows } = await this.#asked(() => this.#client.query<Array<string | null>>(query))
      return { columns: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })), rows }
    } finally {
      stream.off('data', onData)
    }
  }

  /** Ends it at once, whatever is under way: the server notices. */
  giveUp(): void {
    this.#drop()
  }

  /** Statements without values. */
  async run(text: string): Promise<void> {
    await this.#asked(() => this.#client.query(text))
  }

  /** Ends a transaction; a connection over which that can't be done is given up. */
  async rollback(): Promise<void> {
    try {
      if (!this.#is_lost) await this.run('ROLLBACK')
    } catch {
      this.#drop()
    }
  }

  /** A statement that takes as long as the ledger is large. */
  async rewrite(text: string): Promise<void> {
    const query = { text, query_timeout: ONE_DAY_MS }
    await this.#asked(() => this.#client.query(query))
  }

  /** Ends it, though an answer may be owed. */
  async close(): Promise<void> {
    if (this.#is_lost) return
    // A server that is gone doesn't take leave.
    const impatience = setTimeout(() => this.#drop(), CLOSE_MS)
    try {
      await this.#client.end()
      this.#is_lost = true
    } catch {
      this.#drop()
    } finally {
      clearTimeout(impatience)
    }
  }

  /** A statement without values that takes no time, whatever the connection is for. */
  #soon(text: string): Promise<{ readonly rows: readonly unknown[] }> {
    const query = { text, query_timeout: ANSWER_MS }
    return this.#client.query(query)
  }

  async #said(): Promise<Said> {
    try {
      const other = await Connection.open(this.#url, 'write')
      try {
        return (await other.once(AT_WORK, this.#backend)).length > 0 ? 'at_work' : 'idle'
      } finally {
        await other.close()
      }
    } catch {
      return 'unreached'
    }
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await (this.#watch === null ? ask() : this.#watch.over(ask()))
    } catch (error) {
      // Whatever comes later over it would be an answer to something else.
      if (isCut(error)) this.#drop()
      throw error
    }
  }

  #drop(): void {
    this.#is_lost = true
    this.#client.connection.stream.destroy()
  }

  #name(text: string): string {
    let name = this.#names.get(text)
    if (name === undefined) {
      name = `s${this.#names.size}`
      this.#names.set(text, name)
    }
    return name
  }

  async #mustFit(): Promise<void> {
    const { rows } = await this.#soon(`SELECT current_setting('server_version_num')::integer AS version,
      current_setting('server_encoding') AS encoding, pg_backend_pid() AS backend`)
    // cast: these are its columns.
    const [found] = rows as ReadonlyArray<{ version: number; encoding: string; backend: number }>
    const { version = 0, encoding = '', backend = 0 } = found ?? {}
    this.#backend = backend
    const refused = (what: string, hint: string) =>
      new CustodyError('CUSTODY_LEDGER_FORMAT', `${this.address.shown} can’t hold a ledger: ${what}`, { hint })
    if (version < OLDEST * 10_000)
      throw refused(`its server is older than PostgreSQL ${OLDEST}`, `Use PostgreSQL ${OLDEST} or newer.`)
    if (encoding !== 'UTF8')
      throw refused(`the database’s encoding is ${encoding}`, `Make a database WITH ENCODING 'UTF8'.`)
  }
}
