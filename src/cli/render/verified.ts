/** The result of `custody verify` for people: a line for each thing that was checked, and what is wrong. */
import type { Sight } from '../../host/seen-ledger.ts'
import { formatTime } from '../../model/time.ts'
import type { VerifiedRun, VerifyResult } from '../../read/verify/verify.ts'
import type { Paint } from '../terminal.ts'
import { boundText } from './bound.ts'
import { olderText, restsOnText } from './sight.ts'
import { count, counted, printable, shorten } from './text.ts'

/** `sight`: null where the ledger doesn't hold. */
export function renderVerified(result: VerifyResult, sight: Sight | null, columns: number, paint: Paint): string {
  const shared = new Set(result.ledger.checks.map(check => check.name))
  const lines: string[] = []
  for (const run of listedRuns(result)) {
    const own = run.checks.filter(check => !shared.has(check.name))
    lines.push(
      `run ${printable(run.run)}${isOpen(run) ? ' (not sealed)' : ''}`,
      ...checkLines(own, run, columns, paint),
    )
  }
  lines.push(...leftOut(result))
  lines.push('ledger', ...checkLines(result.ledger.checks, null, columns, paint))
  lines.push(...sightLines(result, sight, paint))
  if (result.witnessed !== undefined) lines.push(`  ${paint('green', '✓')} ${witnessedText(result.witnessed)}`)
  if (result.timestamped !== undefined) {
    const { size, time, by } = result.timestamped
    const when = `dated up to ${counted(size, 'entry', 'entries')}: ${printable(time)}, signed by ${printable(by)}`
    lines.push(`  ${paint('green', '✓')} its own log ${when}; whether to believe that certificate is yours to judge`)
  }
  lines.push(verdict(result, paint))
  return lines.join('\n')
}

function witnessedText({ size, by }: NonNullable<VerifyResult['witnessed']>): string {
  const who = by
    .map(({ witness, at }) => `${printable(witness)}${at === 0 ? '' : ` (${formatTime(at * 1_000_000)})`}`)
    .join(', ')
  return `its own log witnessed up to ${counted(size, 'entry', 'entries')}, by ${who}`
}

function sightLines(result: VerifyResult, sight: Sight | null, paint: Paint): string[] {
  const { rests_on = [] } = result
  const resting = rests_on.length === 0 ? [] : [`  ${paint('yellow', '!')} it ${restsOnText(rests_on)}`]
  return [...resting, ...comparedLines(result, sight, paint)]
}

function comparedLines({ compared_with, rolled_back }: VerifyResult, sight: Sight | null, paint: Paint): string[] {
  if (sight?.kind === 'older') return [`  ${paint('yellow', '!')} older than when you last saw it: ${olderText(sight)}`]
  if (sight === null || rolled_back !== undefined || compared_with?.from === 'checkpoint') return []
  if (compared_with !== undefined)
    return [
      `  ${paint('green', '✓')} it continues what you saw of it last: ${counted(compared_with.size, 'entry', 'entries')} of its own log`,
    ]
  return [
    `  ${paint('yellow', '–')} you see it for the first time: without a checkpoint (--since) nothing says whether there is a newer one`,
  ]
}

/** Up to this number all runs are listed; of more, only those that don't hold, and at most this number. */
const MOST_RUNS = 100

function listedRuns(result: VerifyResult): readonly VerifiedRun[] {
  return result.runs.length <= MOST_RUNS ? result.runs : unsound(result).slice(0, MOST_RUNS)
}

/** Runs in which something is wrong, whatever else is wrong with the ledger. */
function unsound({ runs, ledger }: VerifyResult): readonly VerifiedRun[] {
  const shared = new Set(ledger.checks.map(check => check.name))
  return runs.filter(({ checks }) => checks.some(check => !check.ok && !shared.has(check.name)))
}

/** How many runs aren't listed. */
function leftOut(result: VerifyResult): string[] {
  const { runs, left_out = { runs: 0, not_ok: 0 } } = result
  const listed = listedRuns(result)
  const all = runs.length + left_out.runs - listed.length
  if (all === 0) return []
  const failed = unsound(result).length + left_out.not_ok - unsound({ ...result, runs: listed }).length
  const holding = all - failed
  const lines = holding === 0 ? [] : [`${counted(holding, 'run')} more, of which all entries and values hold`]
  return failed === 0 ? lines : [...lines, `${counted(failed, 'run')} more ${failed === 1 ? 'doesn’t' : 'don’t'} hold`]
}

