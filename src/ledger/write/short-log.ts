/** A log with few entries, as those of small splits are: they are read in one go, and whatever is asked of it is answered from memory. */
import { leafHash } from '../../format/hash.ts'
import { TILE_WIDTH } from '../../format/tree.ts'
import type { LedgerReader } from '../read-port.ts'

/** What is read of one log. */
export type LogReader = Pick<
  LedgerReader,
  | ('head' | 'size' | 'count' | 'tileRoots' | 'leaves')
  | ('entry' | 'entries' | 'entriesOfRun' | 'entriesOfRow' | 'entriesOfRows' | 'entriesOfBatch')
  | ('endings' | 'openTokens' | 'payload')
>

/** To be called within a snapshot, in which what comes back is used, too. Null: it is longer, or empty. */
export async function shortLog(reader: LedgerReader, log: number): Promise<LogReader | null> {
  const found = await reader.shortLog(log, TILE_WIDTH)
  if (found === null) return null
  const { head, entries: all } = found
  const leaves = all.map(({ body }) => leafHash(body))
  const size = (all.at(-1)?.seq ?? -1) + 1
  // Of what has a gap there are fewer.
  const dense = all.findIndex(({ seq }, i) => seq !== i)
  const first = dense < 0 ? all.length : dense
  return {
    head: async () => head,
    size: async () => size,
    count: async (of, what) => (what === 'entries' ? all.length : reader.count(of, what)),
    tileRoots: (of, tree, range) => reader.tileRoots(of, tree, range),
    leaves: async (_, from, most) => leaves.slice(from, Math.min(from + most, first)),
    entry: async (_, seq) => all.find(each => each.seq === seq) ?? null,
    async *entries(_, from = 0) {
      for (const each of all) if (each.seq >= from) yield each
    },
    async *entriesOfRun() {
      for (const each of all) if (each.row === null && each.batch === null) yield each
    },
    entriesOfRow: async (_, row) => all.filter(each => each.row === row && each.batch === null),
    entriesOfRows: (of, from, to) => reader.entriesOfRows(of, from, to),
    entriesOfBatch: async (_, batch) => all.filter(each => each.row === null && each.batch === batch),
    endings: of => reader.endings(of),
    openTokens: of => reader.openTokens(of),
    payload: async (_, seq) => all.find(each => each.seq === seq)?.payload ?? null,
  }
}
