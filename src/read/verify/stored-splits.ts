/** Verifies a run with splits as it is stored, log by log (split-run.ts). */
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { Check } from './check.ts'
import type { LogRole } from './log-role.ts'
import type { ProgressCheck } from './progress.ts'
import { ResultCheck } from './result-check.ts'
import { compareHashes } from './split-hashes.ts'
import { SplitRun, withSplits } from './split-run.ts'
import type { WalkedRun } from './walked-run.ts'

export interface SplitLog {
  readonly log: number
  readonly role: LogRole
  readonly progress: ProgressCheck
}

/** `verifyLog` looks at one of its logs; `progress` of the coordinator's is what log 0 has. */
export async function verifySplitRun(
  reader: LedgerReader,
  of: { readonly run: string; readonly log: number; readonly splits: number; readonly progress: ProgressCheck },
  verifyLog: (of: SplitLog) => Promise<WalkedRun>,
): Promise<WalkedRun> {
  const { run, log, splits, progress } = of
  const split_run = new SplitRun(run, splits)
  for await (const { seq, body } of reader.entriesOfRun(log)) split_run.ofCoordinator(seq, body)
  const walked = new Map<number, WalkedRun>()
  const result = new ResultCheck(reader, log)
  for (let part = 1; part <= splits; part++) {
    const size = await reader.size(log + part)
    const looks = split_run.ofSplit(part, size)
    const found = size === 0 ? null : await verifyLog({ log: log + part, ...looks })
    split_run.take(part, found, looks.progress)
    await result.split(part, found)
    if (found !== null) walked.set(part, found)
  }
  const coordinator = await verifyLog({ log, role: split_run.coordinator(), progress })
  compareHashes(coordinator.hashes, new Map([...walked].map(([part, { hashes }]) => [part, hashes])), split_run.check)
  const of_result = await result.finish(coordinator)
  return together(coordinator, walked, splits, [split_run.check, ...(of_result === null ? [] : [of_result])])
}

/** What was found of all of them, as of one run. What was counted is in the coordinator's. */
function together(
  coordinator: WalkedRun,
  walked: ReadonlyMap<number, WalkedRun>,
  splits: number,
  checks: readonly [Check, ...Check[]],
): WalkedRun {
  if (coordinator.sealed && walked.size < splits)
    checks[0].add('the run is sealed, and not all of its splits were begun')
  const all = [coordinator, ...walked.values()]
  const sum = (of: (each: WalkedRun) => number) => all.reduce((count, each) => count + of(each), 0)
  const of_splits = new Map([...walked].map(([part, each]) => [part, each.checks] as const))
  return {
    ...coordinator,
    all_entries: sum(each => each.entries),
    values: sum(each => each.values),
    erased: sum(each => each.erased),
    unread: sum(each => each.unread),
    checks: [...withSplits(coordinator.checks, of_splits), ...checks],
  }
}
