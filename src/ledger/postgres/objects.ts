/**
 * What a ledger's schema has, and what it should have, as text in one form, so that whatever was added, changed or dropped is found: tables
 * with their columns, constraints, indexes, triggers, rules, views, functions and all else that statements could run into.
 *
 * OBJECTS-1. The server says both: what should be there is made in its temporary schema, in a transaction that is rolled back. So no text of ours
 *     is compared with one of the server's, whatever its version writes.
 * OBJECTS-2. What is there is described with the schema first on the search path: what is another schema's is written with its name.
 */
import type { StoredObject } from '../read-port.ts'
import type { Connection } from './connection.ts'
import { schemaStatements } from './schema.ts'

/** Of the schema with the number that `%n` says. */
const OBJECTS = `
SELECT 'table' AS type, c.relname AS name, c.relname AS tbl_name, concat_ws(E'\\n', c.relkind,
    (SELECT amname FROM pg_am WHERE oid = c.relam), CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,
    CASE WHEN c.relrowsecurity THEN 'row security' END,
    (SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), l.collname,
        CASE WHEN a.attnotnull THEN 'not null' END, nullif(a.attidentity, ''), nullif(a.attgenerated, ''), pg_get_expr(d.adbin, d.adrelid)),
        E'\\n' ORDER BY a.attnum)
      FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)) AS sql
  FROM pg_class c WHERE c.relnamespace = %n AND c.relkind IN ('r', 'p', 'f', 'c')
UNION ALL SELECT 'sequence', c.relname, c.relname,
    concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle)
  FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid WHERE c.relnamespace = %n
UNION ALL SELECT 'view', c.relname, c.relname, concat_ws(E'\\n', nullif(c.relkind, 'v'), array_to_string(c.reloptions, ' '), pg_get_viewdef(c.oid))
  FROM pg_class c WHERE c.relnamespace = %n AND c.relkind IN ('v', 'm')
UNION ALL SELECT 'index', c.relname, t.relname, concat_ws(' ', CASE WHEN NOT (i.indisvalid AND i.indisready) THEN 'invalid' END,
    pg_get_indexdef(c.oid))
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid WHERE c.relnamespace = %n
UNION ALL SELECT 'constraint', o.conname, coalesce(t.relname, ''), pg_get_constraintdef(o.oid)
  FROM pg_constraint o LEFT JOIN pg_class t ON t.oid = o.conrelid WHERE o.connamespace = %n
UNION ALL SELECT 'trigger', g.tgname, t.relname, concat_ws(' ', nullif(g.tgenabled, 'O'), pg_get_triggerdef(g.oid, true))
  FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid WHERE t.relnamespace = %n AND NOT g.tgisinternal
UNION ALL SELECT 'rule', r.rulename, t.relname, concat_ws(' ', nullif(r.ev_enabled, 'O'), pg_get_ruledef(r.oid, true))
  FROM pg_rewrite r JOIN pg_class t ON t.oid = r.ev_class WHERE t.relnamespace = %n AND r.rulename <> '_RETURN'
UNION ALL SELECT 'policy', p.polname, t.relname, pg_get_expr(p.polqual, p.polrelid)
  FROM pg_policy p JOIN pg_class t ON t.oid = p.polrelid WHERE t.relnamespace = %n
UNION ALL SELECT 'function', p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', '',
    CASE WHEN p.prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid) END
  FROM pg_proc p WHERE p.pronamespace = %n
UNION ALL SELECT 'child table', n.nspname || '.' || c.relname, t.relname, NULL
  FROM pg_inherits h JOIN pg_class t ON t.oid = h.inhparent JOIN pg_class c ON c.oid = h.inhrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE t.relnamespace = %n AND t.relkind NOT IN ('i', 'I')
UNION ALL SELECT 'operator', o.oprname || ' (' || format_type(o.oprleft, NULL) || ', ' || format_type(o.oprright, NULL) || ')', '', NULL
  FROM pg_operator o WHERE o.oprnamespace = %n
UNION ALL SELECT 'type', y.typname, '', NULL
  FROM pg_type y WHERE y.typnamespace = %n AND y.typtype IN ('d', 'e', 'r', 'm')
UNION ALL SELECT 'collation', l.collname, '', NULL FROM pg_collation l WHERE l.collnamespace = %n
ORDER BY type, tbl_name, name`

const inSchema = (oid: string) => OBJECTS.replaceAll('%n', oid)
/** The server writes these two with their schema, whatever the search path. */
const unnamed = (sql: string | null, schema: string) =>
  sql?.replace(
    /^((?:invalid )?CREATE (?:UNIQUE )?INDEX \S+ ON (?:ONLY )?|CREATE OR REPLACE (?:FUNCTION|PROCEDURE) )(\w+)\./,
    (all, before, name) => (name === schema ? before : all),
  ) ?? null

