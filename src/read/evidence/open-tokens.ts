/**
 * The table of open tokens, against what the run's last commit says of it: how many there are, and the hash of their set. A sealed run has
 * none. Who believed the table unchecked could be shown that something waits which has ended, in the place of an entry that was hidden.
 */
import { SetHash } from '../../format/set-hash.ts'
import type { LedgerReader, StoredOpenToken } from '../../ledger/read-port.ts'
import { grouped } from '../../model/number-text.ts'
import { closingOf } from '../runs/run-log.ts'
import { textOf } from '../verify/open-set.ts'
import { UnsoundRecord } from './unsound.ts'

export class OpenTokens {
  /** In order of their numbers. */
  readonly all: readonly StoredOpenToken[]

  private constructor(all: readonly StoredOpenToken[]) {
    this.all = all
  }

  /** `reader` gives entries that were checked. @throws UnsoundRecord */
  static async read(
    reader: LedgerReader,
    log: number,
    readTable: () => AsyncIterable<StoredOpenToken>,
  ): Promise<OpenTokens> {
    const { last, commit } = await closingOf(reader, log)
    const stored: StoredOpenToken[] = []
    for await (const each of readTable()) stored.push(each)
    const expected = last?.k === 'seal' || commit === null ? null : commit.entry.open
    if (stored.length !== (expected?.count ?? 0))
      throw new UnsoundRecord([
        `the table of open tokens has ${grouped(stored.length)} of log ${log}, and the run's last entry says ${grouped(expected?.count ?? 0)}`,
      ])
    if (expected !== null && stored.length > 0 && hashOf(stored) !== expected.hash)
      throw new UnsoundRecord([`the table of open tokens isn’t what the last commit of log ${log} says`])
    return new OpenTokens(stored)
  }

  get(token: number): StoredOpenToken | null {
    let [low, high] = [0, this.all.length]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((this.all[middle]?.token ?? 0) < token) low = middle + 1
      else high = middle
    }
    const found = this.all[low]
    return found?.token === token ? found : null
  }
}

function hashOf(tokens: readonly StoredOpenToken[]): string {
  const set = new SetHash()
  for (const each of tokens) set.add(textOf(each))
  return set.digest()
}
