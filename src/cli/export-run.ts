/** Exports a run, and reports what was written. */
import { resolve } from 'node:path'
import { checkedRun, unsoundness } from '../host/checked-run.ts'
import { statementsOf } from '../host/export/in-toto.ts'
import { Staged } from '../host/export/staged.ts'
import { mustHold, type TableFormat, tableMaker, writeTables } from '../host/export/tables.ts'
import { type WrittenLog, writeTiles } from '../host/export/tiles.ts'
import { ledgerUrl, livingHolders, rememberedOf } from '../host/ledger.ts'
import { verifyOnAllCores } from '../host/verify.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError } from '../model/error.ts'
import { ERRORS } from '../model/error-codes.ts'
import { jsonPrintable } from '../model/unsafe-text.ts'
import { factsOf, type RunFacts } from '../read/export/facts.ts'
import { runEvents } from '../read/export/openlineage.ts'
import { provDocument } from '../read/export/prov.ts'
import { findRun } from '../read/runs/list.ts'
import { checkLine, runNamed, unsoundText } from './checked.ts'
import type { Context } from './context.ts'
import type { ExportFormat, ExportOptions } from './export-formats.ts'
import { reading } from './ledger-access.ts'
import { refuseOwnFile } from './out-file.ts'
import { count, counted, nearPath, shortRun } from './render/text.ts'

/** What was written: for people, and as JSON. */
interface Written {
  readonly run: string
  /** null: to standard output. */
  readonly path: string | null
  readonly lines: readonly string[]
  readonly json: { readonly [key: string]: unknown }
}

/** Returns the exit code. @throws CustodyError if it can't be written, or there is nothing of that format. */
export function exportRun(context: Context, name: string, options: ExportOptions): Promise<0 | 1> {
  const { terminal, cwd } = context
  if (options.out !== undefined) refuseOwnFile(context, resolve(cwd, options.out), ledgerUrl(context, options))
  return reading(context, options, async reader => {
    try {
      const written = await write(context, reader, name, options)
      const { run, path, lines, json } = written
      if (options.json === true) terminal.answerJson({ run, format: options.format, out: path, ...json })
      else if (path !== null)
        terminal.report([`exported  ${nearPath(path, cwd)}`, ...lines.map(each => `  ${each}`)].join('\n'))
      return 0
    } catch (error) {
      const problems = unsoundness(error)
      if (problems === null) throw error
      terminal.clearLive()
      if (options.json === true) terminal.answerJson({ run: name, holds: false, problems })
      else terminal.report(unsoundText(context, `R${runNamed(name).slice(1)}`, name, problems))
      return 1
    }
  })
}

function write(context: Context, reader: LedgerReader, name: string, options: ExportOptions): Promise<Written> {
  const { format } = options
  switch (format) {
    case 'jsonl':
    case 'csv':
    case 'parquet':
      return tables(context, reader, name, { ...options, format })
    case 'tiles':
      return tiles(context, reader, name, options)
    case 'prov':
    case 'openlineage':
    case 'in-toto':
      return statements(context, reader, name, { ...options, format })
  }
}

/** A folder for all that `work` writes, or a file; there whole, or not at all. */
async function staged<T>(
  { cwd }: Context,
  { run, format, out }: { readonly run: string; readonly format: ExportFormat; readonly out?: string | undefined },
  work: (into: Staged) => Promise<T>,
): Promise<T & { readonly run: string; readonly path: string }> {
  const into = new Staged(resolve(cwd, out ?? `export-${shortRun(run).replace(/\W+$/, '')}-${format}`))
  try {
    const done = await work(into)
    into.publish()
    return { ...done, run, path: into.path }
  } finally {
    into.discard()
  }
}

async function tables(
  context: Context,
  reader: LedgerReader,
  name: string,
  { format, out }: { readonly format: TableFormat; readonly out?: string },
): Promise<Written> {
  const { terminal, env } = context
  const make = await tableMaker(format)
  const { run } = await findRun(reader, name)
  return staged(context, { run, format, out }, async into => {
    const onProgress = ({ entries, of }: { readonly entries: number; readonly of: number }) =>
      terminal.live(`  verifying  ${count(entries)} of ${count(of)} entries`)
    mustHold(
      await verifyOnAllCores(reader, { run, keys: 'any', remembered: await rememberedOf(reader, env), onProgress }),
    )
    const onRows = (view: string, rows: number) => terminal.live(`  writing  ${view}  ${counted(rows, 'row')}`)
    const files = await writeTables(reader, run, into, { format, make, onRows })
    terminal.clearLive()
    const lines = files.map(({ file, rows }) => `${file.padEnd(24)} ${counted(rows, 'row')}`)
    return { lines, json: { files } }
  })
}

