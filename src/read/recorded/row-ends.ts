/** What became of each row of a run: a byte of memory a row. */
import type { EndingFact, OriginFact } from '../../format/entry.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { fateNumber, fateOf } from '../../model/outcome.ts'
import { idOf, numberOf, partOf } from '../../model/part-ids.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { readable } from '../runs/damaged.ts'

const IN_DOUBT = fateNumber('FAILED', 'in_doubt')
const FAILED = 1
const WRITTEN = 2
const FIRST_ROOM = 1024

/** Of the rows of one part, by number. */
interface PartEnds {
  flags: Uint8Array
  /** Rows are numbered from 1 to this. */
  rows: number
}

export class RowEnds {
  readonly #parts = new Map<number, PartEnds>()

  /** Reads the run's entries once. */
  static async of(reader: Pick<LedgerReader, 'entries'>, log: number): Promise<RowEnds> {
    const ends = new RowEnds()
    for await (const { seq, row, body } of reader.entries(log))
      if (row !== null) ends.#take(row, readable(log, () => decodeSubjectEntry(seq, body)).endings)
    return ends
  }

  /** All rows, ascending. */
  *rows(): Generator<number, void, undefined> {
    for (const [part, { rows }] of [...this.#parts].sort(([a], [b]) => a - b))
      for (let number = 1; number <= rows; number++) yield idOf(part, number)
  }

  /** Some ending of its tokens is of class failure. */
  hasFailed(row: number): boolean {
    return (this.#flagsOf(row) & FAILED) !== 0
  }

  /** A token of it is in a sink, or was perhaps sent there. */
  isWritten(row: number): boolean {
    return (this.#flagsOf(row) & WRITTEN) !== 0
  }

  #flagsOf(row: number): number {
    return this.#parts.get(partOf(row))?.flags[numberOf(row)] ?? 0
  }

  #take(row: number, endings: readonly EndingFact[]): void {
    const part = this.#parts.get(partOf(row)) ?? { flags: new Uint8Array(FIRST_ROOM), rows: 0 }
    this.#parts.set(partOf(row), part)
    const number = numberOf(row)
    part.rows = Math.max(part.rows, number)
    if (number >= part.flags.length) {
      const larger = new Uint8Array(2 * number)
      larger.set(part.flags)
      part.flags = larger
    }
    for (const { fate, sink } of endings) {
      const of_class = fateOf(fate)?.class
      if (of_class === 'failure') part.flags[number]! |= FAILED
      if (fate === IN_DOUBT || (sink !== 0 && of_class === 'success')) part.flags[number]! |= WRITTEN
    }
  }
}

export type OriginReader = Pick<LedgerReader, 'entriesOfRow'>

/** Where a row came from; null if there is no such row. */
export async function originOf(reader: OriginReader, log: number, row: number): Promise<OriginFact | null> {
  const [first] = await reader.entriesOfRow(log, row)
  return first === undefined ? null : readable(log, () => decodeSubjectEntry(first.seq, first.body)).origin
}
