/** The table of the views for auditors. */
import { VIEW_COLUMNS } from '../../src/ledger/read-port.ts'
import { code, table } from './markdown.ts'

export function viewsTable(): string {
  return table(
    ['view', 'columns'],
    Object.entries(VIEW_COLUMNS).map(([name, columns]) => [code(name), Object.keys(columns).map(code).join(', ')]),
  )
}
