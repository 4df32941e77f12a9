/**
 * What is asked of a log again and again in the same order is asked in one go: whoever looks at a log asks for its head, how long it is, and what
 * its tree's right edge is made of; whoever tells the story of a row asks for each of its entries' values, and whether it is in the tree.
 *
 * FORESEEN-1. Nothing is given that wasn't asked for, and nothing depends on what was foreseen: a wrong guess costs the server a look into an index.
 */
import { TILE_WIDTH } from '../../format/tree.ts'
import { TREES } from '../../format/trees.ts'
import type { StoredEntry } from '../read-port.ts'
import type { Asking } from './asking.ts'
import { QUERIES } from './queries.ts'

/** Behind the last commit of a run stand few entries: what was published, and the seal. */
const LAST_ENTRIES = 3
/** Of a row with more entries the others are asked for one by one. */
const MOST_OF_ROW = 8

/** For whoever asks for its head. */
export function foreseeLog(asking: Asking, log: number): void {
  asking.foresee(QUERIES.head, log)
  asking.foresee(QUERIES.size, log)
  if (log === 0) {
    asking.foresee(QUERIES.count_payloads, log)
    asking.foreseeStream(QUERIES.chunk_heads, log)
  } else {
    asking.foresee(QUERIES.entry, log, 0)
    asking.foresee(QUERIES.payload, log, 0)
  }
}

/** For whoever has asked how long it is. */
export function foreseeTree(asking: Asking, log: number, size: number): void {
  for (let [row, count] = [0, size]; count > 0; row++, count = Math.floor(count / TILE_WIDTH)) {
    const rest = count % TILE_WIDTH
    if (rest === 0) continue
    if (row === 0) asking.foresee(QUERIES.leaves, log, count - rest, rest)
    else asking.foresee(QUERIES.tile_hashes, log, TREES.log, row - 1, count - rest, rest)
  }
  if (log === 0) return
  foreseeTile(asking, log, 0, size)
  for (let seq = size - 1; seq > 0 && seq >= size - LAST_ENTRIES; seq--) asking.foresee(QUERIES.entry, log, seq)
}

/** For whoever has found entries of a row, or some of log 0: their values, and leaves beside them. */
export function foreseeEntries(asking: Asking, log: number, found: readonly StoredEntry[], size: number): void {
  for (const { seq } of found.slice(0, MOST_OF_ROW)) {
    asking.foresee(QUERIES.entry, log, seq)
    if (log === 0) continue
    asking.foresee(QUERIES.payload, log, seq)
    foreseeTile(asking, log, seq, size)
  }
}

/** Leaves of the tile that an entry is in, if that is full: others are the edge's. */
function foreseeTile(asking: Asking, log: number, seq: number, size: number): void {
  const from = seq - (seq % TILE_WIDTH)
  if (from + TILE_WIDTH <= size) asking.foresee(QUERIES.leaves, log, from, TILE_WIDTH)
}
