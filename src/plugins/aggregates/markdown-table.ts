/** Rows as a table in Markdown (GitHub's flavour). */
import type { Row } from '../../model/row.ts'
import { valueText } from './template.ts'

/** A line of names, a line of dashes, and a line for each row. */
export function markdownTable(rows: readonly Row[], columns: readonly string[], missing: string): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(columns.map(plain)),
    line(columns.map(() => '---')),
    ...rows.map(row => line(columns.map(column => plain(valueText(row[column], missing))))),
  ]
}

/** The fields of all rows, in the order in which they appear first. */
export function columnsOf(rows: readonly Row[]): readonly string[] {
  const names = new Set<string>()
  for (const row of rows) for (const name in row) names.add(name)
  return [...names]
}

/** What Markdown or HTML would take for more than text; an underscore inside a word isn't. */
const MARKS = /[\\|<>&`*[\]~]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu

/** A text that is shown as it is, in one line. */
export const plain = (text: string): string => text.replace(/\s*[\r\n]+\s*/g, ' ').replace(MARKS, '\\$&')
