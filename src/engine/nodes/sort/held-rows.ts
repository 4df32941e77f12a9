/**
 * What sorts hold: where it is kept, and in what order it comes back.
 *
 *   hold ──► (leave, after each commit) ──► end, until it is true ──► next, next, … null
 *
 * HELD-ROWS-1. (I12) What a sort holds leaves memory once the ledger has been given all facts of it; what is kept of it here follows from
 *     the ledger, and is made again by whoever resumes the run.
 * HELD-ROWS-2. Rows come back in the order of their keys; those with equal keys in the order in which they came.
 */
import type { Row } from '../../../model/row.ts'
import type { Plan, SortNode } from '../../../plan/plan.ts'
import type { Spill } from '../../ports/spill.ts'
import type { HeldRow } from '../../token/held-row.ts'
import type { Away } from '../spill/away.ts'
import { ordinalBytes, Sorter } from '../spill/sorter.ts'
import { keyMaker } from './key.ts'

interface Arrived extends HeldRow {
  /** Its place among those that came to the sort, from 0. */
  readonly ordinal: number
}

interface Holding {
  readonly node: SortNode
  readonly keyOf: (row: Row) => string
  readonly sorter: Sorter
  /** Those whose subjects have facts that no commit was given. */
  fresh: Arrived[]
}

export class HeldRows {
  readonly #sorts = new Map<number, Holding>()
  readonly #away: Away

  constructor(plan: Pick<Plan, 'nodes'>, spill: Spill, away: Away) {
    this.#away = away
    for (const node of plan.nodes)
      if (node.kind === 'sort') {
        this.#sorts.set(node.number, { node, keyOf: keyMaker(node.keys), sorter: new Sorter(spill), fresh: [] })
      }
  }

  /** How many rows all sorts hold. */
  get size(): number {
    let size = 0
    for (const node of this.#sorts.keys()) size += this.countAt(node)
    return size
  }

  countAt(node: number): number {
    const { sorter, fresh } = this.#at(node)
    return sorter.size + fresh.length
  }

  /** A token that stands at a sort is held from now on. */
  hold(token: HeldRow['token'], started_us: number, ordinal: number): void {
    this.#at(token.node).fresh.push({ token, started_us, ordinal })
  }

  /** All facts there are were handed over: what is held leaves memory. @throws CustodyError CUSTODY_SPILL. */
  leave(): void {
    for (const holding of this.#sorts.values()) this.#add(holding, each => this.#away.putAway(each))
  }

  /** Nothing more comes to the sort. False: it isn't ready yet, and is to be asked again. @throws CustodyError CUSTODY_SPILL. */
  end(node: number): boolean {
    const holding = this.#at(node)
    this.#add(holding, each => this.#away.keep(each))
    return holding.sorter.prepare()
  }

  /** The next that the sort passes on, once it has ended; null when none is left. @throws CustodyError CUSTODY_SPILL. */
  next(node: number): HeldRow | null {
    const record = this.#at(node).sorter.next()
    if (record === null) return null
    const held = this.#away.takeBack(record.body)
    if (!held.token.held) held.token.keep()
    return held
  }

  /** All that sorts hold, whatever may still come to them. @throws CustodyError CUSTODY_SPILL. */
  *all(): Iterable<readonly [node: SortNode, held: HeldRow]> {
    for (const [number, { node }] of this.#sorts) {
      while (!this.end(number));
      for (let held = this.next(number); held !== null; held = this.next(number)) yield [node, held]
    }
  }

  /** May be asked for more than once. */
  async close(): Promise<void> {
    for (const { sorter } of this.#sorts.values()) sorter.close()
  }

  #add(holding: Holding, bodyOf: (held: HeldRow) => string): void {
    if (holding.fresh.length === 0) return
    const { keyOf, sorter, fresh } = holding
    for (const each of fresh)
      sorter.add({ key: keyOf(each.token.row) + ordinalBytes(each.ordinal), body: bodyOf(each) })
    holding.fresh = []
  }

  #at(node: number): Holding {
    const holding = this.#sorts.get(node)
    if (holding === undefined) throw new TypeError(`node ${node} is no sort`)
    return holding
  }
}
