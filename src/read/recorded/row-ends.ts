/** What became of each row of a run: a byte of memory a row. */
import type { EndingFact, OriginFact } from '../../format/entry.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { fateNumber, fateOf } from '../../model/outcome.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { readable } from '../runs/damaged.ts'

const IN_DOUBT = fateNumber('FAILED', 'in_doubt')
const FAILED = 1
const WRITTEN = 2
const FIRST_ROOM = 1024

export class RowEnds {
  #flags = new Uint8Array(FIRST_ROOM)
  /** Rows are numbered from 1 to this. */
  rows = 0

  /** Reads the run's entries once. */
  static async of(reader: Pick<LedgerReader, 'entries'>, log: number): Promise<RowEnds> {
    const ends = new RowEnds()
    for await (const { seq, row, body } of reader.entries(log))
      if (row !== null) ends.#take(row, readable(log, () => decodeSubjectEntry(seq, body)).endings)
    return ends
  }

  /** Some ending of its tokens is of class failure. */
  hasFailed(row: number): boolean {
    return ((this.#flags[row] ?? 0) & FAILED) !== 0
  }

  /** A token of it is in a sink, or was perhaps sent there. */
  isWritten(row: number): boolean {
    return ((this.#flags[row] ?? 0) & WRITTEN) !== 0
  }

  #take(row: number, endings: readonly EndingFact[]): void {
    this.rows = Math.max(this.rows, row)
    if (row >= this.#flags.length) {
      const larger = new Uint8Array(2 * row)
      larger.set(this.#flags)
      this.#flags = larger
    }
    for (const { fate, sink } of endings) {
      const of_class = fateOf(fate)?.class
      if (of_class === 'failure') this.#flags[row]! |= FAILED
      if (fate === IN_DOUBT || (sink !== 0 && of_class === 'success')) this.#flags[row]! |= WRITTEN
    }
  }
}

/** Where a row came from; null if there is no such row. */
export async function originOf(
  reader: Pick<LedgerReader, 'entriesOfRow'>,
  log: number,
  row: number,
): Promise<OriginFact | null> {
  const [first] = await reader.entriesOfRow(log, row)
  return first === undefined ? null : readable(log, () => decodeSubjectEntry(first.seq, first.body)).origin
}
