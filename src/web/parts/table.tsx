/** A table that scrolls within its frame where it is wider than the page. */
import type { ReactNode } from 'react'

/** The title of a column; `number`: of one of numbers. */
export type TableColumn = string | { readonly number: string }

interface Props {
  readonly label: string
  readonly columns: readonly TableColumn[]
  /** Its rows. */
  readonly children: ReactNode
}

export function Table({ label, columns, children }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than its place is scrolled by keys, too
    <section className="table-frame" aria-label={label} tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            {columns.map(each =>
              typeof each === 'string' ? (
                <th key={each} scope="col">
                  {each}
                </th>
              ) : (
                <th key={each.number} scope="col" className="number">
                  {each.number}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  )
}
