/** A run as it was signed: what shows, resumes or repeats a run takes nothing else from a ledger. */
import type { Environment } from '../ledger/keys/config-folder.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { isCustodyError } from '../model/error.ts'
import { CheckedReader } from '../read/evidence/checked-reader.ts'
import { JoinedReader } from '../read/evidence/joined-reader.ts'
import type { RunReader } from '../read/evidence/run-reader.ts'
import { UnsoundRecord } from '../read/evidence/unsound.ts'
import { findRun } from '../read/runs/list.ts'
import { openingOf } from '../read/runs/run-log.ts'
import type { Bound } from '../read/verify/bound.ts'
import { rememberedOf } from './ledger.ts'

/** A long log takes its time. */
export interface CheckObserver {
  /** How many entries have been checked until now. */
  onChecking(entries: number): void
  /** All are, and hold. */
  onChecked(): void
}

export interface CheckedRun {
  readonly reader: RunReader
  /** The same for who reads logs by themselves, as they are. */
  readonly checked: CheckedReader
  readonly log: number
  readonly run: string
}

/** For who tells nobody how far it is. */
export const UNOBSERVED: CheckObserver = { onChecking: () => undefined, onChecked: () => undefined }

/**
 * The run that `name` means, if it is the one that its own entries say it is; and a reader that checks. `reads`: 'stories' as in `CheckOptions`.
 * @throws UnsoundRecord
 */
export async function checkedRun(
  env: Environment,
  inner: LedgerReader,
  name: string,
  observer: CheckObserver,
  reads: 'stories' | 'all' = 'all',
): Promise<CheckedRun> {
  const checked = new CheckedReader(inner, {
    remembered: await rememberedOf(inner, env),
    of_stories: reads === 'stories',
    onProgress: entries => observer.onChecking(entries),
  })
  const reader = new JoinedReader(checked)
  const { log, run } = await findRun(reader, name)
  await reader.check(log)
  observer.onChecked()
  const opening = await openingOf(reader, log)
  if (opening.run !== run)
    throw new UnsoundRecord([`log ${log} is listed as that of run ${run}, and is that of ${opening.run}`])
  return { reader, checked, log, run }
}

/** Of a run that isn't sealed: how many of its entries the ledger's own log binds. */
export function boundJson(bound: Bound | null): { readonly bound?: number } {
  return bound === null ? {} : { bound: bound.entries }
}

/** Why a record can't be shown, as sentences; null if it was something else that went wrong. */
export function unsoundness(error: unknown): readonly string[] | null {
  if (error instanceof UnsoundRecord) return error.problems
  return isCustodyError(error) && error.code === 'CUSTODY_VERIFY_FAILED' ? [error.message] : null
}
