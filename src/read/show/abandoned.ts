/** Groups and batches that waited when a run was given up, by node. Their entries are looked through only if there are some. */
import type { SubjectEntry, TotalsFact } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import { fateNumber } from '../../model/outcome.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { readable } from '../runs/run-log.ts'
import type { AbandonedGroups } from './summary.ts'

const ABANDONED = fateNumber('FAILED', 'abandoned')

export async function abandonedGroups(
  reader: LedgerReader,
  log: number,
  { nodes }: Topology,
  totals: TotalsFact,
): Promise<AbandonedGroups[]> {
  if (!totals.endings.some(([fate]) => fate === ABANDONED)) return []
  /** Where who was abandoned stood, and the entries that tell it. */
  const stood = new Map<number, number>()
  const seqs = new Set<number>()
  for await (const { fate, token, node, seq } of reader.failedEndings(log)) {
    if (fate !== ABANDONED) continue
    stood.set(token, node)
    seqs.add(seq)
  }
  const counts = new Map<string, AbandonedGroups>()
  const count = ({ groups_closed }: SubjectEntry) => {
    for (const { verdict, members } of groups_closed) {
      const node = nodes[(stood.get(members[0] ?? 0) ?? 0) - 1]
      if (verdict !== 'abandoned' || node === undefined) continue
      const kind = node.kind === 'aggregate' ? 'batch' : 'merge'
      const known = counts.get(node.name)?.count ?? 0
      counts.set(node.name, { node: node.name, kind, count: known + 1 })
    }
  }
  for (const seq of seqs) {
    const stored = await reader.entry(log, seq)
    // Batches tell it in their own entries, whoever their members are.
    if (stored !== null && stored.row !== null) count(entryOf(log, stored))
  }
  for await (const stored of reader.entriesOfBatches(log)) count(entryOf(log, stored))
  return [...counts.values()]
}

function entryOf(log: number, { seq, body }: StoredEntry): SubjectEntry {
  return readable(log, () => decodeSubjectEntry(seq, body))
}
