/** Copies all that a ledger holds into a store that has none of it yet, through the ports: the two may be of different kinds. */
import { bytesToHex } from '../../format/hash.ts'
import type { TreeNumber } from '../../format/trees.ts'
import { CustodyError } from '../../model/error.ts'
import { entriesOf } from '../encryption/chunk.ts'
import {
  type FullEntry,
  isReadable,
  type LedgerReader,
  type SealedChunk,
  type StoredLog,
  type StoredTile,
} from '../read-port.ts'
import type { Store } from '../store.ts'
import { LOG_ZERO } from '../write/log-zero.ts'
import { type LeaseChange, NOTHING, type TileDraft, type WriteBatch } from '../write-port.ts'

/** Records of a transaction. */
const AT_ONCE = 500

/** The batch that a copy begins with: the birth. @throws CustodyError CUSTODY_LEDGER_FORMAT */
export async function birthOf(reader: LedgerReader): Promise<WriteBatch> {
  const [born, head] = [await reader.entry(LOG_ZERO, 0), await reader.head(LOG_ZERO)]
  if (born === null || head === null)
    throw new CustodyError('CUSTODY_LEDGER_FORMAT', `${reader.url} has no birth entry`)
  return { ...NOTHING, log: LOG_ZERO, lease: null, ledger: null, entries: [encoded(born)], head }
}

/** All but the birth, which is there; to be called within a snapshot of `from`. */
export async function copyRecords(from: LedgerReader, to: Store): Promise<void> {
  await copyEntries(from, to, LOG_ZERO, 1)
  await copyTiles(from, to, LOG_ZERO)
  const logs = (await from.allLogs()).filter(({ log }) => log !== LOG_ZERO)
  const splits = Map.groupBy(logs, ({ run }) => run)
  for (const log of logs) await copyLog(from, to, log, (splits.get(log.run)?.length ?? 1) - 1)
  for await (const head of from.witnessed()) await to.keepWitnessed(head)
  for await (const head of from.timestamps()) await to.keepTimestamp(head)
}

/** What log 0 has more than when it was copied. */
export async function copyGrown(from: LedgerReader, to: Store): Promise<void> {
  await copyEntries(from, to, LOG_ZERO, await to.reader.size(LOG_ZERO))
  await copyTiles(from, to, LOG_ZERO)
}

/** Entries from a number on, with the head. */
async function copyEntries(from: LedgerReader, to: Store, log: number, first: number): Promise<void> {
  const size = await from.size(log)
  const encrypted = new ChunkWalk(from.chunks(log))
  for (let at = first; at < size; at += AT_ONCE) {
    const page = await from.page(log, at, Math.min(size, at + AT_ONCE))
    const chunks = await encrypted.next(at + AT_ONCE)
    const payloads = page.flatMap(({ payload }) =>
      payload === null || !isReadable(payload) || encrypted.has(payload.seq)
        ? []
        : [{ ...payload, body: Buffer.from(payload.body) }],
    )
    await to.write({ ...NOTHING, log, lease: null, ledger: null, entries: page.map(encoded), payloads, chunks })
  }
  const head = await from.head(log)
  if (head !== null) await to.write({ ...NOTHING, log, lease: null, ledger: null, head })
}

/** Chunks in their order, as far as a log is copied: what is encrypted stays as it is, whether its key is at hand or not. */
class ChunkWalk {
  readonly #chunks: AsyncIterator<SealedChunk>
  #waiting: SealedChunk | null = null
  readonly #seqs = new Set<number>()

  constructor(chunks: AsyncIterable<SealedChunk>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** Those that weren't given yet and begin before `end`. */
  async next(end: number): Promise<readonly SealedChunk[]> {
    const found: SealedChunk[] = []
    for (;;) {
      const next = this.#waiting ?? (await this.#chunks.next()).value ?? null
      this.#waiting = next
      if (next === null || next.first >= end) return found
      this.#waiting = null
      found.push(next)
      for (const { seq } of entriesOf(next) ?? []) this.#seqs.add(seq)
    }
  }

  /** Whether an entry has its values in one of these; asked once. */
  has(seq: number): boolean {
    return this.#seqs.delete(seq)
  }
}

/** `splits`: how many the run has; their logs are made with the first one. */
async function copyLog(from: LedgerReader, to: Store, { log, run, part }: StoredLog, splits: number): Promise<void> {
  const write = (batch: Partial<WriteBatch>) => to.write({ ...NOTHING, log, lease: null, ledger: null, ...batch })
  if (part === 0) await write({ lease: { kind: 'open', run: run ?? '', splits, holder: '', expires_us: 0 } })
  await copyEntries(from, to, log, 0)
  for await (const endings of some(from.endings(log))) await write({ endings })
  for await (const open_tokens of some(from.openTokens(log))) await write({ open_tokens })
  await copyTiles(from, to, log)
  const lease = leaseOf(await from.size(log), (await from.lease(log))?.epoch ?? null)
  if (lease !== null) await write({ lease })
}

/** From the first epoch, with which a log is made, to that of the original, held by nobody; `epoch` null: the run is sealed. */
function leaseOf(size: number, epoch: number | null): LeaseChange | null {
  if (epoch === null) return { kind: 'end', epoch: 1 }
  return epoch === 1 ? null : { kind: 'take', size, from_epoch: 1, epoch, holder: '', expires_us: 0 }
}

/** Those that aren't there yet. */
async function copyTiles(from: LedgerReader, to: Store, log: number): Promise<void> {
  const placeOf = ({ tree, level, idx }: StoredTile) => `${tree} ${level} ${idx}`
  const there = new Set<string>()
  for await (const tile of to.reader.tiles(log)) there.add(placeOf(tile))
  for await (const tiles of some(from.tiles(log)))
    await to.write({
      ...{ ...NOTHING, log, lease: null, ledger: null },
      // cast: what isn't one of its trees differs when the two are compared.
      tiles: tiles
        .filter(tile => !there.has(placeOf(tile)))
        .map(
          ({ tree, level, idx, hash }): TileDraft => ({
            tree: tree as TreeNumber,
            level,
            index: idx,
            root: bytesToHex(hash),
          }),
        ),
    })
}

function encoded({ seq, row, batch, body }: Omit<FullEntry, 'payload'>) {
  return { seq, row, batch, body: Buffer.from(body) }
}

async function* some<T>(records: AsyncIterable<T>): AsyncIterable<readonly T[]> {
  let found: T[] = []
  for await (const each of records) {
    found.push(each)
    if (found.length < AT_ONCE) continue
    yield found
    found = []
  }
  if (found.length > 0) yield found
}
