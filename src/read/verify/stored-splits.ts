/** Verifies a run with splits as it is stored, log by log (split-run.ts). */
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { LogRole } from './log-role.ts'
import type { ProgressCheck } from './progress.ts'
import { ResultCheck } from './result-check.ts'
import { compareHashes, type HashesOnRecord } from './split-hashes.ts'
import { ChecksOfSplits, SplitRun } from './split-run.ts'
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
  const sum = new SumOfSplits()
  const result = new ResultCheck(reader, log)
  for (let part = 1; part <= splits; part++) {
    const size = await reader.size(log + part)
    const looks = split_run.ofSplit(part, size)
    const found = size === 0 ? null : await verifyLog({ log: log + part, ...looks })
    split_run.take(part, found, looks.progress)
    await result.split(part, found)
    if (found !== null) sum.add(part, found)
  }
  const coordinator = await verifyLog({ log, role: split_run.coordinator(), progress })
  compareHashes(coordinator.hashes, sum.hashes, split_run.check)
  if (coordinator.sealed && sum.size < splits)
    split_run.check.add('the run is sealed, and not all of its splits were begun')
  const of_result = await result.finish(coordinator)
  const boundWith = (entries: number) => split_run.boundWith(entries)
  const whole = { ...sum.with(coordinator), boundWith }
  return { ...whole, checks: [...whole.checks, split_run.check, ...(of_result === null ? [] : [of_result])] }
}

/** What was found of splits so far. There may be so many of them that nothing is kept of one but what the end needs. */
class SumOfSplits {
  /** Of how many. */
  size = 0
  readonly checks = new ChecksOfSplits()
  /** By part, of those that have read something. */
  readonly hashes = new Map<number, HashesOnRecord>()
  #entries = 0
  #values = 0
  #erased = 0
  #unread = 0

  add(part: number, { entries, values, erased, unread, hashes, checks }: WalkedRun): void {
    this.size++
    this.#entries += entries
    this.#values += values
    this.#erased += erased
    this.#unread += unread
    if (hashes.read.size > 0) this.hashes.set(part, hashes)
    this.checks.add(part, checks)
  }

  /** As of one run. What was counted is in the coordinator's. */
  with(coordinator: WalkedRun): WalkedRun {
    return {
      ...coordinator,
      all_entries: coordinator.entries + this.#entries,
      values: coordinator.values + this.#values,
      erased: coordinator.erased + this.#erased,
      unread: coordinator.unread + this.#unread,
      checks: this.checks.with(coordinator.checks),
    }
  }
}
