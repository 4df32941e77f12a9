/** Verifies one run's log as it is stored: reads it once, in order, and recomputes all that its entries say (run-fold.ts). */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import { Check, noting } from './check.ts'
import type { HeadKeys } from './keys.ts'
import { checkHead, checkPayloads, LogWalk } from './log.ts'
import { lookedEntries } from './page.ts'
import { RunProjections } from './projections.ts'
import { RepeatedRun } from './repeated.ts'
import { RunFold } from './run-fold.ts'
import { hashesOnRecord } from './split-hashes.ts'
import { storedValues } from './values-check.ts'
import type { RunLog, RunLooks, WalkedRun } from './walked-run.ts'

export function verifyRun(reader: LedgerReader, of: RunLog, keys: HeadKeys, looks: RunLooks): Promise<WalkedRun> {
  const projections = new RunProjections(reader, of.log, new Check('projections'))
  const fold = new RunFold({
    ...{
      run: of.run,
      role: of.role,
      kept_whole: of.kept_whole,
      newShelf: of.newShelf,
      decisions: looks.decisions,
      projections,
    },
    progress: of.progress,
    values: storedValues(of.isErased),
    findRepeated: (reruns, check) => RepeatedRun.find(reader, reruns, check),
  })
  return walked(reader, of, keys, looks, { fold, projections }).finally(() => fold.close())
}

async function walked(
  reader: LedgerReader,
  { log, run, origin, has_erased, progress }: RunLog,
  keys: HeadKeys,
  { pages, onProgress, decisions }: RunLooks,
  { fold, projections }: { readonly fold: RunFold; readonly projections: RunProjections },
): Promise<WalkedRun> {
  const walk = new LogWalk(fold.checks, progress)
  let complete = false
  try {
    const whole_rows = decisions === null && !has_erased
    const request = { log, end: await reader.size(log), all_payloads: decisions !== null, whole_rows }
    for await (const page of pages(request)) {
      await fold.takePage(page, walk, (first, count) =>
        lookedEntries(reader, { log, all_payloads: false }, first, first + count),
      )
      onProgress(walk.tree.size)
    }
    await checkPayloads(reader, log, walk, fold.checks.values)
    complete = true
  } catch (error) {
    // What was found up to there counts.
    if (!isCustodyError(error)) throw error
    fold.stop(error.message)
  }
  const checkpoint = new Check('checkpoint')
  if (complete) {
    await fold.finish(walk.gaps ? null : walk.tiles())
    await noting(checkpoint, () => checkHead(reader, { log, origin }, walk.head(), () => keys, checkpoint))
  } else checkpoint.leave()
  const { entries, values, tokens, groups, totals, seal } = fold.checks
  return {
    run,
    log,
    ...fold.found(walk),
    tokens: fold.recount.born,
    values: fold.values_checked,
    erased: fold.values_erased,
    unread: fold.values_unread,
    complete,
    hashes: hashesOnRecord(fold.facts),
    checks: [
      ...[entries, checkpoint, values, tokens, groups, totals, projections.check, seal],
      ...(decisions === null ? [] : [decisions.check]),
    ],
    registered: new Check('log 0'),
  }
}
