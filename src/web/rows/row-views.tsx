/** One row in the table: as cells, or as a card. Until its line has come its place is held. */
import { Link } from '@tanstack/react-router'
import type { CSSProperties } from 'react'
import type { RowLine } from '../../api/rows.ts'
import { idText } from '../../model/part-ids.ts'
import { dollars } from '../../read/words/text.ts'
import { Text } from '../parts/text.tsx'
import { durationText, timeOf } from '../parts/units.ts'
import { type Column, Endings, ErrorCodes, FieldValue } from './row-columns.tsx'
import { type RowsSearch, rowWords } from './rows-search.ts'

interface Props {
  readonly index: number
  readonly line: RowLine | undefined
  readonly is_at: boolean
  readonly run: string
  readonly search: RowsSearch
  readonly style: CSSProperties
}

/** Of the row at a place. */
export const rowId = (index: number): string => `row-at-${index}`

/** What every kind of row is to those who don't see it. */
function ofGrid({ index, is_at }: Props) {
  return { id: rowId(index), 'data-index': index, 'aria-rowindex': index + 2, 'aria-selected': is_at } as const
}

export function RowCells({ columns, ...props }: Props & { readonly columns: readonly Column[] }) {
  const { line, is_at, style } = props
  return (
    <tr {...ofGrid(props)} className={`rows-row${is_at ? ' at' : ''}`} style={style}>
      {columns.map(({ key, cell, is_number }) => (
        <td key={key} className={is_number === true ? 'number' : ''}>
          {line === undefined ? (
            <span className="held" />
          ) : key === 'row' ? (
            <RowLink {...props} line={line} />
          ) : (
            cell(line)
          )}
        </td>
      ))}
    </tr>
  )
}

export function RowCard({ fields, ...props }: Props & { readonly fields: readonly string[] }) {
  const { line, is_at, style } = props
  return (
    <tr {...ofGrid(props)} className={`rows-row card${is_at ? ' at' : ''}`} style={style}>
      <td>{line === undefined ? <span className="held" /> : <Card {...props} line={line} fields={fields} />}</td>
    </tr>
  )
}

function Card({ line, fields, ...props }: Props & { readonly line: RowLine; readonly fields: readonly string[] }) {
  return (
    <>
      <div className="card-line">
        <RowLink {...props} line={line} />
        <Endings of={line} />
      </div>
      <div className="card-line card-fields">
        <ErrorCodes of={line} />
        {fields.map(field => (
          <span key={field}>
            <span className="quiet">
              <Text of={field} />
            </span>{' '}
            <FieldValue of={line} field={field} />
          </span>
        ))}
      </div>
      <div className="card-line quiet">
        {timeOf(line.recorded_at)} · {durationText(line.duration_us)}
        {line.cost_usd > 0 && ` · ${dollars(line.cost_usd)}`}
      </div>
    </>
  )
}

/** A link like any other, so that it can be opened beside. The keys of the table do the same. */
function RowLink({ index, line, run, search }: Props & { readonly line: RowLine }) {
  return (
    <Link
      to="/runs/$run/rows/$row"
      params={{ run, row: String(line.row) }}
      search={rowWords(search, index)}
      tabIndex={-1}
      className="row-link"
    >
      {idText(line.row)}
    </Link>
  )
}
