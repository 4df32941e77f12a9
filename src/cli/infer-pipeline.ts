/** A pipeline for data files: where it is written, and what people should know of it. */
import { writeFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { FilesInUse } from '../engine/nodes/sink/files-in-use.ts'
import { ledgerUrl } from '../host/ledger.ts'
import type { SourceFinding } from '../infer/finding.ts'
import type { FormatName } from '../infer/format.ts'
import { inferPipeline } from '../infer/infer.ts'
import { doubtsOf, inputText, readText } from '../infer/pipeline.ts'
import { CustodyError } from '../model/error.ts'
import { makeFolders } from '../model/folder.ts'
import type { Context } from './context.ts'
import { refuseOwnFile } from './out-file.ts'
import { quoted } from './render/shell.ts'
import { count, filled, printable } from './render/text.ts'
import { refuseExisting } from './write-text.ts'

export interface InferOptions {
  readonly out?: string
  readonly force?: boolean
  readonly format?: FormatName
  readonly delimiter?: string
  readonly header?: 'yes' | 'no'
  readonly json?: boolean
}

/**
 * @throws CustodyError CUSTODY_ARGUMENT, CUSTODY_TARGET_EXISTS, CUSTODY_OUTPUT; CUSTODY_FILE_NOT_FOUND, CUSTODY_INPUT_FORMAT,
 *   CUSTODY_NOTHING_THERE and CUSTODY_SOURCE of the files.
 */
export async function inferCommandLine(
  context: Context,
  files: readonly string[],
  options: InferOptions,
): Promise<void> {
  const { cwd, terminal } = context
  const { out = null, force = false, json = false } = options
  const target = out === null ? null : resolve(cwd, out)
  const paths = files.map(file => resolve(cwd, file))
  if (files.includes('-'))
    throw new CustodyError('CUSTODY_ARGUMENT', 'standard input can’t be read more than once', {
      hint: 'Write what comes from it to a file first.',
    })
  if (force && target === null)
    throw new CustodyError('CUSTODY_ARGUMENT', '--force is about the file that --out names', {
      hint: 'Add --out PATH.',
    })
  if (target !== null) refuseTarget(context, target, paths, force)
  const inferred = await inferPipeline({
    names: files,
    cwd,
    folder: target === null ? cwd : dirname(target),
    known: knownOf(options),
    command: ['custody infer', ...files.map(quoted)].join(' '),
  })
  if (target !== null) write(target, inferred.text, force)
  if (json) {
    terminal.answerJson({
      pipeline: target ?? null,
      text: inferred.text,
      name: inferred.name,
      sources: inferred.sources,
    })
    return
  }
  if (target === null) terminal.answer(inferred.text.trimEnd())
  terminal.report(reportOf(inferred.sources, target, context))
}

function knownOf({ format, delimiter, header }: InferOptions) {
  return {
    format,
    delimiter: delimiter === 'tab' || delimiter === '\\t' ? '\t' : delimiter,
    header: header === undefined ? undefined : header === 'yes',
  }
}

function refuseTarget(context: Context, target: string, paths: readonly string[], force: boolean): void {
  const where = { file: target }
  refuseOwnFile(context, target, ledgerUrl(context, {}))
  const data = new FilesInUse()
  for (const path of paths) data.add(path, 'which is read')
  if (data.find(target) !== null)
    throw new CustodyError('CUSTODY_ARGUMENT', 'the pipeline would be written over the data', {
      where,
      hint: 'Name another file.',
    })
  if (!force) refuseExisting(target)
}

function write(path: string, text: string, force: boolean): void {
  try {
    makeFolders(dirname(path))
    // wx: a file that has appeared meanwhile isn't overwritten either.
    writeFileSync(path, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `the pipeline can’t be written: ${reason}`
    throw new CustodyError('CUSTODY_OUTPUT', message, {
      where: { file: path },
      hint: 'Name a file in a folder in which you may write.',
      cause: error,
    })
  }
}

/** What was read, what isn't certain, and what to do next. */
function reportOf(sources: readonly SourceFinding[], target: string | null, context: Context): string {
  const { terminal, cwd, command } = context
  const paint = terminal.paint_stderr
  const lines: string[] = []
  for (const file of sources) {
    lines.push(`${paint('bold', printable(inputText(file, path => path)))}: ${file.plugin}, ${readText(file)}`)
    for (const { line, file: name, code, message } of file.rejected.first)
      lines.push(
        `  ${paint('red', 'rejected')}  line ${count(line)}${name === undefined ? '' : ` of ${printable(name)}`}: ${code}, ${printable(message)}`,
      )
    const more = file.rejected.count - file.rejected.first.length
    if (more > 0) lines.push(`            and ${count(more)} more`)
    for (const doubt of doubtsOf(file)) lines.push(...doubtLines(doubt, context))
  }
  if (target !== null) {
    const path = relative(cwd, target)
    const name = quoted(path.startsWith('..') || path === '' ? target : path)
    lines.push(
      `  ${paint('green', 'wrote')}     ${printable(name)}`,
      '',
      'Next:',
      `  ${command} validate ${name}`,
      `  ${command} run ${name}`,
    )
  }
  return lines.join('\n')
}

function doubtLines(doubt: string, { terminal }: Context): readonly string[] {
  const [first = '', ...rest] = filled(printable(doubt), terminal.columns_stderr - 12)
  return [`  ${terminal.paint_stderr('yellow', 'unsure')}    ${first}`, ...rest.map(line => `            ${line}`)]
}
