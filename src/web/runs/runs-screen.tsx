/** The runs of the ledger, newest first. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useKeys } from '../app/keys.ts'
import { oneOf, type SearchWords } from '../app/search-words.ts'
import { useSession } from '../app/session-context.tsx'
import { useTitle } from '../app/title.ts'
import { Command, Commands } from '../parts/command.tsx'
import { Icon } from '../parts/icons.tsx'
import { LiveSign } from '../parts/live-sign.tsx'
import { Empty, ErrorNotice } from '../parts/states.tsx'
import { CompareBar } from './compare-bar.tsx'
import { isReadable, type Line } from './run-list.ts'
import { RunsFilters } from './runs-filters.tsx'
import { RunsTable, RunsWaiting } from './runs-table.tsx'
import { StartDialog } from './start-dialog.tsx'
import './runs.css'
import { useRuns } from './use-runs.ts'

export function RunsScreen() {
  const search = useSearch({ from: '/' })
  const navigate = useNavigate({ from: '/' })
  const { operates } = useSession()
  const filter = { name: oneOf(search, 'name'), status: oneOf(search, 'status') }
  const { query, lines, connection } = useRuns(filter)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [starting, setStarting] = useState(false)
  const names = useNames(lines)
  useTitle('Runs')
  useKeys(operates ? [{ keys: 's', what: 'Start a run', do: () => setStarting(true) }] : [])
  const filterBy = (words: SearchWords) => void navigate({ search: { ...search, ...words }, replace: true })
  return (
    <>
      <div className="screen-head">
        <h1>Runs</h1>
        <LiveSign connection={connection} />
        <div className="actions">
          <RunsFilters filter={filter} names={names} onChange={filterBy} />
          {operates && (
            <button type="button" className="button first" onClick={() => setStarting(true)}>
              <Icon name="play" size={13} />
              Start a run
            </button>
          )}
        </div>
      </div>
      {query.error !== null && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <RunsWaiting />}
      {query.isSuccess && lines.length === 0 && (
        <NoRuns
          filtered={filter.name !== null || filter.status !== null}
          onClear={() => void navigate({ search: {} })}
        />
      )}
      {lines.length > 0 && (
        <RunsTable
          lines={lines}
          chosen={chosen}
          onChoose={setChosen}
          onMore={query.hasNextPage && !query.isFetching ? () => void query.fetchNextPage() : null}
        />
      )}
      <CompareBar lines={lines} chosen={chosen} onClear={() => setChosen(new Set())} />
      <Commands of={[['runs']]} />
      {starting && <StartDialog onClose={() => setStarting(false)} />}
    </>
  )
}

function useNames(lines: readonly Line[]): readonly string[] {
  return useMemo(() => [...new Set(lines.filter(isReadable).map(each => each.name))].sort(), [lines])
}

function NoRuns({ filtered, onClear }: { readonly filtered: boolean; readonly onClear: () => void }) {
  if (filtered)
    return (
      <Empty title="No run fits">
        <p>A pipeline’s name must be whole. Without the filter, all runs are shown.</p>
        <button type="button" className="button" onClick={onClear}>
          Show all runs
        </button>
      </Empty>
    )
  return (
    <Empty title="No run is recorded in this ledger yet">
      <p>Begin one, and it appears here while it runs:</p>
      <Command words={['run', 'pipeline.yaml']} />
      <p className="small">
        Without a pipeline at hand, <code>custody init</code> writes an example with its data.
      </p>
    </Empty>
  )
}
