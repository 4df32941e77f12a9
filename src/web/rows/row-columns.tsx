/** The columns of the table of rows: what stands in each, and how wide it is. */
import type { ReactNode } from 'react'
import type { RowEnding, RowLine } from '../../api/rows.ts'
import { idText } from '../../model/part-ids.ts'
import { endingText } from '../../read/words/ending.ts'
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

interface Shown {
  readonly fields: readonly string[]
  readonly sources: boolean
  readonly errors: boolean
  readonly costs: boolean
}

export function columnsOf({ fields, sources, errors, costs }: Shown): readonly Column[] {
  return [
    { key: 'row', title: 'Row', width: '5rem', is_number: true, cell: line => idText(line.row) },
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
    { key: 'ending', title: 'Ended', width: 'minmax(17rem, 2.4fr)', cell: line => <Endings of={line} /> },
    ...(errors
      ? [
          {
            key: 'error',
            title: 'Error',
            width: 'minmax(8rem, 1fr)',
            cell: (line: RowLine) => <ErrorCodes of={line} />,
          },
        ]
      : []),
    ...fields.map(
      (field): Column => ({
        key: `field ${field}`,
        title: field,
        width: 'minmax(5rem, 1fr)',
        is_field: true,
        cell: line => <FieldValue of={line} field={field} />,
      }),
    ),
    { key: 'time', title: 'Recorded (UTC)', width: '10.75rem', cell: line => <Recorded of={line} /> },
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

/** UTC is said once, by the title. */
function Recorded({ of: { recorded_at } }: { readonly of: RowLine }) {
  return (
    <time dateTime={recorded_at} title={recorded_at} className="quiet">
      {timeOf(recorded_at).replace('Z', '')}
    </time>
  )
}

const costText = (usd: number): string => (usd === 0 ? '–' : dollars(usd))

/** The last of its endings; how many others there are. */
export function Endings({ of: { endings, open } }: { readonly of: RowLine }) {
  const [last, ...others] = endings
  if (last === undefined) return <OutcomeBadge of="open" bare />
  const more = others.length + open
  return (
    <span className="row-ending">
      <OutcomeBadge of={last.class} words={wordsOf(last)} bare />
      {more > 0 && <span className="quiet">+{countText(more)}</span>}
    </span>
  )
}

/** The sink first, which says that it was routed to one; the code of an error has a column of its own. */
function wordsOf({ outcome, cause, words, class: kind, node, sink }: RowEnding): string {
  const none = { group: null, error: null, error_value: 0, recorded_us: 0 } as const
  const text = endingText({ outcome, cause, words, class: kind, node, sink: null, ...none })
  return sink === null ? text : `${sink}: ${text.replace(/^routed to a sink /, '')}`
}

export function ErrorCodes({ of: { endings } }: { readonly of: RowLine }) {
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
