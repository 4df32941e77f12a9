/**
 * Rows whose story stands in one entry: most rows of most runs. Such an entry is folded by whoever looks at its page, as any other
 * would be; of a stretch of them only what they add up to is passed on.
 *
 * WHOLE-ROWS-1. A row is among them only if its own entry gave no problem at all, and says nothing that others must be asked about: batches,
 *     requests that were announced, times that stood still.
 * WHOLE-ROWS-2. What a stretch needs to be true of the run (numbers that go on, a run that isn't sealed) is for who adds it up to see; where it
 *     isn't, its entries are looked at one by one.
 */
import type { SubjectEntry } from '../../format/entry.ts'
import { isError } from '../../format/entry.ts'
import { tileRoot } from '../../format/tiled-tree.ts'
import { TILE_WIDTH } from '../../format/tree.ts'
import type { Hash } from '../../model/sha256.ts'
import { DecodeError, decodeSubjectFacts } from '../decode.ts'
import { Check } from './check.ts'
import { BATCH } from './groups.ts'
import type { Looked } from './look.ts'
import { sends } from './sending.ts'
import type { Facts } from './stored-endings.ts'
import { SubjectState, type Witness } from './subject.ts'
import { type Tallies, TallyFold } from './tallies.ts'
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
  readonly tallies: Tallies
  readonly values: number
  readonly born: readonly number[]
  readonly opened: readonly number[]
  readonly called: readonly number[]
  readonly forks: readonly number[]
  /** The earliest time of an entry, and the earliest start of a visit. */
  readonly earliest: { readonly seq: number; readonly t: number }
  readonly earliest_start_us: number
  /** What ended last. */
  readonly last: { readonly seq: number; readonly row: number; readonly us: number }
  /** Of the tree of rows: tiles that lie within. */
  readonly row_tiles: ReadonlyArray<readonly [index: number, root: Hash]>
}

/** Adds up the whole rows of one page. */
export class WholeRows {
  /** Whether something was wrong with a row that was added: then nothing of this may be used. */
  failed = false
  readonly #ways: Ways
  #open: OpenStretch | null = null

  constructor(ways: Ways) {
    this.#ways = ways
  }

