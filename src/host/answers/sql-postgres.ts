/**
 * One statement over the views for auditors of a ledger in PostgreSQL, over a connection of its own.
 *
 * SQL-POSTGRES-1. A statement is read once the server's own understanding of it names only the ledger's views, and functions and operators that
 *     compute from what they are given (sql-tree.ts): no other table, schema, file, setting, lock or session.
 * SQL-POSTGRES-2. Nothing is written: what it is understood by is a temporary view, gone with the transaction, which reads only from then on.
 *     The extended protocol takes one statement.
 * SQL-POSTGRES-3. Without values the views that take something from payloads are others, which find nothing there.
 */
import type { SqlAnswer } from '../../api/sql.ts'
import { Connection } from '../../ledger/postgres/connection.ts'
import { asLedgerError, isCut, stateOf } from '../../ledger/postgres/errors.ts'
import { VIEWS } from '../../ledger/postgres/views.ts'
import { VIEW_NAMES } from '../../ledger/read-port.ts'
import { quoted } from '../../ledger/view-columns.ts'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import type { SqlLimits } from './sql-statement.ts'
import { HARMLESS, treeOf } from './sql-tree.ts'

export interface PostgresQuestion {
  readonly url: string
  readonly sql: string
  readonly values: boolean
  readonly limits: SqlLimits
  readonly time_ms: number
  readonly given_up: AbortSignal
}

/** Of all rows that are fetched, before texts are cut. */
const MOST_BYTES = 16 * 1024 * 1024
/** How soon a server notices that nobody waits any more. */
const NOTICED_MS = 500
const QUESTION = 'custody_question'
const TIMED_OUT = '57014'
const NOT_ALLOWED = ['42501', '25006']

/** @throws CustodyError CUSTODY_SQL, CUSTODY_SQL_TIME; as a reader, where the ledger can't be opened; the signal's reason. */
export async function askPostgres(question: PostgresQuestion): Promise<SqlAnswer> {
  const { url, given_up, time_ms } = question
  given_up.throwIfAborted()
  const connection = await Connection.open(url, 'read').catch((error: unknown) => {
    throw asLedgerError(error, 'the ledger', 'read')
  })
  const late = AbortSignal.timeout(time_ms)
  const end = () => connection.giveUp()
  for (const each of [given_up, late]) each.addEventListener('abort', end, { once: true })
  try {
    // It may have been given up while the connection was made.
    given_up.throwIfAborted()
    return await answer(connection, question)
  } catch (error) {
    given_up.throwIfAborted()
    if (late.aborted || stateOf(error) === TIMED_OUT)
      throw new CustodyError('CUSTODY_SQL_TIME', `the statement wasn’t read within ${time_ms / 1000} s`)
    if (isCustodyError(error)) throw error
    if (isCut(error)) throw refused(`the server ended it, or its rows have more than ${MOST_BYTES / 1024 / 1024} MiB`)
    throw refused(error instanceof Error ? error.message : String(error))
  } finally {
    for (const each of [given_up, late]) each.removeEventListener('abort', end)
    if (!connection.isLost) await connection.rollback()
    await connection.close()
  }
}

async function answer(connection: Connection, { sql, values, limits, time_ms }: PostgresQuestion): Promise<SqlAnswer> {
  const { schema } = connection.address
  // What stands in the temporary schema is ours; without values it is looked at first.
  const path = values ? `${schema}, pg_catalog, pg_temp` : `pg_temp, ${schema}, pg_catalog`
  await connection.run(`BEGIN READ WRITE; SET LOCAL search_path = ${schema}, pg_catalog, pg_temp;
    SET LOCAL statement_timeout = ${time_ms}; SET LOCAL lock_timeout = ${time_ms};
    SET LOCAL client_connection_check_interval = ${NOTICED_MS}; SET LOCAL max_parallel_workers_per_gather = 0`)
  const own = values ? [] : WITHOUT_VALUES
  for (const statement of own) await making(connection, statement)
  await connection.run(`SET LOCAL search_path = ${path}`)
  const asked = sql.replace(/[\s;]+$/, '')
  await making(connection, `CREATE TEMPORARY VIEW ${QUESTION} AS SELECT row_to_json(x) AS row FROM (\n${asked}\n) x`)
  await mustOnlyRead(connection, values)
  await connection.run('SET TRANSACTION READ ONLY')
  await connection.texts(`DECLARE rows NO SCROLL CURSOR FOR ${asked}`, MOST_BYTES)
  const { columns, rows } = await connection.texts(`FETCH FORWARD ${limits.rows + 1} FROM rows`, MOST_BYTES)
  const given: SqlAnswer['rows'] = []
  let [units, texts] = [0, 0]
  for (const row of rows.slice(0, limits.rows)) {
    if (units >= limits.answer_units) break
    given.push(
      row.map((cell, i) => {
        const value = plain(cell, columns[i]?.type ?? 0)
        if (typeof value !== 'string') return value
        const cut = value.length > limits.text_units ? `${value.slice(0, limits.text_units)}…` : value
        if (cut !== value) texts++
        units += cut.length
        return cut
      }),
    )
  }
  const names = columns.map(({ name }) => name)
  return { columns: names, rows: given, cut: { rows: given.length < rows.length, texts }, checked: false }
}

