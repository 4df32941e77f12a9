/** Continues a run with splits: whoever coordinates it takes it over, and each split that isn't closed is taken up where it was left. */
import { codeChanges } from '../../format/plugin-code.ts'
import type { RunReader } from '../../ledger/write-port.ts'
import { CustodyError } from '../../model/error.ts'
import { Created } from '../nodes/created.ts'
import { addFilesRead, FilesInUse } from '../nodes/sink/files-in-use.ts'
import { restoreSinks, type SinkSet } from '../nodes/sink/sink-set.ts'
import { createSources, originalNames, prepareSource } from '../nodes/source/open-sources.ts'
import { namedIn } from '../record/run-values.ts'
import { readOpening } from '../resume/run-fold.ts'
import { awaitAwakening } from '../run/awakening.ts'
import { codeIn } from '../run/plugin-code.ts'
import { teller } from '../run/progress.ts'
import { type Restored, type ResumeRequest, receiptsOf, refuseOtherPlan, refuseOthers } from '../run/resume.ts'
import type { RunResult } from '../run/session.ts'
import { type Coordination, readCoordination } from './coordination.ts'
import { coordinate } from './coordinator.ts'
import { dealtNames } from './cuts.ts'
import { totalsSoFar } from './ended.ts'
import { type SplitRunRequest, splitsRequest } from './start.ts'

export interface ResumeSplitsRequest extends Omit<SplitRunRequest, 'limit' | 'custody' | 'dry_run'> {
  /** The ledger's read side. */
  readonly reader: ResumeRequest['reader']
  /** Resumes nothing: what is open ends as FAILED / abandoned, and the run is sealed. */
  readonly abandon: boolean
  /** Called once, before the first row. */
  readonly onRestored?: ((restored: Restored) => void) | undefined
}

/** @throws CustodyError as `resumeRun`. */
export async function resumeSplits(request: ResumeSplitsRequest): Promise<RunResult> {
  const { plan, run, reader, clock, abandon } = request
  const log = await reader.logOf(run)
  if (log === null) throw new CustodyError('CUSTODY_RUN_UNKNOWN', `the ledger has no run ${run}`)
  await refuseOthers(request, await readOpening(reader, log))
  await awaitAwakening(await reader.lease(log), request.ledger, clock, teller('A notice', request.onNotice))
  const created = new Created()
  const { ledger, epoch, seen } = await request.ledger.takeOver(run, async (signed: RunReader) => {
    refuseOtherPlan(plan, await readOpening(signed, log))
    return readCoordination(signed, log)
  })
  try {
    request.atPoint?.('after_take_over')
    const { opened, history, leaf, splits, cuts, said, published } = seen
    const sources = await createSources(plan, null, created, opened.files)
    const over = await isOver(request, splits)
    const dealt = plan.splits?.by !== undefined && cuts !== null
    if (!abandon && !dealt && (cuts === null || !over)) for (const each of sources) await prepareSource(each)
    const namesOf = () => ({ ...dealtNames(cuts ?? []), ...originalNames(sources) })
    const in_use = addFilesRead(plan, request.in_use ?? new FilesInUse())
    const places = { run, folder: plan.folder, placed: null, in_use, originalNames: namesOf }
    const sinks = await restoreSinks(plan, places, opened.intents, receiptsOf(plan, history.commit))
    created.add(sinks)
    const code_changes = codeChanges(history.plugins, codeIn(plan, request.codeOf))
    await tellRestored(request, { all_read: over, sinks, code_changes })
    return await coordinate({
      request: splitsRequest(request, opened.files, abandon),
      ...{
        splits,
        limit: opened.plan.limit ?? Number.POSITIVE_INFINITY,
        log: ledger,
        epoch,
        sinks,
        sources,
        code_changes,
        abandon,
      },
      opening: { leaf, t: opened.opening.t },
      from: {
        ...{
          values: valuesOf(seen),
          commits: history.commit?.entry.commit ?? 0,
          cuts,
          said,
          published,
        },
        resumed: { last_us: history.last_us, stood: history.stood },
      },
    })
  } catch (thrown) {
    await Promise.allSettled([created.close(), ledger.release()])
    throw thrown
  }
}

/** For people: what the splits have come to so far. */
async function tellRestored(
  { plan, run, ledger, onRestored }: ResumeSplitsRequest,
  { all_read, sinks, code_changes }: Pick<Restored, 'all_read' | 'code_changes'> & { readonly sinks: SinkSet },
): Promise<void> {
  const { rows, tokens } = await totalsSoFar(plan, ledger.splitsOf(run))
  const written = sinks.all.filter(({ receipt }) => receipt !== null).length
  const restored = { rows_read: rows.read, all_read, open: tokens.open, sinks: written, cut: [], code_changes }
  teller('What was restored', onRestored)(restored)
}

/** Whether nothing more is to be read. */
async function isOver({ run, ledger }: ResumeSplitsRequest, splits: number): Promise<boolean> {
  return (await ledger.splitsOf(run).closed()).length === splits
}

function valuesOf({ history: { commit, values } }: Coordination) {
  return { count: values, named: commit === null ? new Map() : namedIn(commit.entry, commit.values) }
}
