/** Rows of a finished run that are run again: which they are, and their answers on record. */

import type { Recordings } from '../format/recording.ts'
import type { RerunValue } from '../format/run-values.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError } from '../model/error.ts'
import type { Json } from '../model/row.ts'
import { recordedCalls } from '../read/recorded/answers.ts'
import { type ChosenRows, chooseRows } from '../read/recorded/repeats.ts'
import { closingOf, headOf, openingOf } from '../read/runs/run-log.ts'
import { ValuesOnRecord } from '../read/runs/values-on-record.ts'
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
  const positions = new Map<string, Json>()
  const values = new ValuesOnRecord(reader, log)
  for (const cursor of commit?.entry.cursors ?? []) {
    const position = await values.get(commit?.seq ?? 0, cursor, 'position')
    positions.set(topology.nodes[cursor.source - 1]?.name ?? '', position)
  }
  const repeats = await chooseRows(reader, { log, run, root, topology, positions }, chosen, fits)
  return { repeats, answered: chosen.fresh ? null : await recordedCalls(reader, log, topology) }
}
