/** What can't be done again where there are splits: rows and answers are looked for in one log. */
import { CustodyError } from '../model/error.ts'
import type { Plan } from '../plan/plan.ts'
import { openingOf } from '../read/runs/run-log.ts'

/** `what`: as in "be replayed". @throws CustodyError CUSTODY_SPLITS if the run has splits. */
export async function refuseSplitRun(
  reader: Parameters<typeof openingOf>[0],
  { run, log }: { readonly run: string; readonly log: number },
  what: string,
): Promise<void> {
  const { splits } = await openingOf(reader, log)
  if (splits === undefined) return
  throw new CustodyError('CUSTODY_SPLITS', `run ${run} has splits, and such a run can’t ${what} yet`, {
    hint: 'Run the pipeline once more, on the rows that it is about.',
  })
}

/** `what`: as in "a replay". @throws CustodyError CUSTODY_SPLITS if the plan asks for splits. */
export function refuseSplitPlan({ splits, file }: Plan, what: string): void {
  if (splits === null) return
  throw new CustodyError(
    'CUSTODY_SPLITS',
    `${what} takes rows from another run’s record, which can’t be cut into splits`,
    {
      where: { file },
      hint: 'Take `splits` and each `scope: split` out of the pipeline for this.',
    },
  )
}
