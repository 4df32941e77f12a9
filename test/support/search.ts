/** A run's index, built within this process of short segments, and what is found by it. */
import type { RowFilter } from '../../src/api/rows.ts'
import { rowPredicate as predicateOf } from '../../src/host/row-predicate.ts'
import { openLedgerReader } from '../../src/ledger/open.ts'
import type { LedgerReader } from '../../src/ledger/read-port.ts'
import { CheckedReader } from '../../src/read/evidence/checked-reader.ts'
import { JoinedReader } from '../../src/read/evidence/joined-reader.ts'
import { Indexing } from '../../src/search/index/indexing.ts'
import { ledgerId } from '../../src/search/ledger-id.ts'
import { LedgerRowFinder } from '../../src/search/ledger-row-finder.ts'
import type { FoundRows } from '../../src/search/row-finder.ts'

/** A segment has few entries, so that entries of a row are in several. */
export const SHORT_SEGMENTS = {
  ...{ few_entries: 1, most_entries: 7, most_grams: 4_000 },
  ...{ short_entries: 2, most_short: 3 },
}
const NEVER = new AbortController().signal

/** A finder's questions within one moment. Time stands still: no question ends early. */
export function atOnce<T>(
  reader: LedgerReader,
  index: string | null,
  ask: (finder: LedgerRowFinder) => Promise<T>,
  now_ms = () => 0,
): Promise<T> {
  return reader.snapshot(() => {
    const checked = new JoinedReader(new CheckedReader(reader, { remembered: null }))
    return ask(new LedgerRowFinder({ stored: reader, checked, predicateOf, now_ms, index }))
  })
}

/** A page of rows of log 1, from the first one on. */
export function firstPage(finder: LedgerRowFinder, filter: RowFilter, limit = 500): Promise<FoundRows> {
  return finder.find(1, filter, { after: null, at: null, limit, counts: true }, NEVER)
}

export class IndexedLedger {
  readonly url: string
  /** The folder of its index. */
  readonly index: string

  /** `path`: of the file. */
  constructor(path: string) {
    this.url = `sqlite:${path}`
    this.index = `${path}-index`
  }

  /** All that there is to be done. `pace` is called after each page of entries. */
  build(pace: () => Promise<void> = async () => undefined): Promise<void> {
    return this.#reading(async reader => {
      const ledger = await ledgerId(reader)
      await new Indexing(reader, { index: this.index, ledger, sizes: SHORT_SEGMENTS }, pace).round()
    })
  }

  find(filter: RowFilter): Promise<FoundRows> {
    return this.#reading(reader => atOnce(reader, this.index, finder => firstPage(finder, filter)))
  }

  async #reading<T>(ask: (reader: LedgerReader) => Promise<T>): Promise<T> {
    const reader = await openLedgerReader(this.url)
    try {
      return await ask(reader)
    } finally {
      await reader.close()
    }
  }
}
