/** Opens the store of a ledger by its URL, for writing. Every thread that writes opens one of its own. */
import { pathOf } from './open-reader.ts'
import { isPostgresUrl } from './postgres/address.ts'
import { openCopy, openForWriting, unfinishedHome } from './sqlite/file.ts'
import { SqliteReader } from './sqlite/reader.ts'
import { SqliteStore } from './sqlite/store.ts'
import type { Store, StoreOptions } from './store.ts'
import type { WriteBatch } from './write-port.ts'

/**
 * `sqlite:PATH` or `postgres://…`.
 * @throws CustodyError CUSTODY_LEDGER_URL, CUSTODY_LEDGER_NOT_FOUND, CUSTODY_LEDGER_FORMAT, CUSTODY_LEDGER_WRITE, CUSTODY_LEDGER_BUSY,
 * CUSTODY_PACKAGE_MISSING.
 */
export async function openStore(url: string, options: StoreOptions): Promise<Store> {
  if (isPostgresUrl(url)) {
    const { openPostgresStore } = await import('./postgres/open.ts')
    return openPostgresStore(url, options)
  }
  return openSqliteStore(url, options)
}

/** @throws CustodyError as `openStore`. */
export function openSqliteStore(url: string, options: StoreOptions): SqliteStore {
  const path = pathOf(url)
  const absolute = `sqlite:${path}`
  const { birth, lasting } = options
  const db = openForWriting(path, absolute, birth === null ? null : () => birth(null), lasting)
  return new SqliteStore(db, new SqliteReader(db, absolute), options.encryption)
}

/**
 * Makes a copy of a ledger, to be finished, with its birth alone; in the place of one that wasn't.
 * @throws CustodyError CUSTODY_LEDGER_EXISTS, and as `openStore`.
 */
export async function createCopy(url: string, birth: WriteBatch, home: string): Promise<Store> {
  if (isPostgresUrl(url)) {
    const { createPostgresCopy } = await import('./postgres/open.ts')
    return createPostgresCopy(url, birth, home)
  }
  const path = pathOf(url)
  const absolute = `sqlite:${path}`
  const db = openCopy(path, absolute, birth, home)
  return new SqliteStore(db, new SqliteReader(db, absolute))
}

/** The home of a copy that was begun there and not finished; null if there is none. */
export async function unfinishedCopyAt(url: string): Promise<string | null> {
  if (!isPostgresUrl(url)) return unfinishedHome(pathOf(url), url)
  const { unfinishedPostgresCopy } = await import('./postgres/open.ts')
  return unfinishedPostgresCopy(url)
}
