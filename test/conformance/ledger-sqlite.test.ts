import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openForWriting } from '../../src/ledger/sqlite/file.ts'
import { SqliteReader } from '../../src/ledger/sqlite/reader.ts'
import { SqliteStore } from '../../src/ledger/sqlite/store.ts'
import type { WriteBatch } from '../../src/ledger/write-port.ts'
import { ledgerConformance } from './ledger.ts'

ledgerConformance('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'custody-conformance-'))
  const path = join(folder, 'ledger.db')
  const url = `sqlite:${path}`
  const open = async (birth: (() => WriteBatch) | null) => {
    const db = openForWriting(path, url, birth)
    return new SqliteStore(db, new SqliteReader(db, url))
  }
  return {
    create: birth => open(() => birth),
    open: () => open(null),
    remove: async () => rmSync(folder, { recursive: true }),
  }
})