  /** Adds the next entry, if it is the whole story of a row; `facts`: those of its text, null if that isn't canonical. */
  take(looked: Looked, facts: Facts | null): OpenStretch | null {
    const entry = facts === null ? null : wholeRow(looked, facts, this.#ways)
    if (entry === null) {
      this.#open = null
      return null
    }
    const { entry: stored, leaf } = looked
    if (this.#open === null || !this.#open.isNext(stored.seq, entry))
      this.#open = new OpenStretch(this.#ways, stored.seq, entry)
    if (!this.#open.add(stored.seq, entry, leaf)) this.failed = true
    return this.#open
  }
}

/** A whole row's entry; null for all others. */
function wholeRow({ entry, has_values, has_endings }: Looked, facts: Facts, ways: Ways): WholeRow | null {
  const { p, o, f, h, y } = facts
  if (!has_values || !has_endings || o !== 0 || p !== undefined) return null
  if (f !== undefined || h !== undefined || y !== undefined) return null
  let decoded: SubjectEntry
  try {
    decoded = decodeSubjectFacts(entry.seq, facts)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
  const { subject, origin, visits, groups_opened, time_us } = decoded
  if (subject.kind !== 'row' || subject.row !== entry.row || entry.batch !== null) return null
  if (origin === null || origin.repeats !== null) return null
  if (groups_opened.some(({ kind }) => kind === BATCH)) return null
  let reads = 0
  for (const visit of visits) {
    const kind = ways.kind(visit.node)
    if (kind === 'aggregate' || sends(ways, visit.node) || mayHaveStood(visit)) return null
    if (kind !== 'source') continue
    reads++
    if (visit.node !== origin.source) return null
  }
  return reads === 1 && time_us >= 0 ? { ...decoded, subject, origin } : null
}

type WholeRow = SubjectEntry & {
  readonly subject: Extract<SubjectEntry['subject'], { kind: 'row' }>
  readonly origin: NonNullable<SubjectEntry['origin']>
}

/** A stretch that may still become longer. */
export class OpenStretch {
  readonly #first: Pick<Stretch, 'first_seq' | 'first_row' | 'source' | 'first_index'>
  readonly #witness: PrivateWitness
  readonly #forks: number[] = []
  readonly #leaves: Hash[] = []
  #values = 0
  #earliest = { seq: 0, t: Number.POSITIVE_INFINITY }
  #earliest_start_us = Number.POSITIVE_INFINITY
  #last = { seq: 0, row: 0, us: -1 }

  constructor(ways: Ways, seq: number, { subject, origin }: WholeRow) {
    this.#first = { first_seq: seq, first_row: subject.row, source: origin.source, first_index: origin.index }
    this.#witness = privateWitness(ways)
  }

  isNext(seq: number, { subject, origin }: WholeRow): boolean {
    const { first_seq, first_row, source, first_index } = this.#first
    const { length } = this.#leaves
    return (
      seq === first_seq + length &&
      subject.row === first_row + length &&
      origin.source === source &&
      origin.index === first_index + length
    )
  }

  /** False if something is wrong with it. */
  add(seq: number, entry: WholeRow, leaf: Hash): boolean {
    this.#leaves.push(leaf)
    this.#times(seq, entry)
    const witness = this.#witness
    const { subject, origin, visits } = entry
    if (visits.some(({ node, status }) => node === origin.source && isError(status)))
      witness.tallies.reject(origin.source)
    const state = new SubjectState(subject)
    try {
      state.values.skip(seq, entry)
    } catch (error) {
      if (error instanceof DecodeError) return false
      throw error
    }
    this.#values += entry.commitments.length
    state.fold(seq, entry, witness)
    for (const group of state.forks()) this.#forks.push(group)
    for (const _ of state.unfinished()) return false
    return state.done && witness.tokens.ok && witness.groups.ok && !witness.reached_others
  }

  stretch(): Stretch {
    const { tallies, born, opened, called } = this.#witness
    return {
      ...this.#first,
      count: this.#leaves.length,
      tallies: tallies.tallies(),
      values: this.#values,
      born,
      opened,
      called,
      forks: this.#forks,
      earliest: this.#earliest,
      earliest_start_us: this.#earliest_start_us,
      last: this.#last,
      row_tiles: this.#rowTiles(),
    }
  }

  #times(seq: number, { subject, time_us, visits }: WholeRow): void {
    if (time_us < this.#earliest.t) this.#earliest = { seq, t: time_us }
    let last_us = time_us
    for (const { start_us, duration_us } of visits) {
      const start = time_us + start_us
      if (start < this.#earliest_start_us) this.#earliest_start_us = start
      if (start + duration_us > last_us) last_us = start + duration_us
    }
    if (last_us > this.#last.us) this.#last = { seq, row: subject.row, us: last_us }
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

/** What a whole row is folded with: whatever it tells to others than these shows that it is none. */
interface PrivateWitness extends Witness {
  readonly reached_others: boolean
}

function privateWitness(ways: Ways): PrivateWitness {
  let reached = false
  const reach = () => {
    reached = true
  }
  return {
    ways,
    tokens: new Check('tokens'),
    groups: new Check('groups'),
    tallies: new TallyFold(),
    batches: { open: reach, hold: reach, release: reach, end: reach, abandon: reach, close: reach },
    // Its tokens come and go within its entry.
    line: { born: nothing, visited: nothing, ended: nothing, forked: nothing },
    born: [],
    opened: [],
    called: [],
    announced: [],
    answered: [],
    get reached_others() {
      return reached || this.announced.length > 0 || this.answered.length > 0
    },
  }
}

function nothing(): void {
  return undefined
}
