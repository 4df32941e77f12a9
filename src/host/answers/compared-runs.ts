/** Two runs compared, checked: what `diff` prints. */
import type { Environment } from '../../ledger/keys/config-folder.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { Both, RunDiff } from '../../read/diff/difference.ts'
import { type CheckObserver, checkedRun } from '../checked-run.ts'
import { type DiffRequest, diffOnAllCores } from '../diff.ts'
import { mustHaveKeyOf } from '../key-place.ts'
import { rolledBack, type Sight } from '../seen-ledger.ts'

/** `names`: as the runs were named. @throws UnsoundRecord; CustodyError as `findRun`, or as `diffRuns`. */
export async function compareRuns(
  env: Environment,
  inner: LedgerReader,
  names: Both<string>,
  request: DiffRequest,
  observer: CheckObserver,
): Promise<RunDiff> {
  const { reader, ...old } = await checkedRun(env, inner, names.old, observer)
  await mustHaveKeyOf(inner, old.log, old.run)
  const other = await checkedRun(env, inner, names.new, observer)
  await mustHaveKeyOf(inner, other.log, other.run)
  return diffOnAllCores(reader, names, request)
}

/** `diff --json`. */
export function diffJson(diff: RunDiff, sight: Sight) {
  return { ...diff, ...rolledBack(sight), holds: true as const }
}
