/** Opens ledgers to read them, by their URLs. */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CustodyError } from '../model/error.ts'
import { isPostgresUrl, withoutPassword } from './postgres/address.ts'
import type { LedgerReader } from './read-port.ts'
import { EmptyLedgerError, openForReading } from './sqlite/file.ts'
import { SqliteReader } from './sqlite/reader.ts'
import { APPLICATION_ID } from './sqlite/schema.ts'

const LOOK_EVERY_MS = 20
const LOOKS = 100

/**
 * Opens a ledger for reading, and never makes one. An empty file is looked at for two seconds, or `looks` times: a run that
 * begins just now may be making its ledger.
 * @throws CustodyError CUSTODY_LEDGER_URL, CUSTODY_LEDGER_NOT_FOUND, CUSTODY_LEDGER_FORMAT, CUSTODY_LEDGER_READ,
 * CUSTODY_LEDGER_BUSY.
 */
export async function openLedgerReader(url: string, looks = LOOKS): Promise<LedgerReader> {
  if (isPostgresUrl(url)) {
    const { openPostgresReader } = await import('./postgres/open.ts')
    return openPostgresReader(url)
  }
  const path = pathOf(url)
  const absolute = `sqlite:${path}`
  for (let look = 1; ; look++) {
    try {
      return new SqliteReader(openForReading(path, absolute), absolute)
    } catch (error) {
      if (!(error instanceof EmptyLedgerError) || look >= looks) throw error
      await sleep(LOOK_EVERY_MS)
    }
  }
}

/** The absolute path of a `sqlite:` URL; a relative one is taken from the current folder. @throws CustodyError CUSTODY_LEDGER_URL */
export function pathOf(url: string): string {
  const path = /^sqlite:(?<path>.+)$/.exec(url)?.groups?.path
  if (path === undefined)
    throw new CustodyError('CUSTODY_LEDGER_URL', `${JSON.stringify(withoutPassword(url))} is no ledger’s URL`)
  return resolve(path)
}

const SQLITE_MAGIC = 'SQLite format 3\0'
const APPLICATION_ID_AT = 68

/** Whether a file that begins so (100 bytes, or as many as there are) is a ledger in SQLite. */
export function isLedgerFile(head: Buffer): boolean {
  return (
    head.length >= APPLICATION_ID_AT + 4 &&
    head.toString('latin1', 0, SQLITE_MAGIC.length) === SQLITE_MAGIC &&
    head.readUInt32BE(APPLICATION_ID_AT) === APPLICATION_ID
  )
}
