/** What splits of a run have spent by what is on record of them, and what those that one process works on may ask and spend from there. */
import type { RunReader } from '../../ledger/write-port.ts'
import type { Plan } from '../../plan/plan.ts'
import { capOf } from '../calls/budget.ts'
import { servicesOf } from '../calls/contexts.ts'
import { readHistory } from '../resume/run-fold.ts'
import { atRiskOf } from '../run/resume.ts'
import { Permits } from './permits.ts'
import type { Cost } from './run-money.ts'
import type { SplitRequest } from './split-session.ts'

type Run = Pick<SplitRequest, 'run' | 'ledger'>

/** Null: its nodes call no service. @throws CustodyError as `SplitReader.see` */
export async function permitsOf(of: Run & Pick<SplitRequest, 'plan' | 'clock' | 'shared'>): Promise<Permits | null> {
  const { plan, run, ledger, clock, shared = null } = of
  const { limits } = plan
  if (!callsServices(plan)) return null
  const assumes = (await ledger.splitsOf(run).heads()).length > 0
  const budget_nusd = budgetOf(limits)
  const costs = budget_nusd === null ? new Map() : await costsOf(of)
  return new Permits({ limits, budget_nusd, costs, assumes, clock, shared })
}

export const callsServices = ({ nodes }: Pick<Plan, 'nodes'>) => nodes.some(node => servicesOf(node).length > 0)

/** In nano-dollars; null: there is no limit. */
export const budgetOf = ({ spend_usd }: Plan['limits']) => (spend_usd === null ? null : capOf(spend_usd))

/** What others have spent who have closed a split meanwhile. @throws CustodyError as `SplitReader.see` */
export async function settleClosed({ run, ledger }: Run, part: number, permits: Permits): Promise<void> {
  permits.settle(part, await ledger.splitsOf(run).see(part, costOf))
}

/** By split that somebody has begun. @throws CustodyError as `SplitReader.see` */
export async function costsOf({ run, ledger }: Run): Promise<ReadonlyMap<number, Cost>> {
  const splits = ledger.splitsOf(run)
  const costs = new Map<number, Cost>()
  for (const { part } of await splits.heads()) costs.set(part, await splits.see(part, costOf))
  return costs
}

/** To be called with `SplitReader.see`. */
export async function costOf(reader: RunReader, log: number): Promise<Cost> {
  const history = await readHistory(reader, log)
  return { on_record: history.commit?.entry.totals.calls?.cost_nusd ?? 0, lost: atRiskOf(history) }
}
