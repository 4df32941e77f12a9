/** The plan of a run as the ledger has it, whatever has become of its file since; changed, if that is wanted. */
import type { Environment } from '../ledger/keys/config-folder.ts'
import { openLedgerReader } from '../ledger/open.ts'
import { CustodyError } from '../model/error.ts'
import type { Plan } from '../plan/plan.ts'
import { findRun } from '../read/runs/list.ts'
import { planOf } from '../read/runs/opening-values.ts'
import { checkedRun, UNOBSERVED } from './checked-run.ts'
import { type CheckedPipeline, compileRecorded } from './compile.ts'
import { mustHaveKeyOf } from './key-place.ts'
import { pipelineOnRecord } from './pipeline-on-record.ts'

/**
 * `sets` come after those that the run was given. `name`: an id, a unique beginning of one, or `latest`, which is the latest that is no
 * replay.
 * @throws CustodyError CUSTODY_RUN_UNKNOWN, CUSTODY_RUN_AMBIGUOUS, CUSTODY_VERIFY_FAILED; UnsoundRecord; DiagnosticsError
 */
export async function planOnRecord(
  env: Environment,
  url: string,
  name: string,
  sets: readonly string[],
  onWarnings: (checked: CheckedPipeline) => void,
): Promise<{ readonly run: string; readonly plan: Plan }> {
  const reader = await openLedgerReader(url)
  try {
    const { run } = await findRun(reader, name, { replays: false })
    // A plan names plugins, and they are code that runs when it is compiled: only what was signed may do that.
    const { reader: checked, log } = await checkedRun(env, reader, run, UNOBSERVED)
    await mustHaveKeyOf(reader, log, run)
    const recorded = await planOf(checked, log)
    const { file, sets: before } = pipelineOnRecord(recorded)
    const { text } = recorded
    if (text === null)
      throw new CustodyError('CUSTODY_VERIFY_FAILED', 'the ledger no longer has the text of the pipeline file', {
        hint: 'Name the pipeline file: `custody replay FILE --from RUN`.',
      })
    return { run, plan: await compileRecorded(env, { text, file, sets: [...before, ...sets] }, onWarnings) }
  } finally {
    await reader.close()
  }
}
