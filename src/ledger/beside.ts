/** Where files lie that belong to a ledger and are no part of it: its index, what doesn't fit into memory, who looked at values. */
import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from './keys/config-folder.ts'
import { DEFAULT_SCHEMA, isPostgresUrl, urlOf } from './postgres/address.ts'

const DEFAULT_PORT = '5432'
const NAME_DIGITS = 32

/**
 * What their paths begin with: of a ledger in SQLite its own path; of one in PostgreSQL `ledgers/…/ledger` among what this machine keeps for the
 * user (XDG base directories), one folder for each ledger that the URL names, whoever connects to it and whether TLS is used.
 * @throws CustodyError CUSTODY_LEDGER_URL
 */
export function besideLedger(url: string, env: Environment = process.env): string {
  return isPostgresUrl(url) ? join(ledgerFolder(url, env), 'ledger') : url.replace(/^sqlite:/, '')
}

/** The folder that is one ledger's alone; null of one in SQLite, which lies among files of others. */
export function folderOfLedger(url: string, env: Environment = process.env): string | null {
  return isPostgresUrl(url) ? ledgerFolder(url, env) : null
}

function ledgerFolder(url: string, env: Environment): string {
  const { XDG_STATE_HOME: state } = env
  const folder = state === undefined || state === '' ? join(homedir(), '.local', 'state') : state
  return join(folder, 'custody', 'ledgers', nameOf(url))
}

function nameOf(url: string): string {
  const { hostname, port, pathname, searchParams } = urlOf(url)
  const place = [
    searchParams.get('host') ?? hostname,
    port || DEFAULT_PORT,
    pathname,
    searchParams.get('schema') ?? DEFAULT_SCHEMA,
  ]
  return createHash('sha256').update(JSON.stringify(place)).digest('hex').slice(0, NAME_DIGITS)
}
