/** The rows of one group, each with what differs; from each one gets to both of its stories. */
import { Link } from '@tanstack/react-router'
import type { Parting, RowDifference, RunDiff } from '../../api/diff.ts'
import { idText } from '../../model/part-ids.ts'
import { valueText } from '../../read/words/text.ts'
import { Panel } from '../parts/panel.tsx'
import { Text } from '../parts/text.tsx'
import { counted, countText } from '../parts/units.ts'
import { isSame } from '../row/values.ts'
import { type CompareSearch, compareWords } from './compare-search.ts'
import { AboutErrorField, isInGroups, isInRows } from './error-field.tsx'

interface Props {
  readonly of: RunDiff
  readonly group: RunDiff['groups'][number]
  readonly search: CompareSearch
}

export function DifferingRows({ of: { differences, groups }, group, search }: Props) {
  const shown = differences.filter(each => isOf(each.parted_at, group))
  return (
    <Panel title="Its rows" note={noteOf(group.rows, shown.length)}>
      {isInRows(shown) && !isInGroups(groups) && <AboutErrorField />}
      <ul className="differing">
        {shown.map(each => (
          <Item key={`${each.row.old} ${each.row.new}`} of={each} search={search} />
        ))}
      </ul>
    </Panel>
  )
}

const noteOf = (all: number, shown: number): string =>
  all === shown ? counted(all, 'row') : `the first ${countText(shown)} of ${counted(all, 'row')}`

/** Whether it is a row of that group. */
function isOf(parting: Parting, { node, kind, old, new: now, to, fields, because }: Parting): boolean {
  return isSame(
    [parting.node, parting.kind, parting.old, parting.new, parting.to, parting.fields, parting.because],
    [node, kind, old, now, to, fields, because],
  )
}

function Item({
  of: { row, key, changed, outcome, differs },
  search,
}: {
  readonly of: RowDifference
  readonly search: CompareSearch
}) {
  return (
    <li className="differing-row">
      <RowLink old={row.old} now={row.new} search={search} />
      {key !== undefined && (
        <span className="quiet">
          {Object.entries(key)
            .map(([field, value]) => `${field} ${valueText(value)}`)
            .join(', ')}
        </span>
      )}
      <span className="differing-what">
        {Object.entries(changed).map(([field, sides]) => (
          <span key={field}>
            <strong>
              <Text of={field} />
            </strong>{' '}
            <span className="was">{sides.old === undefined ? 'none' : valueText(sides.old)}</span> →{' '}
            {sides.new === undefined ? 'none' : valueText(sides.new)}
          </span>
        ))}
        {differs.outcome && (
          <span>
            ended {endingText(outcome.old)} → {endingText(outcome.new)}
          </span>
        )}
        {!differs.outcome && differs.output && <span className="quiet">other data were written</span>}
      </span>
    </li>
  )
}

function RowLink({ old, now, search }: { readonly old: number; readonly now: number; readonly search: CompareSearch }) {
  const is_at = search.row === old
  return (
    <Link
      to="/compare"
      search={compareWords({ ...search, row: old, row_new: now })}
      aria-current={is_at ? 'true' : undefined}
      resetScroll={false}
    >
      row {idText(old)}
      {now !== old && ` (${idText(now)} in the new run)`}
    </Link>
  )
}

type Ending = RowDifference['outcome']['old']

function endingText(ending: Ending): string {
  if (ending === null) return 'nowhere yet'
  const { outcome, sink, error_code } = ending
  return [outcome, ...(sink === null ? [] : [`at ${sink}`]), ...(error_code === null ? [] : [`(${error_code})`])].join(
    ' ',
  )
}
