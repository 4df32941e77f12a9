/** Chunks of encrypted values in PostgreSQL, as its reader asks for them. */
import type { ChunkHead, ChunkSource } from '../encryption/sealed-payloads.ts'
import type { SealedChunk, StoredEntry } from '../read-port.ts'
import type { Asking } from './asking.ts'
import { QUERIES } from './queries.ts'

export class PostgresChunks implements ChunkSource {
  readonly #asking: Asking

  constructor(asking: Asking) {
    this.#asking = asking
  }

  before(log: number, seq: number): Promise<SealedChunk | null> {
    return this.#asking.get(QUERIES.chunk_before, log, seq)
  }

  all(log: number): AsyncIterable<SealedChunk> {
    return this.#asking.stream(QUERIES.chunks, log)
  }

  first(log: number): Promise<ChunkHead | null> {
    return this.#asking.get(QUERIES.first_chunk, log)
  }

  heads(log: number): AsyncIterable<ChunkHead> {
    return this.#asking.stream(QUERIES.chunk_heads, log)
  }

  async seqs(of: 'entries' | 'payloads', log: number, first: number, last: number): Promise<readonly number[]> {
    const query = of === 'entries' ? QUERIES.entries_between : QUERIES.payloads_between
    return (await this.#asking.all<{ readonly seq: number }>(query, log, first, last)).map(({ seq }) => seq)
  }

  async birth(): Promise<string | null> {
    return (await this.#asking.get<StoredEntry>(QUERIES.entry, 0, 0))?.body ?? null
  }
}
