/** What an erasure on record took away. */
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import { formatTime } from '../../model/time.ts'
import { DecodeError, decodeRunEntry, decodeSubjectEntry, isSubjectBody } from '../../read/decode.ts'

export interface ErasureLine {
  /** Its entry of log 0. */
  readonly index: number
  readonly run: string
  readonly at: string
  /** Entries of the run that it names. */
  readonly entries: number
  /** Rows that these are of, and values that are gone; null where they are too many to be counted, or can't be read. */
  readonly rows: number | null
  readonly values: number | null
}

/** Of an erasure that names more entries, these are counted, and nothing else. */
const MOST_COUNTED = 2_000

export async function erasureLine(
  reader: LedgerReader,
  index: number,
  { run, log, values: erased, t }: Extract<LedgerEntry, { k: 'erase' }>,
): Promise<ErasureLine> {
  const entries = erased.reduce((sum, [first = 0, last = 0]) => sum + last - first + 1, 0)
  const line = { index, run, at: formatTime(t), entries }
  if (entries > MOST_COUNTED) return { ...line, rows: null, values: null }
  try {
    const rows = new Set<number>()
    let values = 0
    for (const [first = 0, last = 0, ...places] of erased)
      for (const { seq, row, body } of await reader.page(log, first, last + 1)) {
        if (row !== null) rows.add(row)
        values += places.length > 0 ? places.length : commitmentsIn(seq, row, body)
      }
    return { ...line, rows: rows.size, values }
  } catch (error) {
    if (!(error instanceof DecodeError) && !isCustodyError(error)) throw error
    return { ...line, rows: null, values: null }
  }
}

function commitmentsIn(seq: number, row: number | null, body: string): number {
  const { commitments } = isSubjectBody(row, body) ? decodeSubjectEntry(seq, body) : decodeRunEntry(seq, body)
  return commitments.length
}
