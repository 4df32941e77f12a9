/** The entries of one row or batch, with their values. */
import type { FullEntry, StoredEntry } from '../../ledger/read-port.ts'
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
  for (const each of stored) {
    const step = stepOf(log, { ...each, payload: null }, steps.at(-1))
    const payload = step.entry.commitments.length === 0 ? null : await reader.payload(log, each.seq)
    steps.push({ ...step, payload })
  }
  return steps
}

/** The same of entries that were read with their values. */
export function stepsOf(log: number, stored: readonly FullEntry[]): readonly StoredStep[] {
  const steps: StoredStep[] = []
  for (const each of stored) steps.push(stepOf(log, each, steps.at(-1)))
  return steps
}

function stepOf(log: number, { seq, body, payload }: FullEntry, before: StoredStep | undefined): StoredStep {
  const entry = subjectEntryOf(body)
  if (entry.previous !== (before?.seq ?? null))
    throw new CustodyError(
      'CUSTODY_LEDGER_ALTERED',
      `${entryPlace(log, seq)} isn’t found behind the one that it follows`,
    )
  return { seq, entry, payload, place: entryPlace(log, seq) }
}
