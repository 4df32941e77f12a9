import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openForWriting } from '../../src/ledger/sqlite/file.ts'
import { SqliteReader } from '../../src/ledger/sqlite/reader.ts'
import { SqliteStore } from '../../src/ledger/sqlite/store.ts'
import { ThreadScribe } from '../../src/ledger/thread/thread-scribe.ts'
import type { WriteBatch } from '../../src/ledger/write-port.ts'
import { ledgerConformance } from './ledger.ts'
import type { Place } from './stage.ts'

async function makePlace(threaded: boolean): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-conformance-'))
  const path = join(folder, 'ledger.db')
  const url = `sqlite:${path}`
  const open = async (birth: (() => WriteBatch) | null) => {
    const db = openForWriting(path, url, birth)
    return new SqliteStore(db, new SqliteReader(db, url))
  }
  const place: Place = {
    create: birth => open(() => birth),
    open: () => open(null),
    remove: async () => rmSync(folder, { recursive: true }),
  }
  if (!threaded) return place
  const threads: Place['threads'] = ({ signer: { name, private_key } }) => ({
    from_entries: 0,
    start: from => new ThreadScribe({ ...from, path, url, lasting: 'durable', key: { name, private_key } }),
  })
  return { ...place, threads }
}

ledgerConformance('SQLite', () => makePlace(false))
ledgerConformance('SQLite, written by another thread', () => makePlace(true))
