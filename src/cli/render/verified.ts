/** The result of `custody verify` for people: a line for each thing that was checked, and what is wrong. */
import type { VerifiedRun, VerifyResult } from '../../read/verify/verify.ts'
import type { Paint } from '../terminal.ts'
import { counted, printable, shorten } from './text.ts'

export function renderVerified(result: VerifyResult, columns: number, paint: Paint): string {
  const shared = new Set(result.ledger.checks.map(check => check.name))
  const lines: string[] = []
  for (const run of result.runs) {
    const own = run.checks.filter(check => !shared.has(check.name))
    lines.push(`run ${run.run}${isOpen(run) ? ' (not sealed)' : ''}`, ...checkLines(own, run, columns, paint))
  }
  lines.push('ledger', ...checkLines(result.ledger.checks, null, columns, paint))
  if (result.rolled_back !== undefined) {
    const { seen, now } = result.rolled_back
    const older = `older than when you last wrote to it: its own log has ${counted(now, 'entry', 'entries')}, and had ${seen}`
    lines.push(`  ${paint('yellow', '!')} ${older}`)
  }
  lines.push(verdict(result, paint))
  return lines.join('\n')
}

/** A log that can't be read to its end may have a seal there. */
function isOpen({ sealed, checks }: VerifiedRun): boolean {
  return !sealed && !checks.some(({ name, unfinished }) => name === 'seal' && unfinished === true)
}

type Checks = VerifiedRun['checks']

function checkLines(checks: Checks, run: VerifiedRun | null, columns: number, paint: Paint): string[] {
  const lines: string[] = []
  for (const { name, ok, problems, unfinished } of checks) {
    if (ok) lines.push(`  ${paint('green', '✓')} ${whatHolds(name, run)}`)
    else
      lines.push(
        ...problems.map(problem => `  ${paint('red', '✗')} ${shorten(printable(`${name}: ${problem}`), columns * 3)}`),
      )
    if (unfinished === true && problems.length === 0)
      lines.push(`  ${paint('yellow', '–')} ${name}: not checked to the end`)
  }
  return lines
}

/** What a check that found nothing has looked at. */
function whatHolds(name: string, run: VerifiedRun | null): string {
  const entries = counted(run?.entries ?? 0, 'entry', 'entries')
  switch (name) {
    case 'entries':
      return `${entries}, each its own canonical text, in one unbroken chain a row`
    case 'checkpoint':
      return 'the tree of all entries gives the root of the signed checkpoint'
    case 'values':
      return `${counted(run?.values ?? 0, 'value')} against their commitments`
    case 'row instances':
      return `${counted(run?.tokens ?? 0, 'row instance')}, ${run?.sealed === true ? 'one ending each' : 'at most one ending each'}`
    case 'groups':
      return 'groups and batches account for every member'
    case 'totals':
      return 'totals and receipts add up'
    case 'projections':
      return 'the tables say what the entries say'
    case 'seal':
      return run?.sealed === true ? 'the seal covers the last entry of each row' : 'no seal, and nothing that needs one'
    case 'log 0':
      return "the ledger's own log knows the run, and agrees"
    case 'files':
      return 'the output files are as they were written'
    case 'schema':
      return 'tables, views, indexes and triggers are as they were made'
    case 'database':
      return 'the database file is whole'
    case 'ledger':
      return "the ledger's own log and its signed checkpoint hold"
    default:
      return name
  }
}

function verdict({ ok, runs, ledger }: VerifyResult, paint: Paint): string {
  if (ok) return paint(['bold', 'green'], 'holds.')
  const problems = new Set<string>()
  for (const { run, checks } of [...runs, { run: '', checks: ledger.checks }])
    for (const check of checks)
      for (const problem of check.problems)
        problems.add(ledger.checks.some(each => each.name === check.name) ? problem : `${run} ${check.name} ${problem}`)
  return paint(['bold', 'red'], `doesn't hold: ${counted(problems.size, 'problem')}.`)
}
