/**
 * The tables of a ledger in SQLite. Everything a ledger file contains is listed here and in views.ts, and `verify`
 * compares a file's objects with these texts.
 *
 * Entries and payloads are rowid tables: appending to them takes 0.6 times the time of WITHOUT ROWID tables and 6 % less
 * space. Projections are looked up by their key only, and are WITHOUT ROWID.
 */
import { LEDGER_FORMAT } from '../../format/entry.ts'
import { endingConstraint } from '../../model/outcome.ts'
import { viewStatements } from './views.ts'

/** `CUST`, in the file's header at offset 68. */
export const APPLICATION_ID = 0x43555354
export const PAGE_SIZE_BYTES = 8192
/** How long a connection waits for another process's transaction. */
export const BUSY_TIMEOUT_MS = 10_000

/** Of an entry of log 0: the log that it speaks of. */
export const LOG_SPOKEN_OF = `CASE WHEN json_valid(body) THEN json_extract(body, '$.log') END`

const TABLES = [
  `CREATE TABLE logs (
  log INTEGER PRIMARY KEY,
  run TEXT,
  part INTEGER NOT NULL,
  CHECK (log >= 0 AND part >= 0 AND (run IS NULL) = (log = 0))
) STRICT`,
  `CREATE UNIQUE INDEX logs_run ON logs (run, part)`,
  `CREATE TABLE entries (
  log INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  row INTEGER,
  batch INTEGER,
  body TEXT NOT NULL,
  PRIMARY KEY (log, seq),
  CHECK (seq >= 0 AND (row IS NULL OR row > 0) AND (batch IS NULL OR batch > 0) AND (row IS NULL OR batch IS NULL))
) STRICT`,
  `CREATE INDEX entries_subject ON entries (log, row, batch, seq)`,
  `CREATE INDEX entries_about ON entries (${LOG_SPOKEN_OF}, seq) WHERE log = 0`,
  `CREATE TABLE payloads (
  log INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  salts BLOB NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (log, seq),
  CHECK (length(salts) > 0 AND length(salts) % 16 = 0)
) STRICT`,
  `CREATE TABLE sealed (
  log INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  entries TEXT NOT NULL,
  key_id TEXT NOT NULL,
  data_key BLOB NOT NULL,
  message BLOB NOT NULL,
  PRIMARY KEY (log, first),
  CHECK (first >= 0 AND last >= first AND length(data_key) = 60 AND length(message) > 16)
) STRICT`,
  `CREATE TABLE endings (
  log INTEGER NOT NULL,
  token INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  row INTEGER,
  batch INTEGER,
  fate INTEGER NOT NULL,
  node INTEGER NOT NULL,
  sink INTEGER,
  grp INTEGER,
  error_code TEXT,
  error_hash BLOB,
  recorded_us INTEGER NOT NULL,
  PRIMARY KEY (log, token),
  CHECK ((row IS NULL) <> (batch IS NULL)),
  CHECK (${endingConstraint()})
) STRICT, WITHOUT ROWID`,
  `CREATE TABLE open_tokens (
  log INTEGER NOT NULL,
  token INTEGER NOT NULL,
  row INTEGER,
  batch INTEGER,
  node INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (log, token),
  CHECK ((row IS NULL) <> (batch IS NULL))
) STRICT, WITHOUT ROWID`,
  `CREATE TABLE tiles (
  log INTEGER NOT NULL,
  tree INTEGER NOT NULL,
  level INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (log, tree, level, idx),
  CHECK (tree BETWEEN 0 AND 2 AND level >= 0 AND idx >= 0 AND length(hash) = 32)
) STRICT, WITHOUT ROWID`,
  `CREATE TABLE heads (
  log INTEGER PRIMARY KEY,
  note TEXT NOT NULL
) STRICT`,
  `CREATE TABLE leases (
  log INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  holder TEXT NOT NULL,
  expires_us INTEGER NOT NULL,
  CHECK (epoch > 0)
) STRICT`,
  `CREATE TABLE home (
  one INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  finished INTEGER NOT NULL,
  CHECK (one = 1 AND finished IN (0, 1))
) STRICT`,
  `CREATE TABLE witnessed (
  size INTEGER NOT NULL,
  note TEXT NOT NULL,
  CHECK (size > 0)
) STRICT`,
  `CREATE INDEX witnessed_size ON witnessed (size)`,
  `CREATE TABLE timestamps (
  size INTEGER NOT NULL,
  note TEXT NOT NULL,
  token BLOB NOT NULL,
  CHECK (size > 0)
) STRICT`,
  `CREATE INDEX timestamps_size ON timestamps (size)`,
]

