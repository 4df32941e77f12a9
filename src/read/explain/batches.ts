/**
 * Finds batches from the rows that they consumed. A batch closes in the commit in which its members end, so only the entries
 * of that commit are looked at.
 */
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import type { SubjectEntry } from '../../model/entry.ts'
import { fateNumber } from '../../model/outcome.ts'
import { decodeSubjectEntry, isSubjectBody } from '../decode.ts'
import { readable } from '../runs/run-log.ts'

const CONSUMED = fateNumber('CONSUMED_IN_BATCH', 'batch')

/** The entries of a batch, in order, from its last one: each names the one before it. */
export async function batchEntries(reader: LedgerReader, log: number, seq: number): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = []
  for (let at: number | null = seq; at !== null; ) {
    const current: number = at
    const stored = await reader.entry(log, current)
    if (stored === null || !isSubjectBody(stored.row, stored.body)) break
    entries.unshift(stored)
    at = readable(log, () => decodeSubjectEntry(current, stored.body)).previous
  }
  return entries
}

/** The entries of each batch that consumed tokens of a subject, in order of their endings; each batch once. */
export async function batchesAfter(
  reader: LedgerReader,
  log: number,
  stored: readonly StoredEntry[],
  entries: readonly SubjectEntry[],
): Promise<StoredEntry[][]> {
  const found: StoredEntry[][] = []
  const groups = new Set<number>()
  for (const [i, entry] of entries.entries())
    for (const { fate, group } of entry.endings) {
      if (fate !== CONSUMED || groups.has(group)) continue
      groups.add(group)
      const seq = await closingSeq(reader, log, stored[i]?.seq ?? 0, group)
      if (seq !== null) found.push(await batchEntries(reader, log, seq))
    }
  return found
}

/** The entry of the batch that closes `group`, in the commit to which entry `seq` belongs. */
async function closingSeq(reader: LedgerReader, log: number, seq: number, group: number): Promise<number | null> {
  for await (const entry of reader.entries(log, seq)) {
    if (closes(entry, log, group)) return entry.seq
    if (isCommit(entry)) break
  }
  for (let before = seq - 1; before >= 0; before--) {
    const entry = await reader.entry(log, before)
    if (entry === null || isCommit(entry)) return null
    if (closes(entry, log, group)) return before
  }
  return null
}

/** Closes a commit: an entry of the run, but for those that stand within one. */
function isCommit({ row, body }: StoredEntry): boolean {
  return row === null && !isSubjectBody(row, body) && !body.includes('"k":"publish"')
}

function closes({ row, seq, body }: StoredEntry, log: number, group: number): boolean {
  if (row !== null || !isSubjectBody(row, body)) return false
  const { groups_closed } = readable(log, () => decodeSubjectEntry(seq, body))
  return groups_closed.some(closed => closed.group === group)
}
