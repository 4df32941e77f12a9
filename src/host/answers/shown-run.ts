/** What a run came to, checked: what `show` prints. */
import type { Environment } from '../../ledger/keys/config-folder.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { type StillFailed, stillFailed } from '../../read/runs/reruns.ts'
import { openingOf } from '../../read/runs/run-log.ts'
import { type Grade, gradeOf } from '../../read/show/grade.ts'
import { showRun } from '../../read/show/show.ts'
import type { ShownRun } from '../../read/show/summary.ts'
import type { Bound } from '../../read/verify/bound.ts'
import { boundJson, type CheckObserver, checkedRun } from '../checked-run.ts'
import { isHeld } from '../ledger.ts'
import { rolledBack, type Sight } from '../seen-ledger.ts'

export interface RunFound {
  readonly shown: ShownRun
  readonly grade: Grade
  /** Of a run that isn't sealed: what the ledger's own log binds of it. */
  readonly bound: Bound | null
  /** null if nobody ran rows of it again. */
  readonly reruns: StillFailed | null
}

/** The run that `name` means. @throws UnsoundRecord; CustodyError as `findRun`. */
export async function findShownRun(
  env: Environment,
  inner: LedgerReader,
  name: string,
  observer: CheckObserver,
): Promise<RunFound> {
  const { reader, log, run } = await checkedRun(env, inner, name, observer)
  const { topology } = await openingOf(reader, log)
  const shown = await showRun(reader, run, isHeld)
  const grade = await gradeOf(reader, log, topology)
  const { bound } = await reader.check(log)
  return { shown, grade, bound, reruns: await stillFailed(reader, inner, { run, log }) }
}

/** `show --json`. */
export function shownRunJson({ shown, grade, bound, reruns }: RunFound, sight: Sight) {
  return {
    ...shown,
    ...boundJson(bound),
    ...rolledBack(sight),
    ...rerunsJson(reruns),
    repeatable: grade.repeatable,
    repeatable_reason: grade.reason,
    holds: true as const,
  }
}

function rerunsJson(found: StillFailed | null) {
  if (found === null) return {}
  const { reruns, failed, still_failed } = found
  return { reruns: { runs: reruns.map(({ run }) => run), failed_rows: failed, still_failed_rows: still_failed } }
}
