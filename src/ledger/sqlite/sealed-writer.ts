/** Encrypts values for a SQLite file, erases some of them, and wraps their data keys anew. Called within a transaction of the store. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { CustodyError } from '../../model/error.ts'
import { sealAll } from '../encryption/chunk.ts'
import { type Replaced, replaced, sealedErasure } from '../encryption/erased-chunk.ts'
import type { Keychain } from '../encryption/keychain.ts'
import type { LedgerKey } from '../encryption/ledger-key.ts'
import { rewrapping } from '../encryption/rewrapping.ts'
import type { Erasure } from '../erase-port.ts'
import type { SealedChunk } from '../read-port.ts'
import type { Rewrapped, SealedPlace } from '../store.ts'
import type { NewPayload } from '../write-port.ts'
import type { SqliteChunks } from './chunks.ts'

const SQL = {
  insert: `INSERT INTO sealed (log, first, last, entries, key_id, data_key, message) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  remove: `DELETE FROM sealed WHERE log = ? AND first = ?`,
  put_nothing: `INSERT INTO payloads (log, seq, salts, body) VALUES (?, ?, zeroblob(?), ?)`,
  wrap: `UPDATE sealed SET key_id = ?, data_key = ? WHERE log = ? AND first = ?`,
}

export class SealedWriter {
  readonly #chunks: SqliteChunks
  readonly #keychain: Keychain
  readonly #sql: { readonly [name in keyof typeof SQL]: StatementSync }

  constructor(db: DatabaseSync, chunks: SqliteChunks, keychain: Keychain) {
    this.#chunks = chunks
    this.#keychain = keychain
    // cast: the same keys.
    this.#sql = Object.fromEntries(Object.entries(SQL).map(([name, text]) => [name, db.prepare(text)])) as {
      [name in keyof typeof SQL]: StatementSync
    }
  }

  insert(log: number, payloads: Iterable<NewPayload>, key: LedgerKey): void {
    for (const chunk of sealAll(payloads, this.#chunks.placeOf(log), key)) this.put(log, chunk)
  }

  /** As it is. */
  put(log: number, { first, last, entries, key_id, data_key, message }: SealedChunk): void {
    one(this.#sql.insert.run(log, first, last, entries, key_id, data_key, message))
  }

  /**
   * Returns the seqs of the payloads that were found.
   * @throws CustodyError CUSTODY_LEDGER_KEY if what stays can't be encrypted anew.
   */
  erase(erasure: Erasure): ReadonlySet<number> {
    const { log } = erasure
    const sealed = sealedErasure(erasure)
    const chunks = new Map<number, SealedChunk>()
    for (const [first, last] of sealed.ranges)
      for (const chunk of this.#chunks.between(log, first, last)) chunks.set(chunk.first, chunk)
    const found = new Set<number>()
    for (const chunk of chunks.values()) {
      const anew = replaced(chunk, sealed, this.#chunks.placeOf(log), this.#keychain)
      if (anew === null) continue
      this.#replace(log, chunk, anew)
      for (const seq of anew.found) found.add(seq)
    }
    return found
  }

  /** Data keys of at most `most` chunks behind `after`, of all logs, under another ledger key. */
  rewrap(to: LedgerKey, after: SealedPlace, most: number): Rewrapped {
    const heads = this.#chunks.headsAfter(after.log, after.first, most)
    const { ledger } = this.#chunks.placeOf(0)
    const { changes, ...done } = rewrapping(heads, most, to, { ledger, keychain: this.#keychain })
    for (const { log, first, key_id, data_key } of changes) one(this.#sql.wrap.run(key_id, data_key, log, first))
    return done
  }

  #replace(log: number, chunk: SealedChunk, { gone, chunks }: Replaced): void {
    one(this.#sql.remove.run(log, chunk.first))
    for (const { seq, salts_bytes, body } of gone) one(this.#sql.put_nothing.run(log, seq, salts_bytes, body))
    for (const each of chunks) this.put(log, each)
  }
}

function one({ changes }: { changes: number | bigint }): void {
  if (changes !== 1) throw new CustodyError('CUSTODY_ENGINE_DEFECT', `a statement changed ${changes} rows, not one`)
}
