/**
 * What sorts hold: where it is kept, and in what order it comes back.
 *
 *   hold ──► (leave, after each commit) ──► end, until it is true ──► next, next, … null
 *
 * HELD-ROWS-1. (I12) What a sort holds leaves memory once the ledger has been given all facts of it; what is kept of it here follows from
 *     the ledger, and is made again by whoever resumes the run.
 * HELD-ROWS-2. Rows come back in the order of their keys; those with equal keys in the order in which they came.
 */
import type { TokenId } from '../../../model/ids.ts'
import type { Row } from '../../../model/row.ts'
import type { Plan, SortNode } from '../../../plan/plan.ts'
import type { Spill } from '../../ports/spill.ts'
import { Away, type Held } from './away.ts'
import { keyMaker } from './key.ts'
import { Sorter } from './sorter.ts'

interface Arrived extends Held {
  /** Its place among those that came to the sort, from 0. */
  readonly ordinal: number
}

interface Holding {
  readonly node: SortNode
  readonly keyOf: (row: Row) => string
  readonly sorter: Sorter
  /** Those whose subjects have facts that no commit was given. */
  fresh: Arrived[]
  /** Those that stay in memory, by what the sorter has in their place. */
  readonly present: Map<TokenId, Held>
}

export class HeldRows {
  readonly #sorts = new Map<number, Holding>()
  readonly #away: Away
  /** Whether nothing may leave memory: whoever follows a record knows rows under way by their objects. */
  readonly #stays: boolean

  constructor(plan: Pick<Plan, 'nodes'>, spill: Spill, stays = false) {
    this.#away = new Away(plan)
    this.#stays = stays
    for (const node of plan.nodes)
      if (node.kind === 'sort') {
        const sorter = new Sorter(spill)
        this.#sorts.set(node.number, { node, keyOf: keyMaker(node.keys), sorter, fresh: [], present: new Map() })
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
  hold(token: Held['token'], started_us: number, ordinal: number): void {
    this.#at(token.node).fresh.push({ token, started_us, ordinal })
  }

  /** All facts there are were handed over: what is held leaves memory. @throws CustodyError CUSTODY_SPILL. */
  leave(): void {
    for (const holding of this.#sorts.values()) {
      if (holding.fresh.length === 0) continue
      for (const each of holding.fresh) this.#keep(holding, each, !this.#stays && this.#away.mayLeave(each.token))
      holding.fresh = []
    }
  }

  /** Nothing more comes to the sort. False: it isn't ready yet, and is to be asked again. @throws CustodyError CUSTODY_SPILL. */
  end(node: number): boolean {
    const holding = this.#at(node)
    for (const each of holding.fresh) this.#keep(holding, each, false)
    holding.fresh = []
    return holding.sorter.prepare()
  }

  /** The next that the sort passes on, once it has ended; null when none is left. @throws CustodyError CUSTODY_SPILL. */
  next(node: number): Held | null {
    const { sorter, present } = this.#at(node)
    const record = sorter.next()
    if (record === null) return null
    // A number, or what `Away` wrote.
    if (record.body.startsWith('[')) return this.#away.takeBack(record.body)
    const id = Number(record.body)
    const held = present.get(id)
    if (held === undefined) throw new TypeError(`token ${id} is nowhere`)
    present.delete(id)
    return held
  }

  /** All that sorts hold, whatever may still come to them. @throws CustodyError CUSTODY_SPILL. */
  *all(): Iterable<readonly [node: SortNode, held: Held]> {
    for (const [number, { node }] of this.#sorts) {
      while (!this.end(number));
      for (let held = this.next(number); held !== null; held = this.next(number)) yield [node, held]
    }
  }

  /** May be asked for more than once. */
  async close(): Promise<void> {
    for (const { sorter } of this.#sorts.values()) sorter.close()
  }

  #keep({ keyOf, sorter, present }: Holding, held: Arrived, leaves: boolean): void {
    const { token, ordinal } = held
    const key = keyOf(token.row) + ordinalBytes(ordinal)
    if (leaves) return sorter.add({ key, body: this.#away.putAway(held) })
    present.set(token.id, held)
    sorter.add({ key, body: String(token.id) })
  }

  #at(node: number): Holding {
    const holding = this.#sorts.get(node)
    if (holding === undefined) throw new TypeError(`node ${node} is no sort`)
    return holding
  }
}

const HALF = 0x1_0000_0000
const ordinal_bytes = Buffer.alloc(8)

/** So that equal keys stand in the order of arrival. */
function ordinalBytes(ordinal: number): string {
  ordinal_bytes.writeUInt32BE(Math.floor(ordinal / HALF), 0)
  ordinal_bytes.writeUInt32BE(ordinal % HALF, 4)
  return ordinal_bytes.toString('latin1')
}
