/** Compares two runs, and shows which rows differ and where they parted. */
import { compareRuns, diffJson } from '../host/answers/compared-runs.ts'
import { unsoundness } from '../host/checked-run.ts'
import type { DiffRequest } from '../host/diff.ts'
import { type GivenLedger, ledgerUrl } from '../host/ledger.ts'
import type { Sight } from '../host/seen-ledger.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import type { RunDiff } from '../read/diff/difference.ts'
import { checkLine, runNamed, unsoundText } from './checked.ts'
import type { Context } from './context.ts'
import { ledgerArgument, reading } from './ledger-access.ts'
import { differs, renderDiff } from './render/diff.ts'
import { count } from './render/text.ts'

export interface DiffOptions extends GivenLedger {
  /** Differences that are listed one by one; null: none. */
  readonly list: number | null
  /** Fields by whose values rows are matched; null: they are by number. */
  readonly key: readonly string[] | null
  readonly json?: boolean
}

interface Compared {
  readonly old: string
  readonly new: string
}

/** Returns the exit code. */
export async function printDiff(context: Context, runs: Compared, options: DiffOptions): Promise<0 | 1> {
  const { terminal } = context
  try {
    const { diff, sight } = await reading(context, options, async (inner, read) => ({
      diff: await compare(context, inner, runs, options),
      sight: read.sight,
    }))
    print(context, diff, options, sight)
    return differs(diff) ? 1 : 0
  } catch (error) {
    const problems = unsoundness(error)
    if (problems === null) throw error
    const what = `R${runNamed(runs.old).slice(1)} or ${runNamed(runs.new)}`
    if (options.json === true) terminal.answerJson({ ...runs, holds: false, problems })
    else terminal.answer(unsoundText(context, what, null, problems))
    return 1
  }
}

async function compare(context: Context, inner: LedgerReader, runs: Compared, options: DiffOptions): Promise<RunDiff> {
  const { terminal } = context
  const request: DiffRequest = {
    // What to try next needs one of them.
    list: options.list ?? 1,
    key: options.key,
    onKeys: ({ rows, of }) => terminal.live(`  matching  ${count(rows)} of ${count(of)} rows`),
    onProgress: ({ rows, of }) => terminal.live(`  comparing  ${count(rows)} of ${count(of)} rows`),
  }
  const found = await compareRuns(context.env, inner, runs, request, checkLine(terminal))
  terminal.clearLive()
  return found
}

function print(context: Context, diff: RunDiff, options: DiffOptions, sight: Sight): void {
  const { terminal } = context
  if (options.json === true) return terminal.answerJson(diffJson(diff, sight))
  const ledger = ledgerArgument(context, ledgerUrl(context, options))
  const explain = (run: string, what: string) => `${context.command} explain ${run} ${what}${ledger}`
  const byKey = (old: string, now: string) => `${context.command} diff ${old} ${now} --key FIELD${ledger}`
  const { columns, paint } = terminal
  terminal.answer(renderDiff(diff, { columns, paint, list: options.list ?? 0, explain, byKey }))
}
