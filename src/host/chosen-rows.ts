/** Rows of a finished run that are run again: which they are, and their answers on record. */

import type { RerunValue } from '../format/entry.ts'
import type { Recordings } from '../format/recording.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError } from '../model/error.ts'
import { recordedCalls } from '../read/recorded/answers.ts'
import { type ChosenRows, chooseRows } from '../read/recorded/repeats.ts'
import { closingOf, headOf, openingOf, valueAs } from '../read/runs/run-log.ts'
import { positionsFrom } from '../read/runs/run-values.ts'
import { rowPredicate } from './row-predicate.ts'

export interface Repeating {
  readonly repeats: ChosenRows
  /** null: everything is asked again. */
  readonly answered: Recordings | null
}

/** @throws CustodyError CUSTODY_RERUN_OPEN; DiagnosticsError if the expression is wrong. */
export async function repeating(
  reader: LedgerReader,
  { log, run }: { readonly log: number; readonly run: string },
  chosen: RerunValue,
): Promise<Repeating> {
  const { topology } = await openingOf(reader, log)
  const { last, commit } = await closingOf(reader, log)
  if (last?.k !== 'seal')
    throw new CustodyError('CUSTODY_RERUN_OPEN', `run ${run} isn't finished, so that its rows may still continue`)
  const predicate = chosen.where === null ? null : rowPredicate(chosen.where)
  const root = (await headOf(reader, log))?.root ?? ''
  const fits = predicate === null ? null : predicate.holds.bind(predicate)
  const at = commit === null ? null : { seq: commit.seq, index: 0 }
  const positions = (at === null ? null : await valueAs(reader, log, at, positionsFrom)) ?? {}
  const repeats = await chooseRows(reader, { log, run, root, topology, positions }, chosen, fits)
  return { repeats, answered: chosen.fresh ? null : await recordedCalls(reader, log, topology) }
}
