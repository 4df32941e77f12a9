/** Endings, compared with the entries that say them. */
import { TILE_WIDTH } from '../../format/tree.ts'
import type { LedgerReader, StoredEnding, StoredEntry } from '../../ledger/read-port.ts'
import { decodeSubjectEntry, isSubjectBody } from '../decode.ts'
import { readable } from '../runs/damaged.ts'
import { entryName, tokenName } from '../verify/check.ts'
import { orNull } from '../verify/stored-endings.ts'
import { endOf } from '../verify/token.ts'
import type { CheckedLog } from './log-check.ts'
import { UnsoundRecord } from './unsound.ts'

/** By their seqs the entries that endings name, of which each is in the tree that was signed. @throws UnsoundRecord */
export async function entriesOfEndings(
  reader: LedgerReader,
  log: number,
  endings: readonly StoredEnding[],
  checked: CheckedLog,
): Promise<ReadonlyMap<number, StoredEntry>> {
  const entries = new Map<number, StoredEntry>()
  for (const [tile, seqs] of byTile(endings)) {
    const read = await entriesAt(reader, log, tile, seqs)
    await checked.mustHave(read)
    for (const entry of read) if (seqs.has(entry.seq)) entries.set(entry.seq, entry)
  }
  return entries
}

/** Where some of a tile are wanted, all of it are read: for whether they are in the tree it takes the others, too. */
async function entriesAt(
  reader: LedgerReader,
  log: number,
  tile: number,
  seqs: ReadonlySet<number>,
): Promise<readonly StoredEntry[]> {
  const found: StoredEntry[] = []
  if (seqs.size > FEW) {
    const [first, end] = [tile * TILE_WIDTH, (tile + 1) * TILE_WIDTH]
    for await (const entry of reader.entries(log, first)) {
      if (entry.seq < end) found.push(entry)
      if (entry.seq >= end - 1) break
    }
    return found
  }
  for (const seq of seqs) {
    const entry = await reader.entry(log, seq)
    if (entry !== null) found.push(entry)
  }
  return found
}

/** Entries of a tile that are read one by one. */
const FEW = 2

/** The seqs that they name, by the tile. */
function byTile(endings: readonly StoredEnding[]): ReadonlyMap<number, ReadonlySet<number>> {
  const tiles = new Map<number, Set<number>>()
  for (const { seq } of endings) {
    const seqs = tiles.get(tileOf(seq)) ?? new Set()
    tiles.set(tileOf(seq), seqs.add(seq))
  }
  return tiles
}

/** Of an entry. */
export const tileOf = (seq: number) => Math.floor(seq / TILE_WIDTH)

/** What the table says of an ending is what its entry says. */
export function mustBeOf(stored: StoredEntry | null, ending: StoredEnding, log: number): void {
  const { token, seq, fate, node, sink, grp, error_code, row, batch, recorded_us } = ending
  if (stored === null || !isSubjectBody(stored.row, stored.body)) throw new UnsoundRecord([otherEnding(token, seq)])
  const entry = readable(log, () => decodeSubjectEntry(seq, stored.body))
  const found = entry.endings.find(each => each.token === token)
  if (found === undefined) throw new UnsoundRecord([otherEnding(token, seq)])
  const said = [fate, node, sink, grp, error_code, row, batch, recorded_us]
  const recorded = [found.fate, found.node, orNull(found.sink), orNull(found.group), found.error?.code ?? null]
  if ([...recorded, stored.row, stored.batch, endOf(token, entry)].some((each, i) => each !== said[i]))
    throw new UnsoundRecord([otherEnding(token, seq)])
}

function otherEnding(token: number, seq: number): string {
  return `${tokenName(token)} has another ending in the table than in ${entryName(seq)}`
}