/** Payloads of which nothing is there. */
const NOTHING = '(SELECT log, seq, NULL::text COLLATE "C" AS body FROM payloads) p '
const WITHOUT_VALUES = VIEW_NAMES.filter(name => VIEWS[name].stored.includes('payloads p ')).map(name => {
  const { columns, stored } = VIEWS[name]
  return `CREATE TEMPORARY VIEW ${quoted(name)} (${columns.map(quoted).join(', ')}) AS ${stored.replaceAll('payloads p ', NOTHING)}`
})

async function making(connection: Connection, statement: string): Promise<void> {
  try {
    await connection.texts(statement, MOST_BYTES)
  } catch (error) {
    if (!NOT_ALLOWED.includes(stateOf(error) ?? '')) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new CustodyError('CUSTODY_SQL', `the statement can’t be read: ${message}`, {
      hint: 'A statement is understood by a temporary view: the user of the ledger’s URL needs GRANT TEMPORARY ON DATABASE, on a server that isn’t a replica, and SELECT on the views.',
    })
  }
}

/** @throws CustodyError CUSTODY_SQL */
async function mustOnlyRead(connection: Connection, values: boolean): Promise<void> {
  const [found] = await connection.once<{ tree: string }>(
    `SELECT ev_action::text AS tree FROM pg_catalog.pg_rewrite WHERE ev_class = 'pg_temp.${QUESTION}'::regclass`,
  )
  const { unknown, relations, functions, operators, types } = treeOf(found?.tree ?? '{NOTHING')
  if (unknown !== null) throw refused(`it has ${unknown}, which isn’t for views`)
  const [wrong] = await connection.once<{ what: string }>(
    `SELECT c.relname || ' is a table, and only the views can be read' AS what
      FROM unnest(string_to_array($1, ',')::oid[]) u JOIN pg_catalog.pg_class c ON c.oid = u
      WHERE NOT (c.relkind = 'v' AND c.relname = ANY (string_to_array($5, ',')) AND (c.relnamespace = pg_catalog.pg_my_temp_schema()
        OR c.relnamespace = '${connection.address.schema}'::regnamespace AND NOT c.relname = ANY (string_to_array($6, ','))))
    UNION ALL SELECT p.proname || '() isn’t for views' FROM unnest(string_to_array($2, ',')::oid[]) u JOIN pg_catalog.pg_proc p ON p.oid = u
      WHERE p.pronamespace <> 'pg_catalog'::regnamespace OR p.prosecdef OR NOT (p.provolatile = 'i' OR p.proname = ANY (string_to_array($7, ','))
        OR p.provolatile = 's' AND EXISTS (SELECT FROM pg_catalog.pg_operator o WHERE o.oprcode = p.oid AND o.oprnamespace = p.pronamespace))
    UNION ALL SELECT 'the operator ' || o.oprname || ' isn’t for views' FROM unnest(string_to_array($3, ',')::oid[]) u
      JOIN pg_catalog.pg_operator o ON o.oid = u WHERE o.oprnamespace <> 'pg_catalog'::regnamespace
    UNION ALL SELECT 'the type ' || y.typname || ' isn’t for views' FROM unnest(string_to_array($4, ',')::oid[]) u
      JOIN pg_catalog.pg_type y ON y.oid = u LEFT JOIN pg_catalog.pg_class c ON c.oid = y.typrelid
      WHERE y.typname ~ '^_?reg' OR y.typnamespace <> 'pg_catalog'::regnamespace
        AND NOT coalesce(c.relkind = 'v' AND c.relname = ANY (string_to_array($5, ',')), false)
    LIMIT 1`,
    ...[relations, functions, operators, types].map(each => each.join(',')),
    VIEW_NAMES.join(','),
    (values ? [] : VIEW_NAMES.filter(name => VIEWS[name].stored.includes('payloads p '))).join(','),
    HARMLESS.join(','),
  )
  if (wrong !== undefined) throw refused(wrong.what)
}

const WHOLE = [20, 21, 23, 26]
const REAL = [700, 701, 1700]
const [BOOL, BYTEA] = [16, 17]

/** As an answer over SQLite has it. Whole numbers that no double has exactly are texts. */
function plain(cell: string | null, type: number): string | number | null {
  if (cell === null) return null
  if (type === BOOL) return cell === 't' ? 1 : 0
  if (type === BYTEA) return cell.replace(/^\\x/, '')
  const number = Number(cell)
  if (WHOLE.includes(type) || /^-?\d+$/.test(cell))
    return isNumber(type) && Number.isSafeInteger(number) ? number : cell
  return REAL.includes(type) && Number.isFinite(number) ? number : cell
}

const isNumber = (type: number) => WHOLE.includes(type) || REAL.includes(type)

function refused(why: string): CustodyError {
  return new CustodyError('CUSTODY_SQL', `the statement can’t be read: ${why}`)
}
