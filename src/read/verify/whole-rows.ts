/**
 * Rows whose story stands in one entry: most rows of most runs. Of a stretch of them only what they add up to is passed on to whoever
 * folds the run.
 *
 * WHOLE-ROWS-1. A row is among them only if its text has the form of one that was folded (row-form.ts), its values fit their commitments, and its
 *     endings are in their table.
 * WHOLE-ROWS-2. What a stretch needs to be true of the run (numbers that go on, a run that isn't sealed) is for who adds it up to see; where it
 *     isn't, its entries are looked at one by one.
 */
import { leafHash } from '../../format/hash.ts'
import { tileRoot } from '../../format/tiled-tree.ts'
import { TILE_WIDTH } from '../../format/tree.ts'
import { type FullEntry, isReadable, type StoredEnding, type StoredEntry } from '../../ledger/read-port.ts'
import type { Hash } from '../../model/sha256.ts'
import { fitAll, type Looked } from './look.ts'
import { type Counts, Recount } from './recount.ts'
import { numberAt } from './row-form.ts'
import { endsAsStored, type RowStory, storyOf } from './row-story.ts'
import type { Facts } from './stored-endings.ts'
import { mayHaveStood } from './times.ts'
import type { Ways } from './ways.ts'

/** Entries one behind the other, of rows one behind the other, of records one behind the other of one source. */
export interface Stretch {
  readonly first_seq: number
  readonly first_row: number
  readonly source: number
  /** Number of the first record within its source. */
  readonly first_index: number
  readonly count: number
  readonly counts: Counts
  readonly values: number
  readonly born: readonly number[]
  readonly opened: readonly number[]
  readonly called: readonly number[]
  readonly forks: readonly number[]
  /** Ways through batches, for `Batches`. */
  readonly holds: ReadonlyArray<readonly [token: number, node: number, group: number, ordinal: number, batch: number]>
  readonly releases: ReadonlyArray<readonly [token: number, node: number, group: number, failed: 0 | 1]>
  readonly ends: ReadonlyArray<readonly [token: number, group: number]>
  /** The earliest time of an entry, and the earliest start of a visit. */
  readonly earliest: { readonly seq: number; readonly t: number }
  readonly earliest_start_us: number
  /** What ended last. */
  readonly last: { readonly seq: number; readonly row: number; readonly us: number }
  /** Of the tree of rows: tiles that lie within. */
  readonly row_tiles: ReadonlyArray<readonly [index: number, root: Hash]>
}

/** An entry whose text has the form of a story that is known. */
export interface KnownText {
  readonly story: RowStory
  /** By place. */
  readonly numbers: readonly number[]
}

/** A whole row, found to be one. */
export interface WholeRow extends KnownText {
  readonly seq: number
  readonly leaf: Hash
}

/** Texts have few forms; where they have many, those that came last are known. */
const MOST_STORIES = 32

/** The stories of one run. */
export class RowStories {
  readonly #ways: Ways
  /** The one that came last first. */
  #stories: RowStory[] = []

  constructor(ways: Ways) {
    this.#ways = ways
  }

  /** null if no story with its form is known. */
  known(body: string): KnownText | null {
    for (const [i, story] of this.#stories.entries()) {
      const numbers = story.form.read(body)
      if (numbers === null) continue
      for (const { duration } of story.visits)
        if (mayHaveStood({ stood_us: 0, duration_us: numberAt(numbers, duration) })) return null
      if (i > 0) this.#stories.unshift(...this.#stories.splice(i, 1))
      return { story, numbers }
    }
    return null
  }

  /** An entry that was looked at, if it is a whole row: the first of its form, or one of those that were read together with that. */
  learn({ entry, leaf, has_values, has_endings }: Looked, facts: Facts): WholeRow | null {
    return has_values && has_endings ? this.learnText(entry, leaf, facts) : null
  }

