/** Encrypts values for a store in PostgreSQL, erases some of them, and wraps their data keys anew. */
import { CustodyError } from '../../model/error.ts'
import { sealAll } from '../encryption/chunk.ts'
import { type Replaced, replaced, sealedErasure } from '../encryption/erased-chunk.ts'
import type { Keychain } from '../encryption/keychain.ts'
import type { LedgerKey } from '../encryption/ledger-key.ts'
import { type PlacedHead, rewrapping } from '../encryption/rewrapping.ts'
import type { Erasure } from '../erase-port.ts'
import type { SealedChunk } from '../read-port.ts'
import type { Rewrapped, SealedPlace } from '../store.ts'
import type { WriteBatch } from '../write-port.ts'
import type { Connection } from './connection.ts'
import { TO_CHANGE } from './queries.ts'

const SQL = {
  insert: `INSERT INTO sealed (log, first, last, entries, key_id, data_key, message) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
  remove: `DELETE FROM sealed WHERE log = $1 AND first = $2 RETURNING first`,
  put_nothing: `INSERT INTO payloads (log, seq, salts, body) VALUES ($1, $2, $3, $4)`,
  wrap: `UPDATE sealed SET key_id = $3, data_key = $4 WHERE log = $1 AND first = $2 RETURNING first`,
}

export class SealedWriter {
  readonly #key: LedgerKey | null
  readonly #keychain: Keychain
  readonly #ledger: string

  /** `ledger`: its id. `key`: what values are encrypted with from now on; null: they aren't. */
  constructor(ledger: string, key: LedgerKey | null, keychain: Keychain) {
    this.#ledger = ledger
    this.#key = key
    this.#keychain = keychain
  }

  get encrypts(): boolean {
    return this.#key !== null
  }

  /** The payloads of a batch, encrypted; null: they stay as they are. */
  chunksOf({ log, payloads }: WriteBatch): readonly SealedChunk[] | null {
    return this.#key === null ? null : [...sealAll(payloads, { ledger: this.#ledger, log }, this.#key)]
  }

  /**
   * Within a transaction. Returns the seqs of the payloads that were found.
   * @throws CustodyError CUSTODY_LEDGER_KEY if what stays can't be encrypted anew.
   */
  async erase(erasure: Erasure, connection: Connection): Promise<ReadonlySet<number>> {
    const { log } = erasure
    const sealed = sealedErasure(erasure)
    const chunks = new Map<number, SealedChunk>()
    for (const [first, last] of sealed.ranges)
      for (const chunk of await connection.all<SealedChunk>(TO_CHANGE.chunks_between, log, first, last))
        chunks.set(chunk.first, chunk)
    const found = new Set<number>()
    for (const chunk of chunks.values()) {
      const anew = replaced(chunk, sealed, { ledger: this.#ledger, log }, this.#keychain)
      if (anew === null) continue
      await replace(connection, log, chunk, anew)
      for (const seq of anew.found) found.add(seq)
    }
    return found
  }

  /** Within a transaction; as `Store.rewrap`. */
  async rewrap(to: LedgerKey, after: SealedPlace, most: number, connection: Connection): Promise<Rewrapped> {
    const heads = await connection.all<PlacedHead>(TO_CHANGE.chunk_heads_after, after.log, after.first, most)
    const { changes, ...done } = rewrapping(heads, most, to, { ledger: this.#ledger, keychain: this.#keychain })
    for (const { log, first, key_id, data_key } of changes)
      one(await connection.all(SQL.wrap, log, first, key_id, Buffer.from(data_key)))
    return done
  }
}

async function replace(
  connection: Connection,
  log: number,
  chunk: SealedChunk,
  { gone, chunks }: Replaced,
): Promise<void> {
  one(await connection.all(SQL.remove, log, chunk.first))
  for (const { seq, salts_bytes, body } of gone)
    await connection.all(SQL.put_nothing, log, seq, Buffer.alloc(salts_bytes), body)
  for (const { first, last, entries, key_id, data_key, message } of chunks)
    await connection.all(SQL.insert, log, first, last, entries, key_id, Buffer.from(data_key), Buffer.from(message))
}

function one({ length }: readonly unknown[]): void {
  if (length !== 1) throw new CustodyError('CUSTODY_ENGINE_DEFECT', `a statement changed ${length} rows, not one`)
}
