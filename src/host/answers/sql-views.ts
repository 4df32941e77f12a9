/** The views for auditors with their columns, as text for who writes a statement. */
import { VIEW_COLUMNS } from '../../ledger/read-port.ts'

export function viewsText(): string {
  const views = Object.entries(VIEW_COLUMNS).map(([name, columns]) => `${name}(${Object.keys(columns).join(', ')})`)
  return `Views: ${views.join(' · ')}`
}
