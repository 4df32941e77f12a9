/** Opens and makes ledgers in PostgreSQL, and refuses what isn't one. */
import { LEDGER_FORMAT } from '../../format/entry.ts'
import { CustodyError } from '../../model/error.ts'
import type { Lasting, StoreOptions } from '../store.ts'
import type { WriteBatch } from '../write-port.ts'
import { withoutPassword } from './address.ts'
import { Asking } from './asking.ts'
import { textArray } from './binary-array.ts'
import type { Connection } from './connection.ts'
import { asLedgerError, DISK_FULL, stateOf } from './errors.ts'
import { ownersFunctions } from './functions.ts'
import { PostgresReader } from './reader.ts'
import { schemaStatements } from './schema.ts'
import { ServerClock } from './server-clock.ts'
import { persistently, Session, TRY_FOR_MS } from './session.ts'
import { PostgresStore, type Writing } from './store.ts'
import { commentStatements } from './views.ts'

/**
 * Opens a ledger for writing.
 * @throws CustodyError CUSTODY_LEDGER_URL, CUSTODY_LEDGER_NOT_FOUND, CUSTODY_LEDGER_FORMAT, CUSTODY_LEDGER_WRITE, CUSTODY_LEDGER_BUSY,
 * CUSTODY_PACKAGE_MISSING.
 */
export async function openPostgresStore(url: string, options: StoreOptions): Promise<PostgresStore> {
  // A connection that is cut while the ledger is looked at is as good as none.
  const most_ms = options.waits ? TRY_FOR_MS : 0
  return opening(() => persistently(() => storeAt(url, options), most_ms), url, 'write')
}

async function storeAt(
  url: string,
  { birth, lasting, encryption, clock: shared }: StoreOptions,
): Promise<PostgresStore> {
  const { session, clock } = await writing(url, lasting, shared)
  try {
    const connection = await session.connection()
    if (birth !== null && (await formatOf(connection)) === null) await create(connection, () => birth(clock), null)
    await mustBeLedger(connection)
    return await PostgresStore.over({ session, clock }, await reader(url), encryption)
  } catch (error) {
    await session.close()
    throw error
  }
}

/** Opens a ledger for reading; never makes one. @throws as `openPostgresStore`, with CUSTODY_LEDGER_READ. */
export async function openPostgresReader(url: string): Promise<PostgresReader> {
  return opening(() => reader(url), url, 'read')
}

/**
 * Makes a ledger that is a copy, to be finished: in the place of one that wasn't, if there is one.
 * @throws CustodyError CUSTODY_LEDGER_EXISTS, and as `openPostgresStore`.
 */
export async function createPostgresCopy(url: string, birth: WriteBatch, home: string): Promise<PostgresStore> {
  const { session, clock } = await opening(() => writing(url, 'durable'), url, 'write')
  try {
    const connection = await session.connection()
    await create(connection, () => birth, home)
    return await PostgresStore.over({ session, clock }, new PostgresReader(new Asking(await Session.open(url, 'read'))))
  } catch (error) {
    await session.close()
    throw asLedgerError(error, session.url, 'write')
  }
}

/** The home of a copy that was begun there and not finished; null if there is none. */
export async function unfinishedPostgresCopy(url: string): Promise<string | null> {
  const session = await opening(() => Session.open(url, 'read'), url, 'read')
  try {
    return await unfinishedHome(await session.connection())
  } catch (error) {
    throw asLedgerError(error, session.url, 'read')
  } finally {
    await session.close()
  }
}

async function unfinishedHome(connection: Connection): Promise<string | null> {
  const format = await formatOf(connection)
  if (format !== LEDGER_FORMAT) return null
  const [home] = await connection.once<{ id: string }>(UNFINISHED)
  return home?.id ?? null
}

async function writing(url: string, lasting: Lasting, shared?: SharedArrayBuffer | null): Promise<Writing> {
  const clock = new ServerClock(shared ?? undefined)
  const session = await Session.open(url, 'write', async connection => {
    await Promise.all([mustLast(connection, lasting), clock.hear(connection)])
  })
  return { session, clock }
}

async function reader(url: string): Promise<PostgresReader> {
  return new PostgresReader(new Asking(await Session.open(url, 'read', mustBeLedger)))
}

async function opening<T>(open: () => Promise<T>, url: string, doing: 'read' | 'write'): Promise<T> {
  try {
    return await open()
  } catch (error) {
    throw asLedgerError(error, withoutPassword(url), doing)
  }
}

/** The format of the ledger in the schema; null: there is none. */
async function formatOf(connection: Connection): Promise<number | null> {
  const { schema } = connection.address
  // As it is stored: what the server remembers of names may be older than what another process has just made.
  const found = await connection.once(
    `SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1 AND p.proname = 'ledger_format'`,
    schema,
  )
  if (found.length === 0) return null
  const [said] = await connection.once<{ format: number }>(`SELECT ${schema}.ledger_format() AS format`)
  return said?.format ?? null
}

/** SQLSTATEs: no such function, no such schema. */
const ABSENT: readonly (string | null)[] = ['42883', '3F000']
const UNFINISHED = 'SELECT id FROM home WHERE finished = 0'

