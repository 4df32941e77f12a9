/**
 * The roles of a ledger: groups without a login, which whoever manages the server grants to its users. They have what their work takes, and
 * nothing by which evidence could be changed; only the owner, whom no run needs, could.
 *
 * ROLES-1. No role may change or remove what evidence there is: of entries, endings, tiles and logs there is neither UPDATE nor DELETE, and
 *     of values only the eraser has DELETE.
 */
import { CustodyError } from '../../model/error.ts'
import { Connection } from './connection.ts'
import { asLedgerError } from './errors.ts'
import { ownersFunctions } from './functions.ts'

/** What each may do besides reading all of it, and, but for readers, appending to log 0 by its functions. */
const GRANTS: { readonly [role: string]: readonly string[] } = {
  reader: [],
  writer: [
    'INSERT ON logs, entries, payloads, sealed, endings, tiles, witnessed, timestamps',
    'INSERT, UPDATE ON heads',
    'INSERT, UPDATE, DELETE ON leases, open_tokens',
  ],
  eraser: ['INSERT, DELETE ON payloads, sealed', 'UPDATE (key_id, data_key) ON sealed'],
}

export interface LedgerRoles {
  /** For people: the ledger's URL without its password. */
  readonly url: string
  /** Their names, all there now. */
  readonly roles: readonly string[]
}

/**
 * Makes the roles of a ledger where they aren't there, and gives them what they may; to be called again when a newer version has more tables.
 * @throws CustodyError CUSTODY_LEDGER_WRITE if the user of the URL may not; and those of opening.
 */
export async function makeRoles(url: string): Promise<LedgerRoles> {
  const connection = await Connection.open(url, 'write')
  const { schema, shown } = connection.address
  const roles = Object.keys(GRANTS).map(each => nameOf(schema, each))
  try {
    await mustOwn(connection)
    const there = await connection.once<{ name: string }>(
      `SELECT rolname AS name FROM pg_roles WHERE rolname = ANY ($1)`,
      `{${roles}}`,
    )
    const [server] = await connection.once<{ version: number }>(
      `SELECT current_setting('server_version_num')::integer AS version`,
    )
    const lacking = roles.filter(role => !there.some(({ name }) => name === role))
    await connection.run(
      [
        'BEGIN',
        ...lacking.map(each => `CREATE ROLE ${each} NOLOGIN`),
        ...grants(schema, server?.version ?? 0),
        'COMMIT',
      ].join(';\n'),
    )
    return { url: shown, roles }
  } catch (error) {
    await connection.rollback()
    if (error instanceof CustodyError) throw error
    const known = asLedgerError(error, shown, 'write')
    if (!(known instanceof CustodyError) || known.code !== 'CUSTODY_LEDGER_WRITE') throw known
    throw new CustodyError('CUSTODY_LEDGER_WRITE', `the roles of ${shown} can’t be made: ${known.message}`, {
      hint: MAY,
      cause: known.cause,
    })
  } finally {
    await connection.close()
  }
}

/** Of somebody who owns nothing the server takes a GRANT, warns, and does nothing. */
async function mustOwn(connection: Connection): Promise<void> {
  const { schema, shown } = connection.address
  const [found] = await connection.once<{ mine: boolean }>(
    `SELECT pg_has_role(c.relowner, 'USAGE') AND has_schema_privilege(n.oid, 'USAGE WITH GRANT OPTION') AS mine
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = 'heads'`,
    schema,
  )
  if (found?.mine === true) return
  const message = `the roles of ${shown} can’t be made: its user doesn’t own the ledger and its schema`
  throw new CustodyError('CUSTODY_LEDGER_WRITE', message, { hint: MAY })
}

const MAY = 'Whoever makes them owns the ledger, and may make roles: ALTER USER … CREATEROLE.'

function nameOf(schema: string, role: string): string {
  return `${schema}_${role}`
}

/** The first version in which somebody else than the owner of a table may write it anew. */
export const MAINTAIN_FROM = 170_000

/** `version`: of the server, as it says it in one number. */
function grants(schema: string, version: number): readonly string[] {
  const all = Object.keys(GRANTS)
    .map(each => nameOf(schema, each))
    .join(', ')
  return [
    `REVOKE ALL ON SCHEMA ${schema} FROM PUBLIC`,
    `REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC`,
    `GRANT USAGE ON SCHEMA ${schema} TO ${all}`,
    // Earlier versions gave some more.
    `REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM ${all}`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${all}`,
    `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${schema} TO ${all}`,
    `REVOKE ALL ON ${ownersFunctions(schema)} FROM ${nameOf(schema, 'reader')}`,
    ...(version < MAINTAIN_FROM ? [] : [`GRANT MAINTAIN ON payloads, sealed TO ${nameOf(schema, 'eraser')}`]),
    ...Object.entries(GRANTS).flatMap(([role, list]) => list.map(each => `GRANT ${each} TO ${nameOf(schema, role)}`)),
  ]
}
