/** The table of the views for auditors. */
import { VIEW_COLUMNS, VIEW_NAMES, type ViewColumn } from '../../src/ledger/read-port.ts'
import { VIEW_DESCRIPTIONS } from '../../src/ledger/view-descriptions.ts'
import { code, table } from './markdown.ts'

export function viewsTable(): string {
  return table(
    ['view', 'columns'],
    Object.entries(VIEW_COLUMNS).map(([name, columns]) => [code(name), Object.keys(columns).map(code).join(', ')]),
  )
}

const HOLDS: { readonly [what in ViewColumn]: string } = {
  integer: 'whole number',
  flag: '0 or 1',
  text: 'text',
  time: 'time',
  json: 'JSON',
}

/** Each view, and what its columns say. */
export function viewPages(): string {
  return VIEW_NAMES.map(name => {
    const { text, columns } = VIEW_DESCRIPTIONS[name]
    const types: { readonly [column: string]: ViewColumn } = VIEW_COLUMNS[name]
    const rows = Object.entries(columns).map(([column, of]) => [code(column), HOLDS[types[column] ?? 'text'], of])
    return `## ${name}\n\n${text}\n\n${table(['column', 'holds', 'what it says'], rows)}`
  }).join('\n\n')
}