/**
 * Sizes that SQLite's planner assumes (sqlite_stat1): a log of a million entries. Nothing else would show it that a look by token or row
 * beats reading a log. `[table, index, 'rows of the table, then rows for each value of the first column, of the first two, …']`
 */
export const SIZES: ReadonlyArray<readonly [table: string, index: string | null, sizes: string]> = [
  ['logs', null, '100'],
  ['logs', 'logs_run', '100 1 1'],
  ['entries', 'sqlite_autoindex_entries_1', '100000000 1000000 1'],
  ['entries', 'entries_subject', '100000000 1000000 40 40 1'],
  ['entries', 'entries_about', '200000 2 1'],
  ['payloads', 'sqlite_autoindex_payloads_1', '100000000 1000000 1'],
  ['sealed', 'sqlite_autoindex_sealed_1', '1600000 16000 1'],
  ['endings', 'endings', '100000000 1000000 1'],
  ['open_tokens', 'open_tokens', '100000 1000 1'],
  ['tiles', 'tiles', '400000 4000 2000 1000 1'],
]
const quoted = (value: string | null) => (value === null ? 'NULL' : `'${value}'`)

const refuse = (table: string, event: 'UPDATE' | 'DELETE') =>
  `CREATE TRIGGER ${table}_no_${event.toLowerCase()} BEFORE ${event} ON ${table}
BEGIN SELECT RAISE(ABORT, '${table} are append-only'); END`

const TRIGGERS = [
  ...['logs', 'entries', 'endings', 'tiles', 'witnessed', 'timestamps'].flatMap(table => [
    refuse(table, 'UPDATE'),
    refuse(table, 'DELETE'),
  ]),
  refuse('payloads', 'UPDATE'),
  // Another ledger key wraps data keys anew, and changes nothing else.
  `CREATE TRIGGER sealed_no_update BEFORE UPDATE OF log, first, last, entries, message ON sealed
BEGIN SELECT RAISE(ABORT, 'sealed are append-only'); END`,
]

/** Without them nothing can be written. */
export const TABLE_STATEMENTS: readonly string[] = TABLES.filter(each => each.startsWith('CREATE TABLE '))

/** All statements that make an empty ledger, in order; to be run in one transaction. */
export function schemaStatements(): readonly string[] {
  return [
    ...TABLES,
    ...TRIGGERS,
    ...viewStatements(),
    'ANALYZE sqlite_schema',
    ...SIZES.map(
      ([table, index, sizes]) => `INSERT INTO sqlite_stat1 VALUES ('${table}', ${quoted(index)}, ${quoted(sizes)})`,
    ),
    // Read anew: a connection plans by what it knew when it was opened.
    'ANALYZE sqlite_schema',
    `PRAGMA application_id = ${APPLICATION_ID}`,
    `PRAGMA user_version = ${LEDGER_FORMAT}`,
  ]
}

/** A record of sqlite_stat1. */
export interface StoredSize {
  readonly tbl: string
  readonly index: string | null
  readonly stat: string | null
}

/** In an order of their own, for comparison. */
export function sizesText(sizes: readonly StoredSize[]): string {
  return sizes
    .map(({ tbl, index, stat }) => `${tbl} ${index ?? '–'} ${stat ?? '–'}`)
    .sort()
    .join('; ')
}

export function expectedSizes(): string {
  return sizesText(SIZES.map(([tbl, index, stat]) => ({ tbl, index, stat })))
}
