/** All by which rows are chosen: the search, the expression, what the run offers, and the conditions that hold. */
import { useState } from 'react'
import type { Plan, ShownRun } from '../../api/runs.ts'
import { useNarrow } from '../app/narrow.ts'
import { Icon } from '../parts/icons.tsx'
import { AddCondition } from './add-condition.tsx'
import { Chips } from './chips.tsx'
import { LimitsDialog } from './limits-dialog.tsx'
import {
  type Condition,
  conditionsOf,
  type RowsSearch,
  withCondition,
  withoutCondition,
  withoutFilter,
} from './rows-search.ts'
import { SearchBox } from './search-box.tsx'
import { suggestionsOf } from './suggestions.ts'
import { WhereBox } from './where-box.tsx'

interface Props {
  readonly run: ShownRun | undefined
  readonly plan: Plan | undefined
  readonly search: RowsSearch
  /** What is wrong with the expression. */
  readonly refused: unknown
  readonly go: (to: RowsSearch) => void
}

export function FilterBar({ run, plan, search, refused, go }: Props) {
  const narrow = useNarrow()
  const [limits, setLimits] = useState(false)
  const add = (condition: Condition) => go(withCondition(search, condition))
  const onWhere = (where: string) => {
    if (where !== (search.where ?? '')) add({ key: 'where', value: where })
  }
  const boxes = (
    <div className="filter-boxes">
      <SearchBox onSearch={add} />
      <AddCondition suggestions={suggestionsOf(run, plan, search)} onAdd={add} />
      <WhereBox where={search.where ?? ''} error={refused} onWhere={onWhere} />
      <button type="button" className="button limits-button" onClick={() => setLimits(true)}>
        Time, cost, duration
      </button>
    </div>
  )
  return (
    <section className="filter-bar" aria-label="Which rows">
      {narrow ? (
        <details open={refused !== null || undefined} className="filter-fold">
          <summary>
            <Icon name="search" size={15} /> Search and narrow
          </summary>
          {boxes}
        </details>
      ) : (
        boxes
      )}
      <Chips
        search={search}
        plan={plan}
        onDrop={condition => go(withoutCondition(search, condition))}
        onDropAll={() => go(withoutFilter(search))}
      />
      {limits && <LimitsDialog search={search} onSearch={go} onClose={() => setLimits(false)} />}
      {conditionsOf(search).length === 0 && narrow && (
        <p className="quiet small">All rows, in the order in which they were read.</p>
      )}
    </section>
  )
}