  /** The same where neither its values nor a table of endings are at hand. */
  learnText(entry: StoredEntry, leaf: Hash, facts: Facts): WholeRow | null {
    const known = this.known(entry.body)
    const story = known?.story ?? storyOf(entry, facts, this.#ways)
    const numbers = known?.numbers ?? story?.form.read(entry.body) ?? null
    if (story === null || numbers === null || entry.row !== numberAt(numbers, story.row) || entry.batch !== null)
      return null
    if (known === null) this.#stories = [story, ...this.#stories.slice(0, MOST_STORIES - 1)]
    return { seq: entry.seq, leaf, story, numbers }
  }
}

/** An entry with a known text, if it is a whole row: its columns, its values and its endings are as the text says. */
export function wholeRow(
  { payload, ...entry }: FullEntry,
  known: KnownText,
  endings: ReadonlyMap<number, StoredEnding>,
): WholeRow | null {
  const { story, numbers } = known
  if (payload === null || !isReadable(payload) || entry.batch !== null || entry.row !== numberAt(numbers, story.row))
    return null
  const commitments = story.form.commitments(entry.body)
  if (!fitAll(commitments, 1, payload) || !endsAsStored(story, numbers, commitments, entry, endings)) return null
  return { ...known, seq: entry.seq, leaf: leafHash(entry.body) }
}

/** A stretch that may still become longer. */
export class OpenStretch {
  readonly #first: Pick<Stretch, 'first_seq' | 'first_row' | 'source' | 'first_index'>
  readonly #stories = new Map<RowStory, number>()
  readonly #leaves: Hash[] = []
  readonly #born: number[] = []
  readonly #opened: number[] = []
  readonly #called: number[] = []
  readonly #forks: number[] = []
  readonly #holds: Stretch['holds'][number][] = []
  readonly #releases: Stretch['releases'][number][] = []
  readonly #ends: Stretch['ends'][number][] = []
  #values = 0
  #earliest = { seq: 0, t: Number.POSITIVE_INFINITY }
  #earliest_start_us = Number.POSITIVE_INFINITY
  #last = { seq: 0, row: 0, us: -1 }

  constructor({ seq, story, numbers }: WholeRow) {
    const [first_row, first_index] = [numberAt(numbers, story.row), numberAt(numbers, story.index)]
    this.#first = { first_seq: seq, first_row, source: story.source, first_index }
  }

  isNext({ seq, story, numbers }: WholeRow): boolean {
    const { first_seq, first_row, source, first_index } = this.#first
    const { length } = this.#leaves
    return (
      seq === first_seq + length &&
      numberAt(numbers, story.row) === first_row + length &&
      story.source === source &&
      numberAt(numbers, story.index) === first_index + length
    )
  }

  add(whole: WholeRow): void {
    const { story, numbers, leaf } = whole
    this.#leaves.push(leaf)
    this.#stories.set(story, (this.#stories.get(story) ?? 0) + 1)
    this.#values += story.form.values
    this.#times(whole)
    const at = (place: number) => numberAt(numbers, place)
    for (const place of story.born) this.#born.push(at(place))
    for (const place of story.opened) this.#opened.push(at(place))
    for (const place of story.called) this.#called.push(at(place))
    for (const place of story.forks) this.#forks.push(at(place))
    for (const { token, node, group, ordinal, batch } of story.holds)
      this.#holds.push([at(token), node, at(group), at(ordinal), at(batch)])
    for (const { token, node, group, failed } of story.releases)
      this.#releases.push([at(token), node, at(group), failed ? 1 : 0])
    for (const { token, group } of story.ends) this.#ends.push([at(token), at(group)])
  }

  stretch(): Stretch {
    const fold = new Recount()
    for (const [{ counts }, count] of this.#stories) fold.add(counts, count)
    return {
      ...this.#first,
      ...{ born: this.#born, opened: this.#opened, called: this.#called, forks: this.#forks },
      ...{ holds: this.#holds, releases: this.#releases, ends: this.#ends },
      count: this.#leaves.length,
      counts: fold.counts(),
      values: this.#values,
      earliest: this.#earliest,
      earliest_start_us: this.#earliest_start_us,
      last: this.#last,
      row_tiles: this.#rowTiles(),
    }
  }

  #times({ seq, story, numbers }: WholeRow): void {
    const time_us = numberAt(numbers, story.time)
    if (time_us < this.#earliest.t) this.#earliest = { seq, t: time_us }
    let last_us = time_us
    for (const { start, duration } of story.visits) {
      const start_us = time_us + numberAt(numbers, start)
      if (start_us < this.#earliest_start_us) this.#earliest_start_us = start_us
      const end_us = start_us + numberAt(numbers, duration)
      if (end_us > last_us) last_us = end_us
    }
    if (last_us > this.#last.us) this.#last = { seq, row: numberAt(numbers, story.row), us: last_us }
  }

  #rowTiles(): Stretch['row_tiles'] {
    const tiles: Array<readonly [number, Hash]> = []
    const before = this.#first.first_row - 1
    for (let index = Math.ceil(before / TILE_WIDTH); ; index++) {
      const from = index * TILE_WIDTH - before
      if (from + TILE_WIDTH > this.#leaves.length) return tiles
      tiles.push([index, tileRoot(this.#leaves.slice(from, from + TILE_WIDTH))])
    }
  }
}
