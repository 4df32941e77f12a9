/**
 * What is stored of a run beside its entries, and follows from them: the tables of endings, of open tokens and of tiles. Each expected
 * ending is looked up by its key and compared; that there are no others follows from their number.
 */
import { bytesToHex } from '../../format/hash.ts'
import type { LedgerReader, StoredEnding } from '../../ledger/read-port.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { decodeSubjectEntry, isSubjectBody } from '../decode.ts'
import { type Check, entryName, noting, tokenName } from './check.ts'
import { fateName } from './fates.ts'
import type { AllStories, OpenSet } from './open-set.ts'
import { endingsOf } from './stored-endings.ts'
import type { ExpectedEnding } from './subject.ts'
import { compareTiles, type TilesOfTrees } from './tiles.ts'
import type { Ways } from './ways.ts'

export class RunProjections {
  readonly check: Check
  readonly #reader: LedgerReader
  readonly #log: number
  readonly #endings: EndingsTable

  constructor(reader: LedgerReader, log: number, check: Check) {
    this.#reader = reader
    this.#log = log
    this.check = check
    this.#endings = new EndingsTable(reader, log, check)
  }

  /** An ending that the table must have. */
  expect(ending: ExpectedEnding): void {
    this.#endings.expect(ending)
  }

  /** So many endings were found to be there as expected. */
  found(count: number): void {
    this.#endings.found(count)
  }

  /** Compares those that were expected since. */
  async compare(ways: Ways): Promise<void> {
    await noting(this.check, () => this.#endings.compare(ways))
  }

  /** All entries have been read. `complete`: each could be; of rows that are `lost`, because one can't, nothing is said. */
  async finish(
    open: OpenSet,
    stories: AllStories,
    { complete, ...of }: { readonly lost: ReadonlySet<number>; readonly ways: Ways; readonly complete: boolean },
  ): Promise<void> {
    await noting(this.check, async () => {
      await open.compare(this.#reader, this.#log, stories, { ...of, check: this.check })
      if (complete) await this.#endings.finish((token, seq) => this.#endsIn(token, seq))
    })
  }

  /** The table of tiles has these, and no others. */
  async compareTiles(tiles: TilesOfTrees): Promise<void> {
    await noting(this.check, () => compareTiles(this.#reader, this.#log, tiles, this.check))
  }

  /** Whether the entry that a stored ending names has an ending of this token. */
  async #endsIn(token: number, seq: number): Promise<boolean> {
    const stored = await this.#reader.entry(this.#log, seq)
    if (stored === null || !isSubjectBody(stored.row, stored.body)) return false
    return decodeSubjectEntry(seq, stored.body).endings.some(each => each.token === token)
  }
}

class EndingsTable {
  readonly #reader: LedgerReader
  readonly #log: number
  readonly #check: Check
  #expected = 0
  #waiting: ExpectedEnding[] = []

  constructor(reader: LedgerReader, log: number, check: Check) {
    this.#reader = reader
    this.#log = log
    this.#check = check
  }

  expect(ending: ExpectedEnding): void {
    this.#waiting.push(ending)
  }

  /** So many endings were found to be there as expected. */
  found(count: number): void {
    this.#expected += count
  }

  /** Compares those that were expected since. */
  async compare(ways: Ways): Promise<void> {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    this.#expected += waiting.length
    const stored = await endingsOf(
      this.#reader,
      this.#log,
      waiting.map(({ ending }) => ending.token),
    )
    for (const expected of waiting) {
      const { token } = expected.ending
      const found = stored.get(token)
      if (found === undefined)
        this.#check.add(`${tokenName(token)} has an ending in ${entryName(expected.seq)}, and none in the table`)
      else
        for (const [what, is, should] of differences(found, expected, ways))
          this.#check.add(`${tokenName(token)} ${what} ${is} in the table, ${should} in its entry`)
    }
  }

  /** All entries have been read: there must be no other endings. */
  async finish(seen: (token: number, seq: number) => Promise<boolean>): Promise<void> {
    const stored = await this.#reader.count(this.#log, 'endings')
    if (stored === this.#expected) return
    const before = this.#check.ok
    for await (const { token, seq } of this.#reader.endings(this.#log)) {
      if (!(await seen(token, seq)))
        this.#check.add(`${tokenName(token)} has an ending in the table, and none in ${entryName(seq)}`)
    }
    if (before && this.#check.ok) {
      this.#check.add(
        `the table has ${counted(stored, 'ending', 'endings')}, and the entries have ${grouped(this.#expected)}`,
      )
    }
  }
}

const NONE: readonly never[] = []

function differences(
  stored: StoredEnding,
  { ending, seq, row, batch, error_hash, recorded_us }: ExpectedEnding,
  ways: Ways,
): readonly (readonly [string, string, string])[] {
  const { error } = ending
  const hash = stored.error_hash === null ? null : bytesToHex(stored.error_hash)
  const sink = ending.sink === 0 ? null : ending.sink
  const group = ending.group === 0 ? null : ending.group
  if (
    stored.fate === ending.fate &&
    stored.seq === seq &&
    stored.row === row &&
    stored.batch === batch &&
    stored.node === ending.node &&
    stored.sink === sink &&
    stored.grp === group &&
    stored.error_code === (error?.code ?? null) &&
    hash === error_hash &&
    stored.recorded_us === recorded_us
  ) {
    return NONE
  }
  const named = (node: number | null) => (node === null ? 'none' : ways.name(node))
  const facts: readonly (readonly [string, unknown, unknown, (value: never) => string])[] = [
    ['is', stored.fate, ending.fate, fateName],
    ['is of entry', stored.seq, seq, grouped],
    ['is of row', stored.row, row, String],
    ['is of batch', stored.batch, batch, String],
    ['ended at', stored.node, ending.node, named],
    ['ended in sink', stored.sink, sink, named],
    ['has group', stored.grp, group, String],
    ['has error', stored.error_code, error?.code ?? null, String],
    ['has error hash', hash, error_hash, String],
    ['ended at time (µs)', stored.recorded_us, recorded_us, String],
  ]
  return facts
    .filter(([, is, should]) => is !== should)
    .map(([what, is, should, show]) => [what, show(is as never), show(should as never)] as const)
}
