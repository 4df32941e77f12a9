/** Rows of the views as lines of text. */
import type { ViewColumn } from '../../ledger/read-port.ts'

/** A view's columns, by name, in their order. */
export type Columns = { readonly [column: string]: ViewColumn }
export type Cells = Readonly<Record<string, unknown>>

/** A file of a view: what it begins with, and the text of each row. */
export interface TableText {
  readonly head: string
  row(cells: Cells): string
}

/** JSON lines: one object a row, with all columns. Flags are booleans, JSON is itself. */
export function jsonLines(columns: Columns): TableText {
  const keys = Object.entries(columns).map(([name, type], i) => {
    return { name, type, lead: `${i === 0 ? '{' : ','}${JSON.stringify(name)}:` }
  })
  return {
    head: '',
    row: cells => {
      let line = ''
      for (const { name, type, lead } of keys) line += lead + jsonCell(type, cells[name])
      return `${line}}\n`
    },
  }
}

function jsonCell(type: ViewColumn, value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (type === 'flag') return value === 1 ? 'true' : 'false'
  return type === 'json' && typeof value === 'string' ? value : JSON.stringify(value)
}

/** RFC 4180, with a header. A cell that is null is empty, an empty text is `""`. */
export function csvLines(columns: Columns): TableText {
  const names = Object.keys(columns)
  return {
    head: `${names.join(',')}\r\n`,
    row: cells => `${names.map(name => csvCell(cells[name])).join(',')}\r\n`,
  }
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = String(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
