/** What became of each row of a run. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { EndingFact } from '../../model/entry.ts'
import { fateNumber, fateOf } from '../../model/outcome.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { readable } from '../runs/run-log.ts'

export interface RowEnd {
  /** Its node. */
  readonly source: number
  /** In a re-run: the row of the other run. */
  readonly repeats: number | null
  /** Some ending of its tokens is of class failure. */
  failed: boolean
  /** A token of it is in a sink, or was perhaps sent there. */
  written: boolean
}

const IN_DOUBT = fateNumber('FAILED', 'in_doubt')

/** By row, in order. Reads the run's entries once. */
export async function endsOf(reader: Pick<LedgerReader, 'entries'>, log: number): Promise<ReadonlyMap<number, RowEnd>> {
  const ends = new Map<number, RowEnd>()
  for await (const { seq, row, body } of reader.entries(log)) {
    if (row === null) continue
    const { origin, endings } = readable(log, () => decodeSubjectEntry(seq, body))
    let end = ends.get(row)
    if (end === undefined) {
      end = { source: origin?.source ?? 0, repeats: origin?.repeats ?? null, failed: false, written: false }
      ends.set(row, end)
    }
    for (const each of endings) {
      if (fateOf(each.fate)?.class === 'failure') end.failed = true
      if (isWritten(each)) end.written = true
    }
  }
  return ends
}

function isWritten({ fate, sink }: EndingFact): boolean {
  return fate === IN_DOUBT || (sink !== 0 && fateOf(fate)?.class === 'success')
}
