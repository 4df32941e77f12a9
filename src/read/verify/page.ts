/**
 * A page of a log, read to be verified, with all that can be found out of its entries by themselves. That is most of the work, and can
 * be done in other threads (`PageSource`); what entries say against each other is for run.ts.
 */

import { tileRoot } from '../../format/tiled-tree.ts'
import { TILE_WIDTH } from '../../format/tree.ts'
import type { FullEntry, LedgerReader, StoredEnding } from '../../ledger/read-port.ts'
import { type CustodyError, isCustodyError } from '../../model/error.ts'
import type { Hash } from '../../model/sha256.ts'
import { DecodeError, decodeRunEntry } from '../decode.ts'
import { canonicalFacts, type Looked, look } from './look.ts'
import { endedIn, endingsOf, type Facts } from './stored-endings.ts'
import { Ways } from './ways.ts'
import { type OpenStretch, type Stretch, WholeRows } from './whole-rows.ts'

/** A few tiles. */
export const PAGE_ENTRIES = 4 * TILE_WIDTH
/** Entries of a page that are read together. */
const AT_ONCE = 128

/** What is wanted of a log. */
export interface PageRequest {
  readonly log: number
  /** Entries from here on are left out: they came later. */
  readonly end: number
  /** Of each value, not only of those that later entries may need. */
  readonly all_payloads: boolean
  /** Whether rows whose story stands in one entry are added up. */
  readonly whole_rows: boolean
}

/** What it takes to look at a page. */
export type PageReader = Pick<LedgerReader, 'page' | 'entry' | 'ending' | 'endingsBetween'>

/** Entries in their order. */
export interface Page {
  readonly items: ReadonlyArray<Looked | Stretch>
  readonly leaves: readonly Hash[]
  /** Roots of the tiles that its leaves fill, if one begins with the first of them. */
  readonly tiles: readonly Hash[]
}

export function isStretch(item: Looked | Stretch): item is Stretch {
  return 'first_seq' in item
}

/** Pages of a log in their order. */
export type PageSource = (request: PageRequest) => AsyncIterable<Page>

/** Does all of it here. */
export function pagesHere(reader: PageReader): PageSource {
  return async function* (request) {
    const looker = new PageLooker(reader)
    for (let from = 0; from < request.end; from += PAGE_ENTRIES) {
      const { page, failure } = await looker.page(request, from)
      yield page
      if (failure !== null) throw failure
    }
  }
}

/** Entries from `from` on, one by one. */
export async function* lookedEntries(
  reader: PageReader,
  of: Pick<PageRequest, 'log' | 'all_payloads'>,
  from: number,
  end: number,
): AsyncIterable<Looked> {
  const looker = new PageLooker(reader)
  const request = { ...of, end, whole_rows: false }
  for (let at = from; at < end; at += PAGE_ENTRIES) {
    const { page, failure } = await looker.page(request, at)
    for (const item of page.items) if (!isStretch(item)) yield item
    if (failure !== null) throw failure
  }
}

/** `failure`: why the page ends before its end. */
export interface LookedAt {
  readonly page: Page
  readonly failure: CustodyError | null
}

/** Looks at pages, and knows the topologies of their runs. */
export class PageLooker {
  readonly #reader: PageReader
  readonly #ways = new Map<number, Ways | null>()

  constructor(reader: PageReader) {
    this.#reader = reader
  }

  /** The entries from `from` to `from + PAGE_ENTRIES`, as far as they are there. */
  async page(request: PageRequest, from: number): Promise<LookedAt> {
    const ways = request.whole_rows ? await this.#waysOf(request.log) : null
    const rows = ways === null ? null : new WholeRows(ways)
    const leaves: Hash[] = []
    const items: Array<Looked | OpenStretch> = []
    let failure: CustodyError | null = null
    const to = Math.min(request.end, from + PAGE_ENTRIES)
    // Few at a time, so that most objects are gone before anything collects them.
    for (let at = from; at < to && failure === null; at += AT_ONCE) {
      const part = await this.#looked(request, at, Math.min(to, at + AT_ONCE))
      failure = part.failure
      for (const { looked, facts } of part.entries) {
        leaves.push(looked.leaf)
        const stretch = rows?.take(looked, facts) ?? null
        if (stretch === null) items.push(looked)
        else if (items.at(-1) !== stretch) items.push(stretch)
      }
      // Something is wrong with a whole row: whoever folds must see each.
      if (rows?.failed === true) return this.page({ ...request, whole_rows: false }, from)
    }
    return { page: { items: items.map(closed), leaves, tiles: tilesOf(leaves) }, failure }
  }

  async #looked(
    { log, all_payloads }: PageRequest,
    from: number,
    to: number,
  ): Promise<{
    readonly entries: ReadonlyArray<{ readonly looked: Looked; readonly facts: Facts | null }>
    readonly failure: CustodyError | null
  }> {
    const { entries, failure } = await this.#readable(log, from, to)
    const facts = entries.map(({ body }) => canonicalFacts(body))
    const endings = await this.#storedEndings(log, facts)
    const looked = entries.map((each, i) => {
      const own = facts[i] ?? null
      return { looked: look(each, own, endings, all_payloads), facts: own }
    })
    return { entries: looked, failure }
  }

  /** Of the run's opening; null if there is none that can be read, which is found by who folds. */
  async #waysOf(log: number): Promise<Ways | null> {
    let ways = this.#ways.get(log)
    if (ways === undefined) {
      ways = await this.#opening(log)
      this.#ways.set(log, ways)
    }
    return ways
  }

  async #opening(log: number): Promise<Ways | null> {
    try {
      const entry = await this.#reader.entry(log, 0)
      const facts = entry === null ? null : decodeRunEntry(0, entry.body).facts
      return facts?.k === 'open' ? new Ways(facts.topology) : null
    } catch (error) {
      if (error instanceof DecodeError || isCustodyError(error)) return null
      throw error
    }
  }

  /** If something among them can't be read, what stands before it. */
  async #readable(
    log: number,
    from: number,
    to: number,
  ): Promise<{ readonly entries: readonly FullEntry[]; readonly failure: CustodyError | null }> {
    const entries: FullEntry[] = []
    try {
      return { entries: await this.#reader.page(log, from, to), failure: null }
    } catch (error) {
      if (!isCustodyError(error)) throw error
    }
    try {
      for (let seq = from; seq < to; seq++) entries.push(...(await this.#reader.page(log, seq, seq + 1)))
    } catch (error) {
      if (!isCustodyError(error)) throw error
      return { entries, failure: error }
    }
    return { entries, failure: null }
  }

  /** Where the table can't be read, that is found again, and reported, by who folds. */
  async #storedEndings(log: number, facts: ReadonlyArray<Facts | null>): Promise<ReadonlyMap<number, StoredEnding>> {
    const tokens = facts.flatMap(each => (each === null ? [] : endedIn(each)))
    if (tokens.length === 0) return new Map()
    try {
      return await endingsOf(this.#reader, log, tokens)
    } catch (error) {
      if (!isCustodyError(error)) throw error
      return new Map()
    }
  }
}

function closed(item: Looked | OpenStretch): Looked | Stretch {
  return 'stretch' in item ? item.stretch() : item
}

function tilesOf(leaves: readonly Hash[]): readonly Hash[] {
  const tiles: Hash[] = []
  for (let at = 0; at + TILE_WIDTH <= leaves.length; at += TILE_WIDTH)
    tiles.push(tileRoot(leaves.slice(at, at + TILE_WIDTH)))
  return tiles
}
