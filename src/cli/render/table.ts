/** Columns of text, aligned. */
import type { Paint } from '../terminal.ts'
import { columnsOf, padEnd, padStart, shorten } from './text.ts'

export interface Column {
  readonly title: string
  readonly align?: 'right'
}

/** Lines of a table with its header; no line is longer than `columns`. Cells must be printable already. */
export function renderTable(
  heads: readonly Column[],
  rows: ReadonlyArray<readonly string[]>,
  columns: number,
  paint: Paint,
): string[] {
  const widths = heads.map(({ title }, i) =>
    rows.reduce((width, row) => Math.max(width, columnsOf(row[i] ?? '')), columnsOf(title)),
  )
  const line = (cells: readonly string[]) => {
    const padded = heads.map(({ align }, i) => {
      const cell = cells[i] ?? ''
      return align === 'right' ? padStart(cell, widths[i] ?? 0) : padEnd(cell, widths[i] ?? 0)
    })
    return shorten(padded.join('  ').trimEnd(), columns)
  }
  return [paint('dim', line(heads.map(head => head.title))), ...rows.map(line)]
}
