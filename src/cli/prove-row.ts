/** Writes the proof of a row, or a letter with it, and says what it shows and what it leaves out. */
import { resolve } from 'node:path'
import type { letterAround } from '../host/answers/row-letter.ts'
import { findProof } from '../host/answers/row-proof.ts'
import { unsoundness } from '../host/checked-run.ts'
import { ledgerUrl } from '../host/ledger.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import type { MadeProof } from '../read/prove/prove.ts'
import type { NamedRow } from '../read/recorded/named-row.ts'
import { rowText } from './arguments.ts'
import { checkLine, runNamed, unsoundText } from './checked.ts'
import type { Context } from './context.ts'
import { type LedgerOptions, reading } from './ledger-access.ts'
import { headText } from './render/evidence-head.ts'
import { counted, nearPath, printable } from './render/text.ts'
import { refuseExisting, writeText } from './write-text.ts'

export interface ProveRowOptions extends LedgerOptions {
  readonly row: NamedRow
  readonly out?: string
  readonly force?: boolean
  readonly withhold?: readonly number[]
  readonly onlyExact?: boolean
  readonly includeShared?: boolean
  /** A letter, with the proof inside it. */
  readonly html?: boolean
  readonly latestHead?: boolean
}

/** Returns the exit code. */
export async function writeProof(context: Context, run: string, options: ProveRowOptions): Promise<0 | 1> {
  const { cwd } = context
  const out = options.out === undefined ? null : resolve(cwd, options.out)
  if (out !== null) (await import('./out-file.ts')).refuseOwnFile(context, out, ledgerUrl(context, options))
  if (out !== null && options.force !== true) refuseExisting(out)
  return reading(context, options, reader => prove(context, reader, run, out, options))
}

async function prove(
  context: Context,
  inner: LedgerReader,
  name: string,
  out: string | null,
  options: ProveRowOptions,
): Promise<0 | 1> {
  const { terminal, env, cwd, version } = context
  const {
    row,
    withhold = [],
    onlyExact = false,
    includeShared = false,
    force = false,
    latestHead = false,
    html = false,
  } = options
  try {
    const chosen = { withhold, only_exact: onlyExact, include_shared: includeShared }
    const head = latestHead ? 'latest' : 'first_witnessed'
    const found = await findProof(env, inner, { run: name, row, options: chosen, head }, checkLine(terminal))
    const { made, reader, log } = found
    if (out !== null) await (await import('./out-file.ts')).refuseFileOfRun(reader, log, out)
    const text = html ? await letter(env, version, found.text) : found.text
    if (out === null) terminal.answerFile(text)
    else writeText(out, text, force ? 'replace' : 'keep')
    terminal.report(reportOf(made, { html, path: out === null ? null : nearPath(out, cwd) }, context))
    return 0
  } catch (error) {
    const problems = unsoundness(error)
    if (problems === null) throw error
    terminal.report(unsoundText(context, `Row ${rowText(row)} of ${runNamed(name)}`, name, problems))
    return 1
  }
}

/** Checking a proof, to tell what is in it, takes much that making one doesn't. */
async function letter(...of: Parameters<typeof letterAround>): Promise<string> {
  const { letterAround } = await import('../host/answers/row-letter.ts')
  return letterAround(...of)
}

function reportOf(
  { row, others, head }: MadeProof,
  { path, html }: { readonly path: string | null; readonly html: boolean },
  { command }: Context,
): string {
  const lines = [
    `${path === null ? (html ? 'the letter' : 'the proof') : printable(path)} shows ${valuesText([...row.shown])}`,
  ]
  if (row.withheld.length > 0) lines.push(`  withheld  ${valuesText(row.withheld)}, as you asked`)
  for (const { value, fields } of row.repeating)
    lines.push(
      `  withheld  value ${value}, too: it repeats ${fields.map(each => (each === '' ? 'what is in it' : printable(each))).join(', ')} (--only-exact shows it)`,
    )
  const shared = others.reduce((sum, each) => sum + each.shared.length, 0)
  if (row.shared.length > 0 || shared > 0)
    lines.push(
      `  left out  ${counted(row.shared.length + shared, 'value')} in which other rows have a part (--include-shared shows ${row.shared.length + shared === 1 ? 'it' : 'them'})`,
    )
  lines.push(...headText(head, command))
  lines.push(
    `Whoever gets it can check it with \`${command} check\`, and your verifier key, which they must have from somewhere else: \`${command} key show\``,
  )
  return lines.join('\n')
}

/** `values 1, 2, 4`. */
function valuesText(numbers: readonly number[]): string {
  if (numbers.length === 0) return 'no value'
  return `${numbers.length === 1 ? 'value' : 'values'} ${numbers.join(', ')}`
}
