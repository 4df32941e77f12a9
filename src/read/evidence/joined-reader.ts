/**
 * The same (joined-ledger.ts) of what was signed: each log of a run is checked by itself, and against its coordinator's (split-log.ts), when it
 * is asked for first.
 */
import type { CheckedReader } from './checked-reader.ts'
import type { Ingested, MaybeIngested } from './ingested.ts'
import { fullOf, JoinedLedger } from './joined-ledger.ts'
import type { CheckedLog } from './log-check.ts'
import type { RunReader } from './run-reader.ts'

export class JoinedReader extends JoinedLedger implements RunReader {
  readonly #checked: CheckedReader

  constructor(checked: CheckedReader) {
    super(checked)
    this.#checked = checked
  }

  check(log: number): Promise<CheckedLog> {
    return this.#checked.check(log)
  }

  async ingested(log: number, from: number, end: number): Promise<readonly Ingested[]> {
    return this.within(log, from, end, async (at, first, last) =>
      (await this.#checked.ingested(at.log, first, last)).map(each => ({
        ...each,
        entry: fullOf(at.part, each.entry),
      })),
    )
  }

  async ingestedOfRows(log: number, first: number, last: number): Promise<readonly MaybeIngested[]> {
    return this.within(log, first, last, async (at, from, to) =>
      (await this.#checked.ingestedOfRows(at.log, from, to)).map(each => ({
        ...each,
        entry: fullOf(at.part, each.entry),
      })),
    )
  }
}