/** A log that can't be read to its end may have a seal there. */
function isOpen({ sealed, checks }: VerifiedRun): boolean {
  return !sealed && !checks.some(({ name, unfinished }) => name === 'seal' && unfinished === true)
}

type Checks = VerifiedRun['checks']

/** Checks of all files that there are, where none is left out. */
const IS_OF_FILES = /^(inputs|files)$/

function checkLines(checks: Checks, run: VerifiedRun | null, columns: number, paint: Paint): string[] {
  const lines: string[] = []
  for (const { name, ok, problems, unfinished, compared, not_checked = [] } of checks) {
    // What wasn't looked at isn't ticked.
    if (ok && (compared !== 0 || not_checked.length === 0))
      lines.push(
        `  ${paint('green', '✓')} ${whatHolds(name, run, IS_OF_FILES.test(name) && not_checked.length === 0 ? null : compared)}`,
      )
    else
      lines.push(
        ...problems.map(problem => `  ${paint('red', '✗')} ${shorten(printable(`${name}: ${problem}`), columns * 3)}`),
      )
    if (unfinished === true && problems.length === 0)
      lines.push(`  ${paint('yellow', '–')} ${name}: not checked to the end`)
    for (const each of not_checked)
      lines.push(`  ${paint('yellow', '–')} ${shorten(printable(`${name}: ${each}`), columns * 3)}`)
  }
  return lines
}

/** What a check that found nothing has looked at. */
function whatHolds(name: string, run: VerifiedRun | null, compared: number | null = null): string {
  const entries = counted(run?.entries ?? 0, 'entry', 'entries')
  switch (name) {
    case 'entries':
      return `${entries}, each its own canonical text, in one unbroken chain a row`
    case 'checkpoint':
      return 'the tree of all entries gives the root of the signed checkpoint'
    case 'values':
      return `${counted(run?.values ?? 0, 'value')} against their commitments${erasedText(run?.erased ?? 0)}`
    case 'tokens':
      return `${counted(run?.tokens ?? 0, 'token')}, ${run?.sealed === true ? 'one ending each' : 'at most one ending each'}`
    case 'groups':
      return 'groups and batches account for every member'
    case 'totals':
      return 'totals and receipts add up'
    case 'projections':
      return 'the tables say what the entries say'
    case 'seal':
      return run?.sealed === true ? 'the seal covers the last entry of each row' : 'no seal, and nothing that needs one'
    case 'splits':
      return 'its splits read what its input was cut to, without gaps, and are as their coordinator says'
    case 'result':
      return 'the result digest is that of its rows, batches and files'
    case 'log 0':
      return `the ledger's own log knows the run, and agrees${run?.bound === undefined ? '' : `: ${boundText(run.bound, run.entries)}`}`
    case 'files':
      return compared === null
        ? 'the output files are as they were written'
        : `${counted(compared, 'output file')} of its, as written`
    case 'inputs':
      return compared === null
        ? 'the input files are as they were read'
        : `${counted(compared, 'input file')} of its, as read`
    case 'decisions':
      return `${counted(compared ?? 0, 'decision')} evaluated again, each with the same result`
    case 'schema':
      return 'tables, views, indexes and triggers are as they were made'
    case 'database':
      return 'the database file is whole'
    case 'since':
      return 'it continues the checkpoint that was given'
    case 'ledger':
      return "the ledger's own log and its signed checkpoint hold"
    default:
      return name
  }
}

const erasedText = (erased: number) =>
  erased === 0 ? '' : `; ${count(erased)} more ${erased === 1 ? 'is' : 'are'} erased, as the ledger's own log says`

function verdict({ ok, runs, ledger }: VerifyResult, paint: Paint): string {
  if (ok) return paint(['bold', 'green'], 'holds.')
  const problems = new Set<string>()
  for (const { run, checks } of [...runs, { run: '', checks: ledger.checks }])
    for (const check of checks)
      for (const problem of check.problems)
        problems.add(ledger.checks.some(each => each.name === check.name) ? problem : `${run} ${check.name} ${problem}`)
  return paint(['bold', 'red'], `doesn't hold: ${counted(problems.size, 'problem')}.`)
}
