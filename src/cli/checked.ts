/** Commands that show what a ledger says: of a record that isn't what was signed they say so, and nothing else. */
import type { LedgerReader } from '../ledger/read-port.ts'
import { isCustodyError } from '../model/error.ts'
import { CheckedReader } from '../read/evidence/checked-reader.ts'
import { UnsoundRecord } from '../read/evidence/unsound.ts'
import { findRun } from '../read/runs/list.ts'
import { openingOf } from '../read/runs/run-log.ts'
import type { Context } from './context.ts'
import { rememberedOf } from './ledger-access.ts'
import { count, counted, printable, shorten, shortRun } from './render/text.ts'
import { treeCache } from './tree-cache.ts'

export interface CheckedRun {
  /** Gives nothing but what was signed. */
  readonly reader: CheckedReader
  readonly log: number
  readonly run: string
}

/** The run that `name` means, if it is the one that its own entries say it is; and a reader that checks. @throws UnsoundRecord */
export async function checkedRun(context: Context, inner: LedgerReader, name: string): Promise<CheckedRun> {
  const { terminal, env } = context
  const reader = new CheckedReader(inner, {
    remembered: await rememberedOf(inner, env),
    cache: treeCache(env),
    onProgress: entries => terminal.live(`  checking  ${count(entries)} entries`),
  })
  const { log, run } = await findRun(reader, name)
  await reader.check(log)
  terminal.clearLive()
  const opening = await openingOf(reader, log)
  if (opening.run !== run)
    throw new UnsoundRecord([`log ${log} is listed as that of run ${run}, and is that of ${opening.run}`])
  return { reader, log, run }
}

/** Why a record can't be shown, as sentences; null if it was something else that went wrong. */
export function unsoundness(error: unknown): readonly string[] | null {
  if (error instanceof UnsoundRecord) return error.problems
  return isCustodyError(error) && error.code === 'CUSTODY_VERIFY_FAILED' ? [error.message] : null
}

/** In the place of an answer, or of what is left of one. `what` begins the sentence: `Row 17 of run 0193f0…`. `told`: rows that were told, and hold. */
export function unsoundText(
  context: Context,
  what: string,
  name: string | null,
  problems: readonly string[],
  told = 0,
): string {
  const { columns, paint } = context.terminal
  const lines = problems.map(each => `  ${paint('red', '✗')} ${shorten(printable(each), columns * 3)}`)
  const counts = `${counted(problems.length, 'problem')}; all that is wrong is named by: ${context.command} verify${name === null ? '' : ` ${printable(name)}`}`
  const bad = paint(['bold', 'red'], 'the record doesn’t hold')
  const all = told === 1 ? 'the row above holds' : `the ${count(told)} rows above hold`
  return [
    told === 0
      ? `${what}: ${bad}, so that it isn’t shown`
      : `${what}: ${all}, and from there on ${bad}, so that no more of it is looked at or shown`,
    ...lines,
    counts,
  ].join('\n')
}

/** `run 0193f0…`, as it was named. */
export function runNamed(name: string): string {
  return `run ${printable(name.startsWith('latest') ? name : shortRun(name))}`
}