/** Asks all at once. */
async function mustBeLedger(connection: Connection): Promise<void> {
  const { shown, schema } = connection.address
  const [said, unfinished] = await Promise.allSettled([
    connection.once<{ format: number }>(`SELECT ${schema}.ledger_format() AS format`),
    connection.once<{ id: string }>(UNFINISHED),
  ])
  if (said.status === 'rejected') {
    if (!ABSENT.includes(stateOf(said.reason))) throw said.reason
    const message = `there is no ledger ${shown}: the schema ${schema} has none`
    throw new CustodyError('CUSTODY_LEDGER_NOT_FOUND', message)
  }
  const [found] = said.value
  if (found?.format !== LEDGER_FORMAT) {
    const message = `${shown} has format ${found?.format}; this version reads format ${LEDGER_FORMAT}`
    throw new CustodyError('CUSTODY_LEDGER_FORMAT', message)
  }
  if (unfinished.status === 'rejected') throw unfinished.reason
  if (unfinished.value.length > 0)
    throw new CustodyError('CUSTODY_LEDGER_FORMAT', `${shown} is a copy that isn’t finished`, {
      hint: '`custody ledger copy FROM TO`, as it was begun, makes it anew; it may also be under way.',
    })
}

/** Settings of a server on which a commit that was reported done may be lost. */
async function mustLast(connection: Connection, lasting: Lasting): Promise<void> {
  if (lasting === 'temporary') return connection.run('SET synchronous_commit = off')
  const found = await connection.once<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE name IN ('synchronous_commit', 'fsync', 'full_page_writes') ORDER BY name`,
  )
  const off = found.filter(({ setting }) => setting === 'off').map(({ name }) => name)
  if (off.length === 0) return
  throw new CustodyError(
    'CUSTODY_LEDGER_WRITE',
    `${connection.address.shown} can’t keep evidence: ${off.join(', ')} = off`,
    {
      hint: 'Turn it on for the server, the database and the user: else what a run has reported as recorded may be lost.',
    },
  )
}

/** One of those who begin at once makes it, the others find it. `home`: of a copy, which isn't finished by that. */
async function create(connection: Connection, birth: () => WriteBatch, home: string | null): Promise<void> {
  const { schema, shown } = connection.address
  await connection.run('BEGIN')
  try {
    await connection.once(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, `custody ledger ${schema}`)
    if (home !== null) await removeUnfinished(connection)
    if ((await formatOf(connection)) === null) {
      await makeSchema(connection)
      await connection.run([...schemaStatements(), ...commentStatements()].join(';\n'))
      await connection.run(`REVOKE ALL ON ${ownersFunctions(schema)} FROM PUBLIC`)
      await putBirth(connection, birth())
      if (home !== null) await connection.once(`INSERT INTO home (one, id, finished) VALUES (1, $1, 0)`, home)
    }
    await connection.run('COMMIT')
  } catch (error) {
    await connection.rollback()
    const known = asLedgerError(error, shown, 'write')
    if (!(known instanceof CustodyError) || known.code !== 'CUSTODY_LEDGER_WRITE') throw known
    const hint = stateOf(error) === DISK_FULL ? known.hint : UNBEGUN
    throw new CustodyError('CUSTODY_LEDGER_WRITE', known.message, { hint, cause: known.cause })
  }
}

/**
 * In the transaction that makes another one: an unfinished copy says where its ledger is going, and is never gone without another.
 * @throws CustodyError CUSTODY_LEDGER_EXISTS
 */
async function removeUnfinished(connection: Connection): Promise<void> {
  const { schema, shown } = connection.address
  if ((await formatOf(connection)) === null) return
  if ((await unfinishedHome(connection)) === null)
    throw new CustodyError('CUSTODY_LEDGER_EXISTS', `${shown} is there already`, {
      hint: 'A copy is made where nothing is: name another place, as ?schema=NAME.',
    })
  await connection.run(`DROP SCHEMA ${schema} CASCADE`)
}

/** Who may make a ledger is about to begin a run. */
const UNBEGUN = 'No run was begun. Check what the user of the URL may do in the database, or name another ledger.'

/** One that is there and empty is as good: whoever was given a schema needn't be allowed to make others. */
async function makeSchema(connection: Connection): Promise<void> {
  const { schema, shown } = connection.address
  const [there] = await connection.once<{ other: string | null }>(
    `SELECT c.relname AS other FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid WHERE n.nspname = $1 ORDER BY 1 LIMIT 1`,
    schema,
  )
  if (there === undefined) return connection.run(`CREATE SCHEMA ${schema}`)
  if (there.other === null) return
  throw new CustodyError(
    'CUSTODY_LEDGER_FORMAT',
    `${shown}: the schema ${schema} has other tables, as ${there.other}`,
    {
      hint: 'Name a schema of its own: ?schema=NAME',
    },
  )
}

async function putBirth(connection: Connection, { entries, head }: WriteBatch): Promise<void> {
  const bodies = textArray([...entries].map(({ body }) => body))
  await connection.once(`INSERT INTO logs (log, run, part) VALUES (0, NULL, 0)`)
  await connection.once(
    `INSERT INTO entries (log, seq, body) SELECT 0, n - 1, u.body FROM unnest($1::text[]) WITH ORDINALITY AS u (body, n)`,
    bodies,
  )
  await connection.once(`INSERT INTO heads (log, note) VALUES (0, $1)`, head)
}
