/**
 * One statement over the views for auditors, in a process of its own (sql-process.ts).
 *
 * SQL-STATEMENT-1. Nothing is written, attached, loaded or set: the connection reads only, and SQLite's authorizer lets nothing through but
 *     SELECT over the views.
 * SQL-STATEMENT-2. Tables can be read through the views only. Each view is made again in front of one with a name that nobody can guess, and
 *     tables are there for what has such a name: names of views alone would do for a `WITH runs AS (…)`, too.
 * SQL-STATEMENT-3. Without values whatever views take from payloads is null.
 */
import { randomBytes } from 'node:crypto'
import { constants, type DatabaseSync } from 'node:sqlite'
import type { SqlAnswer } from '../../api/sql.ts'
import { VIEW_NAMES } from '../../ledger/read-port.ts'
import { VIEWS } from '../../ledger/sqlite/views.ts'
import { quoted } from '../../ledger/view-columns.ts'
import { CustodyError } from '../../model/error.ts'
import { isQuery, TABLES, tableIn } from './sql-words.ts'

export interface SqlLimits {
  /** Rows that are given at most. */
  readonly rows: number
  /** UTF-16 units of a text; what is longer is cut. */
  readonly text_units: number
  /** UTF-16 units of all texts: with more of them there are fewer rows. */
  readonly answer_units: number
}

/** Of one value, while SQLite works on it: bodies of entries are such. */
const MOST_VALUE_BYTES = 16 * 1024 * 1024
/** All that SQLite takes: the process has no other use for it. */
const HEAP_BYTES = 256 * 1024 * 1024
const { SQLITE_OK, SQLITE_DENY, SQLITE_IGNORE, SQLITE_SELECT, SQLITE_READ, SQLITE_FUNCTION, SQLITE_RECURSIVE } =
  constants
/** Tables that SQLite makes of JSON. */
const FREE = new Set(['json_each', 'json_tree'])
const FORBIDDEN_FUNCTIONS = new Set(['load_extension', 'fts3_tokenizer', 'sqlite_log'])
const VIEW_SET: ReadonlySet<string> = new Set(VIEW_NAMES)

/** @throws CustodyError CUSTODY_SQL if it isn't one SELECT over the views, or SQLite can't do it; CUSTODY_NODE_VERSION. */
export function runStatement(db: DatabaseSync, sql: string, values: boolean, limits: SqlLimits): SqlAnswer {
  if (!('setAuthorizer' in db && 'limits' in db))
    throw new CustodyError(
      'CUSTODY_NODE_VERSION',
      `Node ${process.versions.node} can’t bound what a statement may do`,
      {
        hint: 'Install Node 26 or newer.',
      },
    )
  const table = tableIn(sql)
  if (table !== null) throw refused(`${table} is a table, and only the views can be read`)
  if (!isQuery(sql)) throw refused('it isn’t a SELECT')
  const secret = `v${randomBytes(16).toString('hex')}_`
  bound(db)
  for (const name of VIEW_NAMES) makeView(db, name, secret)
  db.exec('PRAGMA query_only = ON')
  db.enableDefensive(true)
  db.setAuthorizer((action, subject, detail, _, context) => {
    if (action === SQLITE_SELECT || action === SQLITE_RECURSIVE) return SQLITE_OK
    if (action === SQLITE_FUNCTION)
      return FORBIDDEN_FUNCTIONS.has(detail?.toLowerCase() ?? '') ? SQLITE_DENY : SQLITE_OK
    if (action !== SQLITE_READ || subject === null) return SQLITE_DENY
    if (FREE.has(subject) || VIEW_SET.has(subject) || subject.startsWith(secret)) return SQLITE_OK
    // Where rows are only counted no column is named: that is for the names of `WITH`, and no text that SQLite takes for a table's is one.
    // How many logs there are, views tell as well: where runs are counted, SQLite looks at logs alone, in front of no view.
    const is_own = detail === '' && (subject === 'logs' || !TABLES.has(subject.toLowerCase()))
    if (context?.startsWith(secret) !== true && !is_own) return SQLITE_DENY
    return !values && subject === 'payloads' && detail !== '' && !KEYS.has(detail ?? '') ? SQLITE_IGNORE : SQLITE_OK
  })
  try {
    return read(db, sql, limits)
  } catch (error) {
    if (error instanceof CustodyError) throw error
    throw refused(error instanceof Error ? error.message.replaceAll(secret, '') : String(error))
  }
}

/** What joins payloads to their entries. */
const KEYS: ReadonlySet<string> = new Set(['log', 'seq', 'ROWID'])

function bound(db: DatabaseSync): void {
  db.limits.length = MOST_VALUE_BYTES
  db.limits.attach = 0
  db.exec(`PRAGMA hard_heap_limit = ${HEAP_BYTES}; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF`)
}

function makeView(db: DatabaseSync, name: (typeof VIEW_NAMES)[number], secret: string): void {
  const { columns, stored } = VIEWS[name]
  const names = columns.map(quoted).join(', ')
  db.exec(`CREATE TEMP VIEW ${secret}${name} (${names}) AS ${stored}`)
  db.exec(`CREATE TEMP VIEW ${quoted(name)} (${names}) AS SELECT * FROM ${secret}${name}`)
}

function read(db: DatabaseSync, sql: string, limits: SqlLimits): SqlAnswer {
  const statement = db.prepare(sql)
  const rest = sql.trim().slice(statement.sourceSQL.trim().length)
  if (!/^[\s;]*$/.test(rest)) throw refused('there is more than one statement')
  const columns = statement.columns().map(each => each.name)
  if (columns.length === 0) throw refused('it gives no rows: only SELECT can be read')
  statement.setReturnArrays(true)
  statement.setReadBigInts(true)
  const rows: SqlAnswer['rows'] = []
  let [units, texts, more] = [0, 0, false]
  // cast: what setReturnArrays makes of rows.
  for (const cells of statement.iterate() as unknown as Iterable<readonly unknown[]>) {
    if (rows.length >= limits.rows || units >= limits.answer_units) {
      more = true
      break
    }
    rows.push(
      cells.map(cell => {
        const value = plain(cell)
        if (typeof value !== 'string') return value
        const cut = value.length > limits.text_units ? `${value.slice(0, limits.text_units)}…` : value
        if (cut !== value) texts++
        units += cut.length
        return cut
      }),
    )
  }
  return { columns, rows, cut: { rows: more, texts }, checked: false }
}

/** Whole numbers that no double has exactly are texts. */
function plain(cell: unknown): string | number | null {
  if (cell === null || typeof cell === 'string' || typeof cell === 'number') return cell
  if (typeof cell === 'bigint') return Number.isSafeInteger(Number(cell)) ? Number(cell) : String(cell)
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : String(cell)
}

function refused(why: string): CustodyError {
  return new CustodyError('CUSTODY_SQL', `the statement can’t be read: ${why}`)
}
