/**
 * Values of the run's own entries that may say something of a row: the position of a source just behind it, why the run stopped, and, where
 * rows say to which file they go, the names of these.
 */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { decodeRunEntry } from '../decode.ts'
import { readable } from '../runs/run-log.ts'
import { type Blanked, blanked } from './blank.ts'

export interface RowInRun {
  /** Number of its source's node, and of its record there. */
  readonly source: number
  readonly index: number
}

export interface RunBlanks {
  /** They say nothing that a run which is sealed still needs. */
  readonly own: readonly Blanked[]
  /** They say something of other rows, too. */
  readonly shared: readonly Blanked[]
}

/** `by_value`: whether rows of those that are erased named a file. */
export async function runBlanks(
  reader: LedgerReader,
  log: number,
  { rows, by_value }: { readonly rows: readonly RowInRun[]; readonly by_value: boolean },
): Promise<RunBlanks> {
  const behind = new Set(rows.map(({ source, index }) => `${source} ${index}`))
  const own: Blanked[] = []
  const shared: Blanked[] = []
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    const { facts } = readable(log, () => decodeRunEntry(seq, body))
    const is_own = facts.k === 'commit' && facts.cursors.some(each => behind.has(`${each.source} ${each.records}`))
    const names_files = by_value && (facts.k === 'commit' || facts.k === 'publish')
    if (!is_own && !names_files && facts.k !== 'stop') continue
    const payload = await reader.payload(log, seq)
    const blank = payload === null ? null : blanked({ payload, goes: () => true, inFull: () => undefined })
    if (blank !== null) (is_own ? own : shared).push(blank)
  }
  return { own, shared }
}