async function tiles(
  context: Context,
  reader: LedgerReader,
  name: string,
  { out }: { readonly out?: string },
): Promise<Written> {
  const { checked, log, run } = await checkedRun(context.env, reader, name, checkLine(context.terminal))
  return staged(context, { run, format: 'tiles', out }, async into => {
    const logs = await writeTiles({ checked, reader }, { log, run }, into)
    return { lines: logLines(logs), json: { logs } }
  })
}

/** There may be very many splits. */
const LISTED_LOGS = 20

function logLines(logs: readonly WrittenLog[]): string[] {
  const lines = logs.slice(0, LISTED_LOGS).map(({ folder, size, unbundled }) => {
    const bundles = unbundled === null ? '' : `, without entries: entry ${count(unbundled)} fits into no bundle`
    return `${folder}  ${counted(size, 'entry', 'entries')}${bundles}`
  })
  const more = logs.slice(LISTED_LOGS)
  if (more.length === 0) return lines
  const entries = more.reduce((sum, { size }) => sum + size, 0)
  return [...lines, `… and ${counted(more.length, 'log')} more  ${counted(entries, 'entry', 'entries')}`]
}

async function statements(
  context: Context,
  reader: LedgerReader,
  name: string,
  { format, out, json }: ExportOptions & { readonly format: StatementFormat },
): Promise<Written> {
  const { terminal, env } = context
  if (json === true && out === undefined)
    throw new CustodyError('CUSTODY_ARGUMENT', '--json and the statements would both go to standard output', {
      hint: 'Say with --out which file the statements go to.',
    })
  const { reader: checked, log, run } = await checkedRun(env, reader, name, checkLine(terminal))
  const facts = await factsOf(checked, { log, run }, await livingHolders(checked))
  const { lines, report, summary } = await textOf(checked, facts, format, context)
  if (out === undefined) {
    for (const line of lines) terminal.answer(jsonPrintable(line.trimEnd()))
    for (const each of report) terminal.report(each)
    return { run, path: null, lines: [], json: {} }
  }
  return staged(context, { run, format, out }, async into => {
    const file = into.open(null)
    try {
      for (const line of lines) file.write(line)
    } finally {
      file.close()
    }
    return { lines: report, json: { ...summary, bytes: file.bytes } }
  })
}

type StatementFormat = Exclude<ExportFormat, TableFormat | 'tiles'>

interface StatementText {
  /** Each ends in a newline. */
  readonly lines: Iterable<string>
  /** What people should know of it. */
  readonly report: readonly string[]
  readonly summary: { readonly [key: string]: unknown }
}

async function textOf(
  reader: LedgerReader,
  facts: RunFacts,
  format: StatementFormat,
  { env }: Context,
): Promise<StatementText> {
  switch (format) {
    case 'prov':
      return { lines: [`${JSON.stringify(provDocument(facts), null, 2)}\n`], report: [], summary: {} }
    case 'openlineage': {
      const events = runEvents(facts)
      return { lines: events.map(each => `${JSON.stringify(each)}\n`), report: [], summary: { events: events.length } }
    }
    case 'in-toto': {
      const { erased, files, signed_by, lines } = await statementsOf(reader, facts, env)
      const code = 'CUSTODY_EXPORT_ERASED'
      const left_out = erased.map(sink => ({
        sink,
        code,
        message: `what ${sink} wrote isn’t on record any more: it was erased`,
      }))
      const warnings = left_out.map(({ message }) => `warning ${code}: ${message}\n  hint: ${ERRORS[code].hint}`)
      return {
        lines: lines(),
        report: [...warnings, `${counted(files, 'statement')}, signed by ${signed_by.join(' and ')}`],
        summary: { statements: files, signed_by, left_out },
      }
    }
  }
}
