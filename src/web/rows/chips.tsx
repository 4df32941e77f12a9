/** The conditions that hold, each of which can be removed. */
import type { Plan } from '../../api/runs.ts'
import { Icon } from '../parts/icons.tsx'
import { conditionWords } from './condition-words.ts'
import { type Condition, conditionsOf, type RowsSearch } from './rows-search.ts'

interface Props {
  readonly search: RowsSearch
  readonly plan: Plan | undefined
  readonly onDrop: (condition: Condition) => void
  readonly onDropAll: () => void
}

export function Chips({ search, plan, onDrop, onDropAll }: Props) {
  const conditions = conditionsOf(search)
  if (conditions.length === 0) return null
  return (
    <ul className="chips" aria-label="Rows must fit all of these">
      {conditions.map(condition => {
        const { key, value } = conditionWords(condition, plan)
        return (
          <li key={`${condition.key} ${condition.value}`} className="chip">
            <span className="chip-key">{key}</span>
            <span className="chip-value">{value}</span>
            <button type="button" aria-label={`drop: ${key} ${value}`} title="drop" onClick={() => onDrop(condition)}>
              <Icon name="cross" size={11} />
            </button>
          </li>
        )
      })}
      {conditions.length > 1 && (
        <li>
          <button type="button" className="link-button" onClick={onDropAll}>
            Drop all
          </button>
        </li>
      )}
    </ul>
  )
}
