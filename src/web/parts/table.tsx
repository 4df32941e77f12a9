/** A table; on a narrow page, where it would have to be scrolled sideways, each of its rows is a list of what its columns hold. */
import type { ReactNode } from 'react'
import { useNarrow } from '../app/narrow.ts'

/** The title of a column; `number`: of one of numbers. */
export type TableColumn = string | { readonly number: string }

export interface TableRow {
  readonly key: string
  /** One for each column. The first says what the row is of. */
  readonly cells: readonly ReactNode[]
}

interface Props {
  readonly label: string
  readonly columns: readonly TableColumn[]
  readonly rows: readonly TableRow[]
}

export function Table(props: Props) {
  return useNarrow() ? <Records {...props} /> : <Wide {...props} />
}

const titleOf = (column: TableColumn): string => (typeof column === 'string' ? column : column.number)
const kindOf = (column: TableColumn | undefined) => (typeof column === 'object' ? 'number' : undefined)

function Wide({ label, columns, rows }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than its place is scrolled by keys, too
    <section className="table-frame" aria-label={label} tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            {columns.map(each => (
              <th key={titleOf(each)} scope="col" className={kindOf(each)}>
                {titleOf(each)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells }) => (
            <tr key={key}>
              {cells.map((cell, i) => (
                <td key={i} className={kindOf(columns[i])}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Records({ label, columns, rows }: Props) {
  return (
    <ul className="records" aria-label={label}>
      {rows.map(({ key, cells }) => (
        <li key={key}>
          <dl className="record-cells">
            {columns.map(
              (each, i) =>
                // What isn't there has no line.
                cells[i] !== '' && (
                  <div key={titleOf(each)}>
                    <dt>{titleOf(each)}</dt>
                    <dd>{cells[i]}</dd>
                  </div>
                ),
            )}
          </dl>
        </li>
      ))}
    </ul>
  )
}
