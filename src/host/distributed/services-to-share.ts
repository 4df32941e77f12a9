/** What a coordinator knows of the services and the budget of its run, for those who share them (shares.ts). */
import { servicesOf } from '../../engine/calls/contexts.ts'
import { serviceLimits } from '../../engine/calls/service-limits.ts'
import type { SpentBudget } from '../../engine/ports/workers.ts'
import type { Cost } from '../../engine/split/run-money.ts'
import { budgetOf, costOf, costsOf } from '../../engine/split/split-calls.ts'
import type { SplitRequest } from '../../engine/split/split-session.ts'
import type { SharedRecord } from '../../ledger/postgres/shared-record.ts'
import type { Plan } from '../../plan/plan.ts'
import { changeShares, recordIn } from './run-record.ts'
import { offered, type Shares, type Spent, settledBy, unsettled } from './shares.ts'

type Run = Pick<SplitRequest, 'plan' | 'run' | 'ledger'>

/** Null: its nodes call none. */
function limitsToShare({ limits, nodes }: Pick<Plan, 'limits' | 'nodes'>): Pick<Shares, 'budget' | 'limits'> | null {
  const names = new Set(nodes.flatMap(node => servicesOf(node)))
  if (names.size === 0) return null
  const each = Array.from(names, name => {
    const { concurrency, per_minute } = serviceLimits(limits, name)
    return [name, { concurrency, per_minute }] as const
  })
  return { budget: budgetOf(limits), limits: Object.fromEntries(each) }
}

/**
 * Makes what its workers share when it is offered. `open`: numbers of the splits that aren't closed. @throws CustodyError as `SplitReader.see`
 */
export async function servicesToShare(
  of: Run,
  open: readonly number[],
): Promise<(before: Shares | null, now_us: number) => Shares | null> {
  const limits = limitsToShare(of.plan)
  if (limits === null) return () => null
  const begun = await of.ledger.splitsOf(of.run).heads()
  const costs =
    limits.budget === null ? [] : Array.from(await costsOf(of), ([part, each]) => [part, sumOf(each)] as const)
  const of_open = costs.filter(([part]) => open.includes(part))
  const all = costs.reduce((sum, [, each]) => sum + each, 0)
  const spent: Spent = { closed: all - of_open.reduce((sum, [, each]) => sum + each, 0), open: new Map(of_open) }
  return (before, now_us) => offered(before, limits, spent, begun.length > 0, now_us)
}

const sumOf = ({ on_record, lost }: Cost) => on_record + lost

/** Of splits whose workers are gone, the logs say what they have spent, as far as anybody knows. @throws CustodyError as `SplitReader.see` */
export async function settle({ plan, run, ledger }: Run, share: SharedRecord): Promise<void> {
  if (plan.limits.spend_usd === null) return
  const shares = await sharesIn(share)
  if (shares === null) return
  for (const part of unsettled(shares)) {
    const before = shares.settled[part]
    if (before === undefined) continue
    const spent = sumOf(await ledger.splitsOf(run).see(part, costOf))
    await changeShares(share, now => ({ shares: settledBy(now, part, before, spent), answer: null }))
  }
}

/** There is no money left for the next call of some split. @throws CustodyError as `SplitReader.see` */
export async function spentBudget(of: Run, share: SharedRecord): Promise<SpentBudget> {
  const unpaid = (await sharesIn(share))?.unpaid ?? 0
  const lost = [...(await costsOf(of)).values()].reduce((sum, each) => sum + each.lost, 0)
  return { next_call_usd: unpaid === 0 ? null : unpaid / 1e9, lost_usd: lost / 1e9 }
}

async function sharesIn(share: SharedRecord): Promise<Shares | null> {
  const text = await share.read()
  return text === null ? null : recordIn(text).shares
}
