/** What a run came to, checked: what `show` prints. */
import type { Environment } from '../../ledger/keys/config-folder.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { type StillFailed, stillFailed } from '../../read/runs/reruns.ts'
import { closingOf, openingOf } from '../../read/runs/run-log.ts'
import { type Grade, gradeOf } from '../../read/show/grade.ts'
import { showRun } from '../../read/show/show.ts'
import { allClosed, type ShownSplit, type SplitSummary, SplitsTogether, splitsOf } from '../../read/show/splits.ts'
import type { ShownRun } from '../../read/show/summary.ts'
import type { Bound } from '../../read/verify/bound.ts'
import { boundJson, type CheckObserver, checkedRun } from '../checked-run.ts'
import { livingHolders } from '../ledger.ts'
import { rolledBack, type Sight } from '../seen-ledger.ts'

/** To check the signatures of a split takes some 2 ms. */
const MOST_LOOKED_AT = 250

export interface RunFound {
  readonly shown: ShownRun
  readonly grade: Grade
  /** Of a run that isn't sealed: what the ledger's own log binds of it. */
  readonly bound: Bound | null
  /** null if nobody ran rows of it again. */
  readonly reruns: StillFailed | null
  /** null if it has none. */
  readonly split_summary: SplitSummary | null
  /** If they were wanted. */
  readonly splits: readonly ShownSplit[] | null
}

/** The run that `name` means. `splits`: whether all of them are wanted. @throws UnsoundRecord; CustodyError as `findRun`. */
export async function findShownRun(
  env: Environment,
  inner: LedgerReader,
  name: string,
  observer: CheckObserver,
  { splits = false }: { readonly splits?: boolean } = {},
): Promise<RunFound> {
  const { reader, log, run } = await checkedRun(env, inner, name, observer)
  const { topology, splits: count = 0 } = await openingOf(reader, log)
  const shown = await showRun(reader, run, await livingHolders(reader))
  const grade = await gradeOf(reader, log, topology)
  const bound = await (await reader.check(log)).boundInAll()
  const reruns = await stillFailed(reader, inner, { run, log })
  return { shown, grade, bound, reruns, ...(await splitsFound(reader, log, count, splits)) }
}

/** Each is looked at once; of a sealed run with very many, which are all closed, only if they are wanted. */
async function splitsFound(reader: LedgerReader, log: number, count: number, wanted: boolean) {
  if (count === 0) return { split_summary: null, splits: null }
  if (!wanted && count > MOST_LOOKED_AT && (await closingOf(reader, log)).last?.k === 'seal')
    return { split_summary: allClosed(count), splits: null }
  const summary = new SplitsTogether()
  const splits: ShownSplit[] = []
  for await (const each of splitsOf(reader, log, { from: 1, to: count })) {
    summary.add(each)
    if (wanted) splits.push(each)
  }
  return { split_summary: summary.summary(), splits: wanted ? splits : null }
}

/** `show --json`. */
export function shownRunJson({ shown, grade, bound, reruns, split_summary, splits }: RunFound, sight: Sight) {
  return {
    ...shown,
    ...boundJson(bound),
    ...rolledBack(sight),
    ...rerunsJson(reruns),
    ...(split_summary === null ? {} : { split_summary }),
    ...(splits === null ? {} : { splits }),
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
