/**
 * The values that a ledger has encrypted, for its reader, over any store.
 *
 * SEALED-PAYLOADS-1. Whatever can't be decrypted is given as unreadable, with the reason; nothing else of an answer fails for it.
 */

import { parseJson } from '../../model/json.ts'
import type { FullEntry, SealedChunk, StoredPayload } from '../read-port.ts'
import { type ChunkPlace, entriesOf } from './chunk.ts'
import { ChunkOpener, type ChunkPayloads } from './chunk-opener.ts'
import type { Keychain } from './keychain.ts'

/** A chunk without what is encrypted. */
export type ChunkHead = Omit<SealedChunk, 'message'>

/** How a store is asked for its chunks, all in order. */
export interface ChunkSource {
  /** The last one that begins at an entry or before. */
  before(log: number, seq: number): Promise<SealedChunk | null>
  all(log: number): AsyncIterable<SealedChunk>
  first(log: number): Promise<ChunkHead | null>
  heads(log: number): AsyncIterable<ChunkHead>
  /** Those between two that have an entry, or a payload in plain. */
  seqs(of: 'entries' | 'payloads', log: number, first: number, last: number): Promise<readonly number[]>
  /** Body of the ledger's birth. */
  birth(): Promise<string | null>
}

/** Exactly the entries that commit to values have this. */
const COMMITS = '"c":['

export class SealedPayloads {
  readonly #source: ChunkSource
  readonly #opener: ChunkOpener
  #ledger: string | null = null

  constructor(source: ChunkSource, keychain: Keychain) {
    this.#source = source
    this.#opener = new ChunkOpener(keychain)
  }

  async payload(log: number, seq: number): Promise<StoredPayload | null> {
    return payloadIn(await this.#payloadsAt(log, seq), seq)
  }

  /** Entries that have no payload in plain, with those that are encrypted. */
  async filled(log: number, entries: readonly FullEntry[]): Promise<readonly FullEntry[]> {
    if (entries.every(({ payload, body }) => payload !== null || !body.includes(COMMITS))) return entries
    const filled: FullEntry[] = []
    let payloads: ChunkPayloads | null = null
    for (const entry of entries) {
      const { seq, payload, body } = entry
      if (payload !== null || !body.includes(COMMITS)) {
        filled.push(entry)
        continue
      }
      const is_near = payloads !== null && seq >= (payloads[0]?.seq ?? 0) && seq <= (payloads.at(-1)?.seq ?? -1)
      if (!is_near) payloads = await this.#payloadsAt(log, seq)
      filled.push({ ...entry, payload: payloadIn(payloads, seq) })
    }
    return filled
  }

  async *payloads(log: number): AsyncIterable<StoredPayload> {
    const place = await this.place(log)
    for await (const chunk of this.#source.all(log)) yield* this.#opener.payloadsOf(chunk, place) ?? []
  }

  /** A chunk that doesn't say what it has counts as one. */
  async count(log: number): Promise<number> {
    let count = 0
    for await (const head of this.#source.heads(log)) count += entriesOf(head)?.length ?? 1
    return count
  }

  /** Seqs of payloads that have no entry, or whose entry has another payload; of a chunk that doesn't say what it has its first. */
  async stray(log: number): Promise<readonly number[]> {
    const stray: number[] = []
    let seen = -1
    for await (const head of this.#source.heads(log)) {
      const { first, last } = head
      const entries = entriesOf(head)
      if (entries === null) stray.push(first)
      const there = new Set(await this.#source.seqs('entries', log, first, last))
      const plain = new Set(await this.#source.seqs('payloads', log, first, last))
      for (const { seq } of entries ?? []) {
        if (!there.has(seq) || plain.has(seq) || seq <= seen) stray.push(seq)
        seen = Math.max(seen, seq)
      }
    }
    return stray
  }

  /** Id of the key of the first chunk; null if there is none. */
  async encryptedWith(log: number): Promise<string | null> {
    return (await this.#source.first(log))?.key_id ?? null
  }

  /** A ledger whose birth can't be read has the id of none: nothing opens. */
  async place(log: number): Promise<ChunkPlace> {
    this.#ledger ??= bornAs((await this.#source.birth()) ?? '')
    return { ledger: this.#ledger ?? '', log }
  }

  async #payloadsAt(log: number, seq: number): Promise<ChunkPayloads | null> {
    const chunk = await this.#source.before(log, seq)
    if (chunk === null || chunk.last < seq) return null
    const opened = this.#opener.payloadsOf(chunk, await this.place(log))
    return opened ?? [{ seq, values: 0, unreadable: { why: 'damaged' } }]
  }
}

function payloadIn(payloads: ChunkPayloads | null, seq: number): StoredPayload | null {
  return payloads?.find(each => each.seq === seq) ?? null
}

/** The ledger's id, as its birth has it. */
export function bornAs(body: string): string | null {
  try {
    // cast: of JSON; what isn't an object has no such key.
    const { ledger } = Object(parseJson(body)) as { readonly ledger?: unknown }
    return typeof ledger === 'string' ? ledger : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** Payloads of two streams, each in order, in order. */
export async function* inOrder(
  one: AsyncIterable<StoredPayload>,
  other: AsyncIterable<StoredPayload>,
): AsyncIterable<StoredPayload> {
  const [ones, others] = [one[Symbol.asyncIterator](), other[Symbol.asyncIterator]()]
  try {
    let [next, or] = [await ones.next(), await others.next()]
    while (next.done !== true || or.done !== true) {
      if (or.done === true || (next.done !== true && next.value.seq <= or.value.seq)) {
        // cast: one of the two isn't done, and it isn't the other.
        yield next.value as StoredPayload
        next = await ones.next()
      } else {
        yield or.value
        or = await others.next()
      }
    }
  } finally {
    try {
      await ones.return?.()
    } finally {
      await others.return?.()
    }
  }
}
