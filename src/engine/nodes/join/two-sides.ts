/**
 * What one join holds, and in which order it is let go: left rows first, each with the right rows that match it, then right rows that
 * none of them matched.
 *
 *   add, add, … ──► (leave, after each commit) ──► prepare until it is true ──► next, next, … null
 *
 * TWO-SIDES-1. Both sides keep the order in which their rows came.
 * TWO-SIDES-2. Of a right row that has been consumed, what left rows after it need is kept: its token's number and its data.
 * TWO-SIDES-3. (I12) What is held leaves memory once the ledger has been given all facts of it, unless all of it is little; what is kept of it
 *     here follows from the ledger.
 */
import type { JoinSide } from '../../../format/topology.ts'
import type { TokenId } from '../../../model/ids.ts'
import type { Row } from '../../../model/row.ts'
import type { JoinNode } from '../../../plan/plan.ts'
import type { Spill } from '../../ports/spill.ts'
import type { HeldRow, Partner } from '../../token/held-row.ts'
import { type Away, look, textOf } from '../spill/away.ts'
import { Sorter } from '../spill/sorter.ts'
import { isTooDeep, keyOf } from './match.ts'
import { type Fate, heldIn, Merge, type Released, released, type SideRow, sideRecord } from './merge.ts'

/** What comes next. */
export type Next =
  | { readonly side: 'left'; readonly row: HeldRow; readonly fate: Fate; readonly partners: readonly Partner[] }
  | { readonly side: 'right'; readonly row: HeldRow }

interface Arrived {
  readonly side: JoinSide
  readonly held: HeldRow
  /** Its place among those that came to the join, from 0. */
  readonly ordinal: number
}

/** What a token and its subject take beside the row. */
const TOKEN_BYTES = 700
/** What a field takes, or an element, and an object or a list beside these. */
const FIELD_BYTES = 24
const OBJECT_BYTES = 64

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return FIELD_BYTES + value.length
  if (typeof value !== 'object' || value === null) return FIELD_BYTES
  let bytes = OBJECT_BYTES
  for (const each of Object.values(value)) bytes += FIELD_BYTES + bytesOf(each)
  return bytes
}

export class TwoSides {
  /** How many tokens are held, consumed ones aside. */
  size = 0
  readonly #node: JoinNode
  readonly #away: Away
  readonly #sides: Readonly<Record<JoinSide, Sorter>>
  /** In the order in which they go. */
  readonly #released: Sorter
  #merge: Merge | null = null
  #is_ready = false
  /** What was read of `#released` too early. */
  #ahead: Released | null = null
  readonly #memory_bytes: number
  /** Nothing has left memory. */
  #is_little = true
  /** About what it takes then. */
  #bytes = 0
  /** Those whose subjects have facts that no commit was given; as long as all is little all that came. */
  #fresh: Arrived[] = []
  /** Right rows that have never left memory, and were consumed. */
  readonly #shared = new Map<TokenId, Row>()

  constructor(node: JoinNode, spill: Spill, away: Away) {
    this.#node = node
    this.#away = away
    this.#memory_bytes = spill.memory_bytes
    this.#sides = { left: new Sorter(spill), right: new Sorter(spill) }
    this.#released = new Sorter(spill)
  }

  /** A row came. */
  add(side: JoinSide, held: HeldRow, ordinal: number): void {
    this.size++
    if (this.#is_little) this.#bytes += TOKEN_BYTES + bytesOf(held.token.row)
    this.#fresh.push({ side, held, ordinal })
  }

  /** A right row that a left one had consumed when a process before stopped. @throws CustodyError CUSTODY_SPILL. */
  addConsumed(held: HeldRow, ordinal: number): void {
    this.#keep({ side: 'right', held, ordinal }, true, textOf(held))
  }

  /** All facts there are were handed over. @throws CustodyError CUSTODY_SPILL. */
  leave(): void {
    // Most joins are of few rows, for which texts are work for nothing.
    if (this.#is_little && this.#bytes <= this.#memory_bytes) return
    this.#is_little = false
    this.#keepFresh(held => this.#away.putAway(held))
  }

  /** Nothing more comes. False: it isn't ready yet, and is to be asked again. @throws CustodyError CUSTODY_SPILL. */
  prepare(): boolean {
    if (this.#is_ready) return true
    if (this.#merge === null) {
      if (!this.#prepareSides()) return false
      this.#merge = new Merge(this.#sides.left, this.#sides.right, this.#node.max_matches, this.#released)
    }
    if (!this.#merge.goOn() || !this.#released.prepare()) return false
    this.#is_ready = true
    this.#read()
    return true
  }

  /** Takes out what comes next, once `prepare` was true; null if nothing is left. @throws CustodyError CUSTODY_SPILL. */
  next(): Next | null {
    const next = this.#ahead
    if (next === null) return null
    this.#read()
    if (next.kind === 'right') return { side: 'right', row: this.#takeBack(next.text) }
    if (next.kind === 'partner') throw new TypeError(`a right row at ${this.#node.name} has no left one`)
    const row = this.#takeBack(next.text)
    const partners: Partner[] = []
    for (let each = this.#ahead; each?.kind === 'partner'; each = this.#ahead) {
      partners.push(this.#partner(each))
      this.#read()
    }
    return { side: 'left', row, fate: next.fate, partners }
  }

  /** All that are held, if none of it has been let go. They aren't held any more. @throws CustodyError CUSTODY_SPILL. */
  *all(): Iterable<HeldRow> {
    while (!this.#prepareSides());
    for (const sorter of [this.#sides.left, this.#sides.right])
      for (let record = sorter.next(); record !== null; record = sorter.next()) {
        const { consumed, text } = heldIn(record)
        if (!consumed) yield this.#takeBack(text)
      }
  }

  /** Lets go of its files. */
  close(): void {
    this.#sides.left.close()
    this.#sides.right.close()
    this.#released.close()
  }

  #prepareSides(): boolean {
    this.#keepFresh(held => this.#away.keep(held))
    return this.#sides.left.prepare() && this.#sides.right.prepare()
  }

  #keepFresh(textFor: (held: HeldRow) => string): void {
    if (this.#fresh.length === 0) return
    const fresh = this.#fresh
    this.#fresh = []
    for (const each of fresh) this.#keep(each, false, textFor(each.held))
  }

  #keep({ side, held, ordinal }: Arrived, consumed: boolean, text: string): void {
    const { keys, by_value, merge } = this.#node
    const { row } = held.token
    const each: SideRow = {
      key: keyOf(keys[side], row, by_value),
      ordinal,
      deep: isTooDeep(merge, row),
      consumed,
      text,
    }
    this.#sides[side].add(sideRecord(each))
  }

  #partner({ consumed, text }: Extract<Released, { kind: 'partner' }>): Partner {
    const stays = !text.startsWith('[')
    if (!consumed) {
      const held = this.#takeBack(text)
      const { id, row } = held.token
      if (stays) this.#shared.set(id, row)
      return { id, row, held }
    }
    if (!stays) return { ...look(text), held: null }
    const id = Number(text)
    const row = this.#shared.get(id)
    if (row === undefined) throw new TypeError(`token ${id} is a partner that nothing has consumed`)
    return { id, row, held: null }
  }

  #takeBack(text: string): HeldRow {
    const held = this.#away.takeBack(text)
    if (!held.token.held) held.token.keep()
    this.size--
    return held
  }

  #read(): void {
    const record = this.#released.next()
    this.#ahead = record === null ? null : released(record)
    if (record === null) this.#shared.clear()
  }
}
