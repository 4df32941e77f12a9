/**
 * What the splits of a run have in common where they call services: what all of them may cost, and the last minute of each service. One
 * process works on them, one after the other.
 */
import type { RunReader } from '../../ledger/write-port.ts'
import type { Elsewhere } from '../calls/elsewhere.ts'
import { RateWindow } from '../calls/rate-window.ts'
import { readHistory } from '../resume/run-fold.ts'
import { atRiskOf } from '../run/resume.ts'
import type { SplitRequest } from './split-session.ts'

/** Of a split, in nano-dollars. */
export interface Cost {
  readonly on_record: number
  /** The most that calls have cost that were under way when a process was gone. */
  readonly lost: number
}

const NOTHING: Cost = { on_record: 0, lost: 0 }

export class SplitCalls {
  readonly #of: Pick<SplitRequest, 'plan' | 'run' | 'ledger'>
  readonly #paces = new Map<string, RateWindow>()
  /** Of all splits that somebody has begun but the one that is worked on: nobody changes theirs meanwhile. */
  readonly #costs = new Map<number, Cost>()
  #sum: Cost = { on_record: 0, lost: 0 }
  /** Worked on last; null: none was. */
  #last: number | null = null

  constructor(of: Pick<SplitRequest, 'plan' | 'run' | 'ledger'>) {
    this.#of = of
  }

  /** For whoever works on this split next. @throws CustodyError as `SplitReader.see`. */
  async besides(part: number): Promise<Elsewhere> {
    if (this.#of.plan.limits.spend_usd !== null) await this.#addUp(part)
    return {
      cost_nusd: this.#sum.on_record + this.#sum.lost,
      paceOf: (service, per_minute) => this.#paceOf(service, per_minute),
    }
  }

  /** Beside the split that is worked on. */
  get lost_usd(): number {
    return this.#sum.lost / 1e9
  }

  /** Only what was worked on meanwhile costs something else than before. */
  async #addUp(part: number): Promise<void> {
    const splits = this.#of.ledger.splitsOf(this.#of.run)
    const changed = this.#last === null ? (await splits.heads()).map(each => each.part) : [this.#last]
    this.#last = part
    this.#put(part, null)
    for (const other of changed) if (other !== part) this.#put(other, await splits.see(other, costOf))
  }

  #put(part: number, cost: Cost | null): void {
    const before = this.#costs.get(part) ?? NOTHING
    const { on_record, lost } = cost ?? NOTHING
    this.#sum = {
      on_record: this.#sum.on_record + on_record - before.on_record,
      lost: this.#sum.lost + lost - before.lost,
    }
    if (cost === null) this.#costs.delete(part)
    else this.#costs.set(part, cost)
  }

  #paceOf(service: string, per_minute: number): RateWindow {
    const known = this.#paces.get(service) ?? new RateWindow(per_minute)
    this.#paces.set(service, known)
    return known
  }
}

/** To be called with `SplitReader.see`. */
export async function costOf(reader: RunReader, log: number): Promise<Cost> {
  const history = await readHistory(reader, log)
  return { on_record: history.commit?.entry.totals.calls?.cost_nusd ?? 0, lost: atRiskOf(history) }
}
