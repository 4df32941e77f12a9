/** The entries of one row or batch, with their values. */
import type { StoredEntry } from '../../ledger/read-port.ts'
import { subjectEntryOf } from '../../ledger/write/decode.ts'
import type { RunReader } from '../../ledger/write-port.ts'
import { CustodyError } from '../../model/error.ts'
import type { StoredStep } from './restored-subject.ts'
import { entryPlace } from './run-fold.ts'

/** Each entry of a story names the one before it: none is left out. */
export async function storyOf(
  reader: RunReader,
  log: number,
  stored: readonly StoredEntry[],
): Promise<readonly StoredStep[]> {
  const steps: StoredStep[] = []
  for (const { seq, body } of stored) {
    const entry = subjectEntryOf(body)
    const before = steps.at(-1)?.seq ?? null
    if (entry.previous !== before)
      throw new CustodyError(
        'CUSTODY_LEDGER_ALTERED',
        `${entryPlace(log, seq)} isn’t found behind the one that it follows`,
      )
    const payload = entry.commitments.length === 0 ? null : await reader.payload(log, seq)
    steps.push({ seq, entry, payload, place: entryPlace(log, seq) })
  }
  return steps
}
