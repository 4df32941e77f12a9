/**
 * The tables of a ledger in PostgreSQL: names and columns are those of SQLite (../sqlite/schema.ts). A ledger is one schema. No text here
 * names it: each statement is run with the schema first on the search path.
 *
 * Texts are compared by their bytes (collation C), bodies are kept as they were hashed.
 */
import { LEDGER_FORMAT } from '../../format/entry.ts'
import { endingConstraint } from '../../model/outcome.ts'
import { functionStatements } from './functions.ts'
import { viewStatements } from './views.ts'

/** Of an entry of log 0: the log that it speaks of, as jsonb. */
export const LOG_SPOKEN_OF = `CASE WHEN body IS JSON THEN body::jsonb -> 'log' END`

const TEXT = 'text COLLATE "C"'
/** Records of one log are overwritten again and again: with room beside them the database needn't touch an index. */
const REWRITTEN = 'WITH (fillfactor = 50)'

const TABLES = [
  `CREATE TABLE logs (
  log bigint PRIMARY KEY,
  run ${TEXT},
  part bigint NOT NULL,
  CHECK (log >= 0 AND part >= 0 AND (run IS NULL) = (log = 0))
)`,
  `CREATE UNIQUE INDEX logs_run ON logs (run, part)`,
  `CREATE TABLE entries (
  log bigint NOT NULL,
  seq bigint NOT NULL,
  row bigint,
  batch bigint,
  body ${TEXT} NOT NULL,
  PRIMARY KEY (log, seq),
  CHECK (seq >= 0 AND (row IS NULL OR row > 0) AND (batch IS NULL OR batch > 0) AND (row IS NULL OR batch IS NULL))
)`,
  `CREATE INDEX entries_subject ON entries (log, row, batch, seq)`,
  `CREATE INDEX entries_about ON entries ((${LOG_SPOKEN_OF}), seq) WHERE log = 0`,
  `CREATE TABLE payloads (
  log bigint NOT NULL,
  seq bigint NOT NULL,
  salts bytea NOT NULL,
  body ${TEXT} NOT NULL,
  PRIMARY KEY (log, seq),
  CHECK (length(salts) > 0 AND length(salts) % 16 = 0)
)`,
  `CREATE TABLE sealed (
  log bigint NOT NULL,
  first bigint NOT NULL,
  last bigint NOT NULL,
  entries ${TEXT} NOT NULL,
  key_id ${TEXT} NOT NULL,
  data_key bytea NOT NULL,
  message bytea NOT NULL,
  PRIMARY KEY (log, first),
  CHECK (first >= 0 AND last >= first AND length(data_key) = 60 AND length(message) > 16)
)`,
  // What is encrypted can't be compressed.
  `ALTER TABLE sealed ALTER message SET STORAGE EXTERNAL`,
  `CREATE TABLE endings (
  log bigint NOT NULL,
  token bigint NOT NULL,
  seq bigint NOT NULL,
  row bigint,
  batch bigint,
  fate integer NOT NULL,
  node bigint NOT NULL,
  sink bigint,
  grp bigint,
  error_code ${TEXT},
  error_hash bytea,
  recorded_us bigint NOT NULL,
  PRIMARY KEY (log, token),
  CHECK ((row IS NULL) <> (batch IS NULL)),
  CHECK (${endingConstraint()})
)`,
  `CREATE INDEX endings_failed ON endings (log, token) WHERE error_code IS NOT NULL`,
  `CREATE TABLE open_tokens (
  log bigint NOT NULL,
  token bigint NOT NULL,
  row bigint,
  batch bigint,
  node bigint NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (log, token),
  CHECK ((row IS NULL) <> (batch IS NULL))
)`,
  `CREATE TABLE tiles (
  log bigint NOT NULL,
  tree bigint NOT NULL,
  level bigint NOT NULL,
  idx bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (log, tree, level, idx),
  CHECK (tree BETWEEN 0 AND 2 AND level >= 0 AND idx >= 0 AND length(hash) = 32)
)`,
  `CREATE TABLE heads (
  log bigint PRIMARY KEY,
  note ${TEXT} NOT NULL
) ${REWRITTEN}`,
  `CREATE TABLE leases (
  log bigint PRIMARY KEY,
  epoch bigint NOT NULL,
  holder ${TEXT} NOT NULL,
  expires_us bigint NOT NULL,
  CHECK (epoch > 0)
) ${REWRITTEN}`,
  `CREATE TABLE home (
  one bigint PRIMARY KEY,
  id ${TEXT} NOT NULL,
  finished bigint NOT NULL,
  CHECK (one = 1 AND finished IN (0, 1))
)`,
  // What is of one size is read in the order in which it came.
  `CREATE TABLE witnessed (
  came bigint GENERATED ALWAYS AS IDENTITY,
  size bigint NOT NULL,
  note ${TEXT} NOT NULL,
  CHECK (size > 0)
)`,
  `CREATE INDEX witnessed_size ON witnessed (size, came)`,
  `CREATE TABLE timestamps (
  came bigint GENERATED ALWAYS AS IDENTITY,
  size bigint NOT NULL,
  note ${TEXT} NOT NULL,
  token bytea NOT NULL,
  CHECK (size > 0)
)`,
  `CREATE INDEX timestamps_size ON timestamps (size, came)`,
]

const REFUSE = `CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% are append-only', TG_TABLE_NAME USING ERRCODE = 'CU003';
END $$`

const refuse = (table: string, events: string) =>
  `CREATE TRIGGER ${table}_no_change BEFORE ${events} ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`

/** What is erased is deleted, and what is left of it inserted. */
const TRIGGERS = [
  REFUSE,
  ...['logs', 'entries', 'endings', 'tiles', 'witnessed', 'timestamps'].map(table =>
    refuse(table, 'UPDATE OR DELETE OR TRUNCATE'),
  ),
  refuse('payloads', 'UPDATE OR TRUNCATE'),
  // Another ledger key wraps data keys anew, and changes nothing else.
  refuse('sealed', 'UPDATE OF log, first, last, entries, message OR TRUNCATE'),
]

/** Of a schema that has it: a ledger of this format. */
const FORMAT = `CREATE FUNCTION ledger_format() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT ${LEDGER_FORMAT}'`

/** All statements that make an empty schema a ledger, in order; to be run in one transaction. */
export function schemaStatements(): readonly string[] {
  return [...TABLES, ...TRIGGERS, ...functionStatements(), FORMAT, ...viewStatements()]
}
