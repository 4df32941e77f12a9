/** What a run that is resumed, or given up, starts from. */
import type { Notice } from '../../engine/nodes/source/source-reader.ts'
import type { Restored } from '../../engine/run/resume.ts'
import { codeText } from '../../format/plugin-code.ts'
import type { Paint } from '../terminal.ts'
import { count, counted, printable } from './text.ts'

export function restoredText(
  { rows_read, all_read, open, sinks, cut, code_changes }: Restored,
  name: string,
  abandon: boolean,
): string {
  const read = counted(rows_read, 'row')
  // A source that isn't read any further may have more rows.
  const where = all_read
    ? `after ${read}${cut.length > 0 ? '' : ', none left to read'}`
    : `at row ${count(rows_read + 1)}`
  const parts = abandon
    ? [`abandoning ${printable(name)} after ${read}`, `${counted(open, 'open token')} end`]
    : [`resumed ${printable(name)} ${where}`, `${counted(open, 'held token')} restored`]
  if (!abandon) parts.push(`${counted(sinks, 'output')} wound back to the last receipt`)
  const names = cut.map(({ name, once }) => printable(name) + (once ? ' (what it gave can’t be read again)' : ''))
  if (!abandon && cut.length > 0) parts.push(`not read further: ${names.join(', ')}`)
  const warnings = code_changes.map(
    ({ kind, name, old, new: now }) =>
      `\nwarning: the code of ${kind} ${printable(name)} isn’t what the run had: ${printable(codeText(old))} → ${printable(codeText(now))}. Rows from here on are made by the new one; the ledger says so.`,
  )
  return parts.join(' · ') + (abandon ? '' : warnings.join(''))
}

/** What people should know about a source while the run continues. */
export function noticeText({ kind, text }: Notice, paint: Paint): string {
  return `${paint('yellow', kind === 'warning' ? 'warning:' : 'waiting:')} ${printable(text)}`
}
