/** What takes rows or answers from the record of another run, and what it has to do with splits. */
import { racesOf } from '../engine/order/races.ts'
import { reachability } from '../engine/order/reachability.ts'
import { CustodyError } from '../model/error.ts'
import { counted } from '../model/number-text.ts'
import type { Plan } from '../plan/plan.ts'
import { dealtBy } from '../read/fold/source-rows.ts'
import { openingOf } from '../read/runs/run-log.ts'

/** The plan of a re-run: few rows, from the record, which one run takes whatever the pipeline says. */
export function uncut(plan: Plan): Plan {
  return { ...plan, splits: null }
}

/**
 * Whether a replay follows the order of arrival that is on record: each split had its own, so it does where it has the same splits.
 * @throws CustodyError CUSTODY_SPLITS if it has others, and time decides somewhere.
 */
export async function followsOrder(
  reader: Parameters<typeof openingOf>[0] & Parameters<typeof dealtBy>[0],
  { run, log }: { readonly run: string; readonly log: number },
  plan: Plan,
): Promise<boolean> {
  const { splits: had } = await openingOf(reader, log)
  const by = had === undefined ? null : await dealtBy(reader, log)
  const { splits, nodes, file } = plan
  if (had === splits?.count && by === (splits?.by ?? null)) return true
  const races = racesOf(plan, reachability(plan))
  const raced = nodes.find(({ number }) => races.has(number))
  if (raced === undefined) return false
  const what = had === undefined ? 'none' : `${counted(had, 'split', 'splits')}${by === null ? '' : ` by ${by}`}`
  const message = `a replay follows what came first at \`${raced.name}\`, and needs the splits that run ${run} had for that: ${what}`
  throw new CustodyError('CUSTODY_SPLITS', message, {
    where: { file },
    hint:
      had === undefined
        ? 'Take `splits` out of the pipeline for this, or ask the services again with --live.'
        : `Replay it with \`splits: { count: ${had}${by === null ? '' : `, by: ${by}`} }\`, or ask the services again with --live.`,
  })
}