export async function objectsOf(connection: Connection): Promise<readonly StoredObject[]> {
  const { schema } = connection.address
  const found = await connection.once<StoredObject>(inSchema(`'${schema}'::regnamespace`))
  return found.map(each => ({ ...each, sql: unnamed(each.sql, schema) }))
}

/** Rights that are missing, a transaction that may only read, a server that follows another one. */
const NOT_ALLOWED = ['42501', '25006', '0A000']
const TEMPORARY = /\bpg_temp(?:_\d+)?\./g

/**
 * What a new ledger of this format has. Null where the server lets this user make nothing temporary.
 * @param connection over which nothing else is under way.
 */
export async function expectedObjectsIn(connection: Connection): Promise<readonly StoredObject[] | null> {
  const { schema } = connection.address
  try {
    await connection.run('BEGIN READ WRITE; SET LOCAL search_path = pg_temp, pg_catalog')
    // Functions are never looked for in the temporary schema.
    const statements = schemaStatements().map(each => each.replace('EXECUTE FUNCTION ', 'EXECUTE FUNCTION pg_temp.'))
    await connection.run(statements.join(';\n'))
    const found = await connection.once<StoredObject>(inSchema('pg_my_temp_schema()'))
    return found.map(each => ({ ...each, sql: asIn(schema, each.sql) }))
  } catch (error) {
    if (NOT_ALLOWED.includes(codeOf(error))) return null
    throw error
  } finally {
    await connection.rollback()
  }
}

/** As it would be written there. */
function asIn(schema: string, sql: string | null): string | null {
  return (
    sql
      ?.replace(TEMPORARY, '')
      .replace(
        `SET search_path TO 'pg_temp', 'pg_catalog'`,
        `SET search_path TO '${schema}', 'pg_catalog', 'pg_temp'`,
      ) ?? null
  )
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** What the extension amcheck finds wrong with tables and indexes; null where it isn't installed, or isn't for this user. */
export async function integrityOf(connection: Connection): Promise<readonly string[] | null> {
  const [extension] = await connection.once<{ of: string }>(
    `SELECT quote_ident(n.nspname) AS of FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace
      WHERE x.extname = 'amcheck' AND (SELECT bool_and(has_function_privilege(p.oid, 'EXECUTE')) FROM pg_proc p
        WHERE p.pronamespace = n.oid AND p.proname IN ('bt_index_check', 'verify_heapam'))`,
  )
  if (extension === undefined) return null
  const problems: string[] = []
  for (const { oid, name, is_index } of await connection.once<StoredRelation>(RELATIONS, connection.address.schema)) {
    const kind = is_index ? 'index' : 'table'
    // A filter on its answer, which is always empty, would keep the first function from being called.
    const query = is_index
      ? `SELECT NULL AS msg FROM ${extension.of}.bt_index_check($1::bigint::oid, true)`
      : `SELECT msg FROM ${extension.of}.verify_heapam($1::bigint::oid) LIMIT ${MOST_OF_A_TABLE}`
    try {
      for (const { msg } of await connection.once<{ msg: string | null }>(query, oid))
        if (msg !== null) problems.push(`${kind} ${name}: ${msg}`)
    } catch (error) {
      if (!codeOf(error).startsWith('XX')) throw error
      problems.push(`${kind} ${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return problems
}

interface StoredRelation {
  readonly oid: number
  readonly name: string
  readonly is_index: boolean
}

/** Large values are in a table of their own beside that of the ledger. */
const RELATIONS = `
WITH tables AS (
  SELECT oid, relname::text AS name, reltoastrelid AS large FROM pg_class WHERE relkind = 'r' AND relnamespace = $1::text::regnamespace),
own AS (SELECT oid, name FROM tables UNION ALL SELECT large, 'large values of ' || name FROM tables WHERE large <> 0)
SELECT c.oid::bigint AS oid, own.name, false AS is_index
  FROM own JOIN pg_class c ON c.oid = own.oid JOIN pg_am m ON m.oid = c.relam AND m.amname = 'heap'
UNION ALL SELECT c.oid::bigint, CASE WHEN t.relkind = 't' THEN own.name ELSE c.relname END, true
  FROM own JOIN pg_class t ON t.oid = own.oid JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_am m ON m.oid = c.relam AND m.amname = 'btree'
ORDER BY name, is_index`
const MOST_OF_A_TABLE = 20
