/** Two runs by where their rows parted, from there to the rows and to both stories side by side; and what would have been. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Unsound } from '../../api/common.ts'
import type { RunDiff } from '../../api/diff.ts'
import { get } from '../app/client.ts'
import { isUnsound } from '../app/queries.ts'
import { useTitle } from '../app/title.ts'
import { Commands, commandRun } from '../parts/command.tsx'
import { ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'
import { ChooseRuns } from './choose-runs.tsx'
import { type CompareSearch, compareSearchOf, compareWords } from './compare-search.ts'
import { DiffFigures } from './diff-figures.tsx'
import { DifferingRows } from './differing-rows.tsx'
import { Groups } from './groups.tsx'
import { SideBySide } from './side-by-side.tsx'
import { WhatIf } from './what-if.tsx'
import '../parts/checked.css'
import './compare.css'

/** So many rows of each group are listed; the command line has all. */
const LISTED = 100

export function CompareScreen() {
  useTitle('Compare')
  const search = compareSearchOf(useSearch({ from: '/compare' }))
  const navigate = useNavigate()
  const go = (change: Partial<CompareSearch>) =>
    void navigate({ to: '/compare', search: compareWords({ ...search, ...change }) })
  return (
    <div className="compare">
      <div className="screen-head">
        <h1>Compare</h1>
        <p className="quiet">Two runs, by the decision at which their rows parted.</p>
      </div>
      <ChooseRuns search={search} go={go} />
      {search.old !== null && search.new !== null && <Compared {...{ search, go }} old={search.old} now={search.new} />}
      {search.old !== null && (
        <WhatIf run={search.old} onDone={run => go({ new: run, group: 0, row: null, row_new: null })} />
      )}
      {search.old !== null && search.new !== null && (
        <Commands of={[['diff', commandRun(search.old), commandRun(search.new), ...keyWords(search), '--list', 10]]} />
      )}
    </div>
  )
}

const keyWords = ({ key }: CompareSearch) => key.flatMap(each => ['--key', each])

interface Props {
  readonly search: CompareSearch
  readonly old: string
  readonly now: string
  readonly go: (change: Partial<CompareSearch>) => void
}

function Compared({ search, old, now, go }: Props) {
  const query = { old, new: now, key: search.key, list: LISTED, list_by: 'group' }
  const { data, error, refetch } = useQuery({
    queryKey: ['diff', query],
    queryFn: ({ signal }) => get<RunDiff | Unsound>('/diff', query, signal),
    staleTime: 30_000,
  })
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Skeleton lines={8} height={2.5} />
  if (isUnsound(data)) return <UnsoundNotice of={data} what="one of these runs" />
  const group = data.groups[search.group]
  return (
    <>
      <DiffFigures of={data} />
      {data.groups.length > 0 && (
        <div className="compare-columns">
          <Groups of={data} at={search.group} onGroup={at => go({ group: at, row: null, row_new: null })} />
          {group !== undefined && <DifferingRows of={data} group={group} search={search} />}
        </div>
      )}
      {search.row !== null && search.row_new !== null && (
        <SideBySide
          key={`${search.row} ${search.row_new}`}
          old={{ run: data.old, row: search.row }}
          now={{ run: data.new, row: search.row_new }}
        />
      )}
    </>
  )
}
