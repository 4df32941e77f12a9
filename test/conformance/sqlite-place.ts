import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ownKeychain } from '../../src/ledger/encryption/keychain.ts'
import { type LedgerKey, ledgerKeyOf } from '../../src/ledger/encryption/ledger-key.ts'
import { openForWriting } from '../../src/ledger/sqlite/file.ts'
import { SqliteReader } from '../../src/ledger/sqlite/reader.ts'
import { SqliteStore } from '../../src/ledger/sqlite/store.ts'
import type { WriteBatch } from '../../src/ledger/write-port.ts'
import { type Place, threadsAt } from './stage.ts'

export interface PlaceKind {
  readonly threaded: boolean
  /** What values are encrypted with; absent: they aren't. */
  readonly encryption?: LedgerKey
}

export const TEST_KEY = ledgerKeyOf(Buffer.alloc(32, 1))

/** A new file each time. */
export async function sqlitePlace({ threaded, encryption }: PlaceKind): Promise<Place> {
  // Commands that were tried before in this process have begun with keychains of their own.
  if (encryption !== undefined) ownKeychain.add(encryption)
  const folder = mkdtempSync(join(tmpdir(), 'custody-conformance-'))
  const path = join(folder, 'ledger.db')
  const url = `sqlite:${path}`
  const open = async (birth: (() => WriteBatch) | null) => {
    const db = openForWriting(path, url, birth)
    return new SqliteStore(db, new SqliteReader(db, url), encryption)
  }
  const place: Place = {
    create: birth => open(() => birth),
    open: () => open(null),
    remove: async () => rmSync(folder, { recursive: true }),
  }
  if (!threaded) return place
  return { ...place, threads: threadsAt(url, encryption) }
}
