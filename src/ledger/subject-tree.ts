/**
 * The tree whose leaf N−1 is the leaf hash of row N's last entry, batches after rows (DESIGN section 5), built while the
 * run goes on: reading all entries again at the seal costs as much as four times this.
 *
 * T1. A row's leaf is known when it has no open tokens; it is appended when all rows before it were.
 * T2. What waits for earlier rows is bounded. Beyond that, and after anything that was dropped, the tree gives up, and has
 *     to be built from the stored entries.
 */
import { Frontier, type FrontierState } from '../format/tree.ts'

const MAX_WAITING = 100_000

export interface SubjectHead {
  readonly size: number
  readonly root: string
}

/** A tree as data; null if it has given up. */
export type SubjectTreeState = {
  readonly rows: FrontierState
  readonly waiting: ReadonlyMap<number, string>
  readonly batches: ReadonlyMap<number, string>
  readonly last_row: number
} | null

export class SubjectTree {
  #rows = new Frontier()
  /** Leaves of rows that have ended before an earlier one. */
  #waiting = new Map<number, string>()
  #batches = new Map<number, string>()
  /** The largest row number seen. */
  #last_row = 0
  #given_up = false

  static from(state: SubjectTreeState): SubjectTree {
    const tree = new SubjectTree()
    if (state === null) {
      tree.giveUp()
      return tree
    }
    tree.#rows = Frontier.from(state.rows)
    tree.#waiting = new Map(state.waiting)
    tree.#batches = new Map(state.batches)
    tree.#last_row = state.last_row
    return tree
  }

  state(): SubjectTreeState {
    if (this.#given_up) return null
    return { rows: this.#rows.state(), waiting: this.#waiting, batches: this.#batches, last_row: this.#last_row }
  }

  /** An entry of a row or batch, with its leaf hash and the number of the subject's tokens that remain open. */
  add(row: number | null, batch: number | null, open: number, leaf: string): void {
    if (this.#given_up) return
    if (row !== null) this.#addRow(row, open, leaf)
    else if (batch !== null) this.#batches.set(batch, leaf)
    if (this.#waiting.size + this.#batches.size > MAX_WAITING) this.giveUp()
  }

  giveUp(): void {
    this.#given_up = true
    this.#waiting.clear()
    this.#batches.clear()
  }

  /** null if it has to be built from the stored entries. */
  head(): SubjectHead | null {
    if (this.#given_up || this.#rows.size !== this.#last_row) return null
    const tree = Frontier.from(this.#rows.state())
    for (const batch of [...this.#batches.keys()].sort((a, b) => a - b)) tree.append(this.#batches.get(batch)!)
    return { size: tree.size, root: tree.root() }
  }

  #addRow(row: number, open: number, leaf: string): void {
    if (row > this.#last_row) this.#last_row = row
    if (open > 0) return
    if (row <= this.#rows.size) return this.giveUp()
    if (row > this.#rows.size + 1) {
      this.#waiting.set(row, leaf)
      return
    }
    this.#rows.append(leaf)
    for (let next = row + 1; this.#waiting.size > 0; next++) {
      const waiting = this.#waiting.get(next)
      if (waiting === undefined) return
      this.#waiting.delete(next)
      this.#rows.append(waiting)
    }
  }
}
