/** All that sorts and joins hold until their input has ended. */
import type { Plan } from '../../plan/plan.ts'
import type { Spill } from '../ports/spill.ts'
import { HeldSides } from './join/held-sides.ts'
import { HeldRows } from './sort/held-rows.ts'
import { Away } from './spill/away.ts'

export class Holdings {
  readonly sorts: HeldRows
  readonly joins: HeldSides

  /** `stays`: nothing may leave memory, since whoever follows a record knows rows under way by their objects. */
  constructor(plan: Pick<Plan, 'nodes' | 'edges'>, spill: Spill, stays = false) {
    // A subject may have tokens at several of them.
    const away = new Away(plan, stays)
    this.sorts = new HeldRows(plan, spill, away)
    this.joins = new HeldSides(plan, spill, away)
  }

  /** How many tokens they hold. */
  get size(): number {
    return this.sorts.size + this.joins.size
  }

  /** All facts there are were handed over: what is held leaves memory. @throws CustodyError CUSTODY_SPILL. */
  leave(): void {
    this.sorts.leave()
    this.joins.leave()
  }

  /** May be asked for more than once. */
  async close(): Promise<void> {
    await this.sorts.close()
    await this.joins.close()
  }
}
