/**
 * Puts both sides of a join together by their key: what comes out says, in the order in which the join lets its rows go, what becomes of
 * each left row, which right rows it goes with, and which ones are left.
 *
 * MERGE-1. Rows with the same key are matched by the same rows of the other side. So the first left row that doesn't fail consumes all its
 *     partners, and no left row with another key matches them.
 * MERGE-2. Memory: one left row, and of one key `max_matches` right rows and one more.
 */
import { ordinalBytes, type Sorter, type SortRecord } from '../spill/sorter.ts'

/** A row of one side, as it is held. */
export interface SideRow {
  /** null: it matches nothing. */
  readonly key: string | null
  /** Its place among all that came to the join. */
  readonly ordinal: number
  /** No pair with it is a row: it would be nested too deep. */
  readonly deep: boolean
  /** A right row that a left one had consumed when a process before stopped. */
  readonly consumed: boolean
  /** All that is known of its token. */
  readonly text: string
}

/** What becomes of a left row. One that nothing matches has `matches`, and no partners. */
export type Fate = 'matches' | 'too_many' | 'too_deep'
/** What stands in the order of release: partners behind their left row. `consumed`: a left row before has done that. */
export type Released =
  | { readonly kind: 'left'; readonly fate: Fate; readonly text: string }
  | { readonly kind: 'partner'; readonly consumed: boolean; readonly text: string }
  | { readonly kind: 'right'; readonly text: string }

/** What `sideRecord` wrote: `key` and `ordinal` as they stand in keys of records. */
interface Sorted {
  readonly key: string
  readonly ordinal: string
  readonly deep: boolean
  readonly consumed: boolean
  readonly text: string
}

const ORDINAL_CHARACTERS = ordinalBytes(0).length
/** Rows after which the merge lets others go on. */
const SLICE = 10_000
const NO_KEY = ''
const FATES: Readonly<Record<Fate, string>> = { matches: 'm', too_many: 'n', too_deep: 'd' }
/** Right rows that are left follow all left ones. */
const OF_LEFT = '0'
const AT_END = '1'
const CONSUMES = 'c'
const SHARES = 's'

/** Keys are canonical lists: none is the beginning of another, so those that are the same stand together. */
export function sideRecord({ key, ordinal, deep, consumed, text }: SideRow): SortRecord {
  const bytes = key === null ? NO_KEY : Buffer.from(key, 'utf8').toString('latin1')
  return { key: bytes + ordinalBytes(ordinal), body: `${deep ? 'd' : '-'}${consumed ? 'c' : '-'}${text}` }
}

export function heldIn({ key, body }: SortRecord): Sorted {
  const end = key.length - ORDINAL_CHARACTERS
  return {
    key: key.slice(0, end),
    ordinal: key.slice(end),
    deep: body[0] === 'd',
    consumed: body[1] === 'c',
    text: body.slice(2),
  }
}

/** What `Merge` wrote. */
export function released({ key, body }: SortRecord): Released {
  const mark = body[0]
  const text = body.slice(1)
  if (key.startsWith(AT_END)) return { kind: 'right', text }
  if (key.length > OF_LEFT.length + ORDINAL_CHARACTERS) return { kind: 'partner', consumed: mark === SHARES, text }
  return {
    kind: 'left',
    fate: mark === FATES.matches ? 'matches' : mark === FATES.too_many ? 'too_many' : 'too_deep',
    text,
  }
}

/** One side, in order. */
class Side {
  readonly #sorter: Sorter
  next: Sorted | null = null

  constructor(sorter: Sorter) {
    this.#sorter = sorter
    this.#read()
  }

  /** Takes what comes next if it has this key. */
  take(key: string): Sorted | null {
    const taken = this.next
    if (taken?.key !== key) return null
    this.#read()
    return taken
  }

  #read(): void {
    const record = this.#sorter.next()
    this.next = record === null ? null : heldIn(record)
  }
}

export class Merge {
  readonly #left: Side
  readonly #right: Side
  readonly #max_matches: number
  readonly #into: Sorter
  readonly #steps: Generator<undefined, void>
  /** Since others last went on. */
  #rows = 0

  /** Both sides must be prepared. */
  constructor(left: Sorter, right: Sorter, max_matches: number, into: Sorter) {
    this.#left = new Side(left)
    this.#right = new Side(right)
    this.#max_matches = max_matches
    this.#into = into
    this.#steps = this.#merge()
  }

  /** False: it isn't done yet, and is to be called again. @throws CustodyError CUSTODY_SPILL. */
  goOn(): boolean {
    this.#rows = 0
    return this.#steps.next().done === true
  }

  *#merge(): Generator<undefined, void> {
    for (;;) {
      const left = this.#left.next?.key ?? null
      const right = this.#right.next?.key ?? null
      const least = left === null || (right !== null && right < left) ? right : left
      if (least === null) return
      yield* this.#group(least)
    }
  }

  /** All that have one key, or none. */
  *#group(key: string): Generator<undefined, void> {
    const partners: Sorted[] = []
    const most = key === NO_KEY ? 0 : this.#max_matches + 1
    for (let right = this.#right.take(key); right !== null; right = this.#right.take(key)) {
      if (partners.length < most) partners.push(right)
      else this.#leave(right)
      if (++this.#rows >= SLICE) yield
    }
    const fate: Fate =
      partners.length > this.#max_matches ? 'too_many' : partners.some(({ deep }) => deep) ? 'too_deep' : 'matches'
    let consumed = false
    for (let left = this.#left.take(key); left !== null; left = this.#left.take(key)) {
      const own = fate === 'matches' && partners.length > 0 && left.deep ? 'too_deep' : fate
      this.#write(OF_LEFT + left.ordinal, FATES[own] + left.text)
      if (own === 'matches') {
        this.#join(left, partners, consumed)
        consumed = true
      }
      if (this.#rows >= SLICE) yield
    }
    if (!consumed) for (const right of partners) this.#leave(right)
  }

  #join({ ordinal }: Sorted, partners: readonly Sorted[], consumed: boolean): void {
    for (const right of partners)
      this.#write(OF_LEFT + ordinal + right.ordinal, (consumed || right.consumed ? SHARES : CONSUMES) + right.text)
  }

  /** Nothing consumes the right row now. */
  #leave({ ordinal, consumed, text }: Sorted): void {
    if (!consumed) this.#write(AT_END + ordinal, `-${text}`)
  }

  #write(key: string, body: string): void {
    this.#into.add({ key, body })
    this.#rows++
  }
}
