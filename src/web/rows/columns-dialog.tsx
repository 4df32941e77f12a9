/** Which fields of the data have a column. */
import { Dialog } from '../parts/dialog.tsx'
import { Text } from '../parts/text.tsx'

interface Props {
  /** All that the rows have which have come. */
  readonly fields: readonly string[]
  readonly shown: readonly string[]
  /** Whether nobody has chosen. */
  readonly automatic: boolean
  /** null: let them be chosen by what the rows hold. */
  readonly onColumns: (columns: readonly string[] | null) => void
  readonly onClose: () => void
}

export function ColumnsDialog({ fields, shown, automatic, onColumns, onClose }: Props) {
  const all = [...new Set([...fields, ...shown])]
  const toggle = (field: string) => {
    const next = shown.includes(field) ? shown.filter(each => each !== field) : [...shown, field]
    onColumns(next.length === 0 ? null : next)
  }
  return (
    <Dialog title="Columns" onClose={onClose}>
      <p className="quiet small">
        Fields of the data, as it was read.{' '}
        {automatic ? 'These were chosen by what the rows hold; what you choose becomes part of the link.' : ''}
      </p>
      {all.length === 0 && <p>The rows that have come show no fields.</p>}
      <div className="column-list">
        {all.map(field => (
          <label key={field}>
            <input type="checkbox" checked={shown.includes(field)} onChange={() => toggle(field)} />
            <Text of={field} />
          </label>
        ))}
      </div>
      <div className="actions">
        <button type="button" className="button" disabled={automatic} onClick={() => onColumns(null)}>
          Choose by what the rows hold
        </button>
        <button type="button" className="button first" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  )
}
