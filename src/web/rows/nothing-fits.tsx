/**
 * No row fits: which condition to drop, and how many rows would fit then. They stand in the order of the chips: by their counts, which come one
 * by one, a button would go from under the finger that presses it, and the press would be lost.
 */
import { useQueries } from '@tanstack/react-query'
import type { Unsound } from '../../api/common.ts'
import type { RowsPage } from '../../api/rows.ts'
import type { Plan } from '../../api/runs.ts'
import { get } from '../app/client.ts'
import { isUnsound } from '../app/queries.ts'
import { Empty } from '../parts/states.tsx'
import { counted, countText } from '../parts/units.ts'
import { conditionWords } from './condition-words.ts'
import { type Condition, conditionsOf, filterQuery, type RowsSearch, withoutCondition } from './rows-search.ts'

interface Props {
  readonly run: string
  readonly search: RowsSearch
  readonly plan: Plan | undefined
  readonly onDrop: (condition: Condition) => void
  readonly onDropAll: () => void
}

export function NothingFits({ run, search, plan, onDrop, onDropAll }: Props) {
  const conditions = conditionsOf(search)
  const found = useQueries({
    queries: conditions.map(each => {
      const query = filterQuery(withoutCondition(search, each))
      return {
        queryKey: ['rows', run, JSON.stringify(query), 'count'],
        queryFn: ({ signal }: { signal: AbortSignal }) =>
          get<RowsPage | Unsound>(`/runs/${run}/rows`, { ...query, limit: 1 }, signal),
      }
    }),
  })
  if (conditions.length === 0)
    return (
      <Empty title="This run has no rows">
        <p>Its sources gave none, or it stopped before the first was recorded.</p>
      </Empty>
    )
  const options = conditions.map((condition, i) => {
    const page = found[i]?.data
    return { condition, matches: page === undefined || isUnsound(page) ? null : page.matches }
  })
  return (
    <Empty title="No row fits">
      {conditions.length > 1 && <p>{adviceOf(options)}</p>}
      <ul className="drop-list">
        {options.map(({ condition, matches }) => {
          const { key, value } = conditionWords(condition, plan)
          return (
            <li key={`${condition.key} ${condition.value}`}>
              <button type="button" className="button" onClick={() => onDrop(condition)}>
                Drop “{key} {value.replace(/[“”]/g, '')}”
              </button>{' '}
              <span className="quiet">{matches === null ? '…' : fitText(matches)}</span>
            </li>
          )
        })}
      </ul>
      {conditions.length > 1 && (
        <button type="button" className="link-button" onClick={onDropAll}>
          Drop all, and see every row
        </button>
      )}
    </Empty>
  )
}

function fitText({ count, exact }: RowsPage['matches']): string {
  if (count === 0) return exact ? 'still none' : 'none so far'
  return exact ? `${counted(count, 'row')} then` : `at least ${countText(count)} then`
}

function adviceOf(options: ReadonlyArray<{ readonly matches: RowsPage['matches'] | null }>): string {
  if (options.some(each => (each.matches?.count ?? 0) > 0)) return 'Rows fit if you drop one of these:'
  if (options.some(each => each.matches === null)) return 'Looking which of these to drop …'
  return 'Even with one of these dropped there are none: they exclude each other.'
}
