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
import { numberAt } from './row-form.ts'
import { endedIn, endingsOf, type Facts } from './stored-endings.ts'
import { Ways } from './ways.ts'
import { type KnownText, OpenStretch, RowStories, type Stretch, type WholeRow, wholeRow } from './whole-rows.ts'

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

/** An entry, and its text: one of a form that is known, or what it says; neither if it isn't canonical. */
interface Text {
  readonly entry: FullEntry
  readonly known: KnownText | null
  readonly facts: Facts | null
}
/** What was found of one entry. */
export type Found = { readonly looked: Looked } | { readonly whole: WholeRow }

/** A page while entries are added to it, in their order. */
export class OpenPage {
  readonly #leaves: Hash[] = []
  readonly #items: Array<Looked | OpenStretch> = []

  get size(): number {
    return this.#leaves.length
  }

  add(found: Found): void {
    this.#leaves.push('whole' in found ? found.whole.leaf : found.looked.leaf)
    if ('looked' in found) this.#items.push(found.looked)
    else this.#stretchFor(found.whole).add(found.whole)
  }

  page(): Page {
    const items = this.#items.map(each => ('stretch' in each ? each.stretch() : each))
    return { items, leaves: this.#leaves, tiles: tilesOf(this.#leaves) }
  }

  /** The stretch that came last, if it is next there; else a new one. */
  #stretchFor(whole: WholeRow): OpenStretch {
    const last = this.#items.at(-1)
    if (last !== undefined && 'stretch' in last && last.isNext(whole)) return last
    const open = new OpenStretch(whole)
    this.#items.push(open)
    return open
  }
}

/** Looks at pages, and knows the stories of their runs. */
export class PageLooker {
  readonly #reader: PageReader
  readonly #stories = new Map<number, RowStories | null>()

  constructor(reader: PageReader) {
    this.#reader = reader
  }

  /** The entries from `from` to `from + PAGE_ENTRIES`, as far as they are there. */
  async page(request: PageRequest, from: number): Promise<LookedAt> {
    const stories = request.whole_rows ? await this.#storiesOf(request.log) : null
    const open = new OpenPage()
    let failure: CustodyError | null = null
    const to = Math.min(request.end, from + PAGE_ENTRIES)
    // Few at a time, so that most objects are gone before anything collects them.
    for (let at = from; at < to && failure === null; at += AT_ONCE) {
      const part = await this.#found(request, stories, at, Math.min(to, at + AT_ONCE))
      failure = part.failure
      for (const found of part.found) open.add(found)
    }
    return { page: open.page(), failure }
  }

  async #found(
    { log, all_payloads }: PageRequest,
    stories: RowStories | null,
    from: number,
    to: number,
  ): Promise<{ readonly found: readonly Found[]; readonly failure: CustodyError | null }> {
    const { entries, failure } = await this.#readable(log, from, to)
    const texts = entries.map((entry): Text => {
      const known = stories?.known(entry.body) ?? null
      return { entry, known, facts: known === null ? canonicalFacts(entry.body) : null }
    })
    const endings = await this.#storedEndings(log, texts)
    const found = texts.map(({ entry, known, facts: of_text }): Found => {
      const whole = known === null ? null : wholeRow(entry, known, endings)
      if (whole !== null) return { whole }
      const facts = known === null ? of_text : canonicalFacts(entry.body)
      const looked = look(entry, facts, endings, all_payloads)
      // What doesn't fit its story must be seen by whoever folds.
      const learned = facts === null || known !== null ? null : (stories?.learn(looked, facts) ?? null)
      return learned === null ? { looked } : { whole: learned }
    })
    return { found, failure }
  }

  /** null if the run's opening can't be read, which is found by who folds. */
  async #storiesOf(log: number): Promise<RowStories | null> {
    let stories = this.#stories.get(log)
    if (stories === undefined) {
      const ways = await this.#opening(log)
      stories = ways === null ? null : new RowStories(ways)
      this.#stories.set(log, stories)
    }
    return stories
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
  async #storedEndings(log: number, texts: readonly Text[]): Promise<ReadonlyMap<number, StoredEnding>> {
    const tokens: number[] = []
    for (const { known, facts } of texts) {
      if (facts !== null) for (const token of endedIn(facts)) tokens.push(token)
      if (known !== null) for (const { token } of known.story.endings) tokens.push(numberAt(known.numbers, token))
    }
    if (tokens.length === 0) return new Map()
    try {
      return await endingsOf(this.#reader, log, tokens)
    } catch (error) {
      if (!isCustodyError(error)) throw error
      return new Map()
    }
  }
}

function tilesOf(leaves: readonly Hash[]): readonly Hash[] {
  const tiles: Hash[] = []
  for (let at = 0; at + TILE_WIDTH <= leaves.length; at += TILE_WIDTH)
    tiles.push(tileRoot(leaves.slice(at, at + TILE_WIDTH)))
  return tiles
}
