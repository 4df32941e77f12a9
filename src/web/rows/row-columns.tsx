/** The columns of the table of rows: what stands in each, and how wide it is. */
import type { ReactNode } from 'react'
import type { RowLine } from '../../api/rows.ts'
import { dollars, valueText } from '../../read/words/text.ts'
import { OutcomeBadge } from '../parts/badges.tsx'
import { Text } from '../parts/text.tsx'
import { countText, durationText, timeOf } from '../parts/units.ts'
import { isRecord } from '../row/values.ts'

export interface Column {
  readonly key: string
  readonly title: string
  /** As a track of a grid. */
  readonly width: string
  readonly is_number?: boolean
  /** Whether it is of the data. */
  readonly is_field?: boolean
  readonly cell: (line: RowLine) => ReactNode
}

export interface Shown {
  readonly fields: readonly string[]
  readonly sources: boolean
  readonly costs: boolean
}

export function columnsOf({ fields, sources, costs }: Shown): readonly Column[] {
  return [
    { key: 'row', title: 'Row', width: '5.5rem', is_number: true, cell: line => countText(line.row) },
    ...(sources
      ? [
          {
            key: 'source',
            title: 'Source',
            width: 'minmax(6rem, 9rem)',
            cell: (line: RowLine) => <Text of={line.source} />,
          },
        ]
      : []),
    { key: 'ending', title: 'Ended', width: 'minmax(14rem, 1.5fr)', cell: line => <Endings of={line} /> },
    { key: 'error', title: 'Error', width: 'minmax(7rem, 11rem)', cell: line => <ErrorCodes of={line} /> },
    ...fields.map(
      (field): Column => ({
        key: `field ${field}`,
        title: field,
        width: 'minmax(6rem, 1fr)',
        is_field: true,
        cell: line => <FieldValue of={line} field={field} />,
      }),
    ),
    { key: 'time', title: 'Recorded', width: '10.5rem', cell: line => timeOf(line.recorded_at) },
    { key: 'took', title: 'Took', width: '5.5rem', is_number: true, cell: line => durationText(line.duration_us) },
    ...(costs
      ? [
          {
            key: 'cost',
            title: 'Cost',
            width: '5rem',
            is_number: true,
            cell: (line: RowLine) => costText(line.cost_usd),
          },
        ]
      : []),
  ]
}

const costText = (usd: number): string => (usd === 0 ? '–' : dollars(usd))

/** The last of its endings; how many others there are. */
export function Endings({ of: { endings, open } }: { readonly of: RowLine }) {
  const [last, ...others] = endings
  if (last === undefined) return <OutcomeBadge of="open" bare />
  const more = others.length + open
  const where = last.sink === null || last.words.includes(last.sink) ? '' : ` (${last.sink})`
  return (
    <span className="row-ending">
      <OutcomeBadge of={last.class} words={`${last.words}${where}`} bare />
      {more > 0 && <span className="quiet">+{countText(more)}</span>}
    </span>
  )
}

function ErrorCodes({ of: { endings } }: { readonly of: RowLine }) {
  const codes = [...new Set(endings.flatMap(each => each.error_code ?? []))]
  return codes.length === 0 ? null : (
    <code className="row-code">
      <Text of={codes.join(' ')} />
    </code>
  )
}

/** Of data that isn't there: `null` says the same for all of a line. */
export function FieldValue({ of: { data }, field }: { readonly of: RowLine; readonly field: string }) {
  if (data === null) return <span className="quiet">–</span>
  if (!isRecord(data) || !Object.hasOwn(data, field)) return <span className="quiet">missing</span>
  const value = data[field]
  if (typeof value === 'string') return <Text of={value} />
  return <span className={value === null ? 'quiet' : undefined}>{valueText(value)}</span>
}
