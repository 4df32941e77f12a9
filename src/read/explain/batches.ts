/**
 * Finds batches from the rows that they consumed. A batch closes in the commit in which its members end, so only the entries
 * of that commit are looked at.
 */
import type { SubjectEntry } from '../../format/entry.ts'
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import { fateNumber } from '../../model/outcome.ts'
import { decodeSubjectEntry, isSubjectBody } from '../decode.ts'
import { readable } from '../runs/run-log.ts'

const CONSUMED = fateNumber('CONSUMED_IN_BATCH', 'batch')

/** The numbers of the batches that consumed tokens of a subject, in order of their endings; each batch once. */
export async function batchesAfter(
  reader: LedgerReader,
  log: number,
  stored: readonly StoredEntry[],
  entries: readonly SubjectEntry[],
): Promise<number[]> {
  const found: number[] = []
  const groups = new Set<number>()
  for (const [i, entry] of entries.entries())
    for (const { fate, group } of entry.endings) {
      if (fate !== CONSUMED || groups.has(group)) continue
      groups.add(group)
      const batch = await closedBy(reader, log, stored[i]?.seq ?? 0, group)
      if (batch !== null) found.push(batch)
    }
  return found
}

/** The batch that closes `group`, in the commit to which entry `seq` belongs. */
async function closedBy(reader: LedgerReader, log: number, seq: number, group: number): Promise<number | null> {
  for await (const entry of reader.entries(log, seq)) {
    const batch = batchClosing(entry, log, group)
    if (batch !== null) return batch
    if (isCommit(entry)) break
  }
  for (let before = seq - 1; before >= 0; before--) {
    const entry = await reader.entry(log, before)
    if (entry === null || isCommit(entry)) return null
    const batch = batchClosing(entry, log, group)
    if (batch !== null) return batch
  }
  return null
}

/** Closes a commit: an entry of the run, but for those that stand within one. */
function isCommit({ row, body }: StoredEntry): boolean {
  return row === null && !isSubjectBody(row, body) && !body.includes('"k":"publish"')
}

/** The batch that an entry is of, if it closes the group. */
function batchClosing({ row, seq, body }: StoredEntry, log: number, group: number): number | null {
  if (row !== null || !isSubjectBody(row, body)) return null
  const { groups_closed, subject } = readable(log, () => decodeSubjectEntry(seq, body))
  return subject.kind === 'batch' && groups_closed.some(closed => closed.group === group) ? subject.batch : null
}
