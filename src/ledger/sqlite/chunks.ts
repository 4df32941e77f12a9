/** Chunks of encrypted values in a SQLite file, as its reader and its store ask for them. */
import type { SQLInputValue } from 'node:sqlite'
import type { ChunkPlace } from '../encryption/chunk.ts'
import type { PlacedHead } from '../encryption/rewrapping.ts'
import { bornAs, type ChunkHead, type ChunkSource } from '../encryption/sealed-payloads.ts'
import type { SealedChunk, StoredEntry, StoredObject } from '../read-port.ts'
import { QUERIES } from './queries.ts'

/** How the reader asks; each record's cells are looked at. */
export interface Asking {
  get<T>(text: string, ...values: SQLInputValue[]): T | null
  all<T>(text: string, ...values: SQLInputValue[]): T[]
  stream<T>(text: string, ...values: SQLInputValue[]): AsyncIterable<T>
}

/** Of a ledger that was made before there were any, it has none. */
export class SqliteChunks implements ChunkSource {
  readonly #ask: Asking
  #ledger: string | null = null
  #exist: boolean | null = null

  constructor(ask: Asking) {
    this.#ask = ask
  }

  /** Whether there is a table of them. */
  get exist(): boolean {
    this.#exist ??= this.#ask.all<StoredObject>(QUERIES.objects).some(each => each.name === 'sealed')
    return this.#exist
  }

  async before(log: number, seq: number): Promise<SealedChunk | null> {
    return this.exist ? this.#ask.get(QUERIES.chunk_before, log, seq) : null
  }

  all(log: number): AsyncIterable<SealedChunk> {
    return this.exist ? this.#ask.stream(QUERIES.chunks, log) : none()
  }

  async first(log: number): Promise<ChunkHead | null> {
    return this.exist ? this.#ask.get(QUERIES.first_chunk, log) : null
  }

  heads(log: number): AsyncIterable<ChunkHead> {
    return this.exist ? this.#ask.stream(QUERIES.chunk_heads, log) : none()
  }

  async seqs(of: 'entries' | 'payloads', log: number, first: number, last: number): Promise<readonly number[]> {
    const query = of === 'entries' ? QUERIES.entries_between : QUERIES.payloads_between
    return this.#ask.all<{ readonly seq: number }>(query, log, first, last).map(({ seq }) => seq)
  }

  async birth(): Promise<string | null> {
    return this.#ask.get<StoredEntry>(QUERIES.entry, 0, 0)?.body ?? null
  }

  /** The same, for who can't wait within a transaction; '': it can't be known. */
  placeOf(log: number): ChunkPlace {
    this.#ledger ??= bornAs(this.#ask.get<StoredEntry>(QUERIES.entry, 0, 0)?.body ?? '')
    return { ledger: this.#ledger ?? '', log }
  }

  /** Chunks that may have values of entries between two, in order. */
  between(log: number, from: number, to: number): readonly SealedChunk[] {
    const before = this.#ask.get<SealedChunk>(QUERIES.chunk_before, log, from)
    const inside = this.#ask.all<SealedChunk>(QUERIES.chunks_between, log, from, to)
    return before !== null && before.last >= from ? [before, ...inside] : inside
  }

  /** Of all logs, in order. */
  headsAfter(log: number, first: number, most: number): readonly PlacedHead[] {
    return this.#ask.all(QUERIES.chunk_heads_after, log, first, most)
  }
}

async function* none(): AsyncIterable<never> {
  // There is nothing to give.
}
