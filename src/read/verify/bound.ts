/** What log 0 has of one run. */
import type { LedgerLog, Registered } from './ledger-log.ts'

/** How many entries of a run that isn't sealed it binds, and since when: what came later nobody could miss. */
export interface Bound {
  readonly entries: number
  readonly t_us: number
}

/** Null of one that is sealed, and where log 0 knows of none. */
export function boundOf(known: Registered | null): Bound | null {
  if (known === null || known.sealed !== null) return null
  const said = known.progress?.at(-1)
  return said === undefined ? { entries: 1, t_us: known.opened_us } : { entries: said.size, t_us: said.t }
}

/** seqs of the entries that say which keys are in force, and that a log was opened and sealed, and what was erased of it. */
export function seqsFor(log_zero: LedgerLog, log: number): readonly number[] {
  const known = log_zero.ofLog(log)
  const of_log = known === undefined ? [] : [known.opened_at, ...(known.erased_at ?? [])]
  if (known?.sealed != null) of_log.push(known.sealed.seq)
  return [0, ...log_zero.sound.changes, ...of_log].toSorted((a, b) => a - b)
}
