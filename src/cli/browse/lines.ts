/** What screens are made of: lines of text, and tables of what can be opened. */
import { formatDuration } from '../../model/time.ts'
import { type Column, renderTable } from '../render/table.ts'
import { timeText } from '../render/text.ts'
import { type Paint, plain, type Style } from '../terminal.ts'
import type { Target } from './state.ts'

/** How and where it is shown. */
export interface Look {
  readonly columns: number
  readonly rows: number
  readonly paint: Paint
  /** Paths are shown as seen from here. */
  readonly cwd: string
}

export interface BodyLine {
  /** No wider than the columns, without styles, unless `painted`. */
  readonly text: string
  readonly style?: Style
  readonly painted?: true
  /** Titles of a table whose lines can be opened. */
  readonly head?: true
  readonly opens: Target | null
}

/** What stands before a line that can be opened, or in its place before others. */
const MARK_COLUMNS = 2
/** Below this, tables leave columns out. */
export const NARROW = 60

export function plainLine(text: string, style?: Style): BodyLine {
  return style === undefined ? { text, opens: null } : { text, style, opens: null }
}

/** A table of what can be opened. Its lines leave room for the mark. */
export function openable(
  heads: readonly Column[],
  rows: ReadonlyArray<{ readonly cells: readonly string[]; readonly opens: Target | null }>,
  { columns }: Pick<Look, 'columns'>,
): readonly BodyLine[] {
  const [head = '', ...lines] = renderTable(
    heads,
    rows.map(({ cells }) => cells),
    columns - MARK_COLUMNS,
    plain,
  )
  return [
    { ...plainLine(head, 'dim'), head: true as const },
    ...lines.map((text, i) => ({ text, opens: rows[i]?.opens ?? null })),
  ]
}

/** `2026-11-21 14:02:11Z · 1.2 s` */
export function whenText(started_at: string, duration_ms: number): string {
  return `${timeText(Date.parse(started_at) * 1000).replace(/\.\d+Z$/, 'Z')} · ${formatDuration(duration_ms * 1000)}`
}
