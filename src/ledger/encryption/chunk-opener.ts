/** Opens chunks for a reader, with the keys that it has. */
import type { SealedChunk, StoredPayload } from '../read-port.ts'
import { type ChunkPlace, entriesOf, openChunk } from './chunk.ts'
import type { Keychain } from './keychain.ts'

/** Payloads of a chunk, in order of their seq. */
export type ChunkPayloads = readonly StoredPayload[]

/** Chunks that were opened last, which rows that are read one after another share. */
const KEPT = 4

export class ChunkOpener {
  readonly #keychain: Keychain
  /** By log and data key, which no two chunks share, and no two states of one. */
  readonly #kept = new Map<string, ChunkPayloads>()

  constructor(keychain: Keychain) {
    this.#keychain = keychain
  }

  /** null if a chunk doesn't say which entries it has. */
  payloadsOf(chunk: SealedChunk, place: ChunkPlace): ChunkPayloads | null {
    const entries = entriesOf(chunk)
    if (entries === null) return null
    const key = this.#keychain.get(chunk.key_id)
    if (key === null) {
      const unreadable = { why: 'no_key', key_id: chunk.key_id } as const
      return entries.map(({ seq, values }) => ({ seq, values, unreadable }))
    }
    const name = `${place.log} ${chunk.entries} ${Buffer.from(chunk.data_key).toString('latin1')}`
    const kept = this.#kept.get(name)
    if (kept !== undefined) return kept
    const opened = openChunk(chunk, place, key)
    if (opened === null) return entries.map(({ seq, values }) => ({ seq, values, unreadable: { why: 'damaged' } }))
    this.#kept.set(name, opened)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break
      this.#kept.delete(oldest)
    }
    return opened
  }
}
