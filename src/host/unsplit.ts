/** What takes rows or answers from the record of another run isn't cut: one run has all of them. */
import { CustodyError } from '../model/error.ts'
import type { Plan } from '../plan/plan.ts'
import { openingOf } from '../read/runs/run-log.ts'

/** The plan of a re-run: few rows, from the record, which one run takes whatever the pipeline says. */
export function uncut(plan: Plan): Plan {
  return { ...plan, splits: null }
}

/** What a replay would follow isn't one order of arrival, and batches were those of splits. @throws CustodyError CUSTODY_SPLITS. */
export async function refuseReplay(
  reader: Parameters<typeof openingOf>[0],
  { run, log }: { readonly run: string; readonly log: number },
  { splits, file }: Plan,
): Promise<void> {
  const { splits: had } = await openingOf(reader, log)
  if (had !== undefined)
    throw new CustodyError('CUSTODY_SPLITS', `run ${run} has splits, and such a run can’t be replayed yet`, {
      hint: 'Run the pipeline once more: it calls no service, and gives the same again.',
    })
  if (splits !== null)
    throw new CustodyError('CUSTODY_SPLITS', 'a replay follows one run, and can’t be cut into splits', {
      where: { file },
      hint: 'Take `splits` and each `scope: split` out of the pipeline for this.',
    })
}
