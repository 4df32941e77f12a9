/** Problems of a pipeline file as text: place, message, the line with the mark under it, hint. */
import type { Diagnostic } from '../../model/error.ts'
import { withoutLedgerKeys } from '../../model/ledger-key-text.ts'
import type { Paint } from '../terminal.ts'
import { columnsOf, count, printable, shorten } from './text.ts'

/** The text of one line of a file, from 1; null where the file can't be read (any more). */
export type SourceLine = (file: string, line: number) => string | null

export interface DiagnosticsView {
  readonly paint: Paint
  readonly columns: number
  readonly sourceLine: SourceLine
}

/** All diagnostics, in the order given, without the closing count. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], view: DiagnosticsView): string {
  return diagnostics.map(each => renderDiagnostic(each, view)).join('\n')
}

/** `2 errors, 1 warning`. */
export function diagnosticCounts(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(each => each.severity === 'error').length
  const warnings = diagnostics.length - errors
  const parts = []
  if (errors > 0) parts.push(`${count(errors)} error${errors === 1 ? '' : 's'}`)
  if (warnings > 0) parts.push(`${count(warnings)} warning${warnings === 1 ? '' : 's'}`)
  return parts.length === 0 ? 'no problems' : parts.join(', ')
}

function renderDiagnostic(diagnostic: Diagnostic, view: DiagnosticsView): string {
  const { paint } = view
  const { file, line, column, severity, code, message, hint } = diagnostic
  const severe = paint(severity === 'error' ? ['bold', 'red'] : ['bold', 'yellow'], severity)
  const lines = [`${printable(file)}:${line}:${column}: ${severe} ${paint('bold', code)}: ${printable(message)}`]
  const text = view.sourceLine(file, line)
  if (text !== null) lines.push(...excerpt(withoutLedgerKeys(text), diagnostic, view))
  if (hint !== undefined) lines.push(`  ${paint('cyan', 'hint:')} ${printable(hint)}`)
  return lines.join('\n')
}

/** The source line, cut around the mark if it is long, and the mark. Tabs show as four spaces. */
function excerpt(text: string, { line, column, length }: Diagnostic, view: DiagnosticsView): string[] {
  const number = String(line)
  const width = Math.max(20, view.columns - number.length - 6)
  const before = shown(text.slice(0, column - 1))
  const marked = shorten(shown(text.slice(column - 1, column - 1 + (length ?? 1))), width - 2)
  const lead = fitEnd(before, Math.max(12, Math.floor((width - columnsOf(marked)) * 0.6)), width - columnsOf(marked))
  const rest = shorten(shown(text.slice(column - 1 + (length ?? 1))), width - columnsOf(lead) - columnsOf(marked))
  const gutter = `  ${number} ${view.paint('dim', '|')} `
  const under = `  ${' '.repeat(number.length)} ${view.paint('dim', '|')} `
  const mark = ' '.repeat(columnsOf(lead)) + view.paint('red', '^'.repeat(Math.max(1, columnsOf(marked))))
  return [`${gutter}${lead}${marked}${rest}`.trimEnd(), `${under}${mark}`]
}

function shown(text: string): string {
  return text.split('\t').map(printable).join('    ')
}

/** `text` as it is if it fits `limit`, else its last `columns` columns behind `…`. */
function fitEnd(text: string, columns: number, limit: number): string {
  if (columnsOf(text) <= Math.min(columns, limit)) return text
  const room = Math.min(columns, Math.max(1, limit))
  let tail = text.slice(-room)
  while (tail !== '' && columnsOf(tail) > room - 1) tail = tail.slice(1)
  if (/^[\udc00-\udfff]/.test(tail)) tail = tail.slice(1)
  return `…${tail}`
}
