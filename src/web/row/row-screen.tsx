/** The story of a row, its lineage, and how its record stands. */
import { useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import type { Unsound } from '../../api/common.ts'
import type { ShownRun } from '../../api/runs.ts'
import type { ExplainedRow } from '../../api/story.ts'
import { get } from '../app/client.ts'
import { useNarrow } from '../app/narrow.ts'
import { isUnsound, planQuery, runQuery } from '../app/queries.ts'
import { useTitle } from '../app/title.ts'
import { Commands } from '../parts/command.tsx'
import { Panel } from '../parts/panel.tsx'
import { ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'
import { rowsSearchOf } from '../rows/rows-search.ts'
import { lineageOf } from './lineage.ts'
import { LineageGraph } from './lineage-graph.tsx'
import { LineageList } from './lineage-list.tsx'
import { OtherRuns } from './other-runs.tsx'
import { RecordPanel } from './record-panel.tsx'
import { RowHead } from './row-head.tsx'
import { type RunFacts, storyFrom } from './story-from-json.ts'
import { SubjectView } from './subject-view.tsx'
import '../parts/checked.css'
import './row.css'

export function RowScreen() {
  const { run, row } = useParams({ from: '/runs/$run/rows/$row' })
  const search = rowsSearchOf(useSearch({ from: '/runs/$run/rows/$row' }))
  useTitle(`Row ${row}`)
  const answer = useQuery({
    queryKey: ['row', run, row],
    queryFn: ({ signal }) => get<ExplainedRow | Unsound>(`/runs/${run}/rows/${encodeURIComponent(row)}`, {}, signal),
  })
  const plan = useQuery(planQuery(run))
  const { data: shown } = useQuery(runQuery(run))
  const sinks = shown === undefined || isUnsound(shown) ? {} : shown.sinks
  const error = answer.error ?? plan.error
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void answer.refetch()} />
  if (answer.data === undefined || plan.data === undefined) return <Waiting />
  if (isUnsound(answer.data)) return <UnsoundNotice of={answer.data} what={`row ${row}`} run={run} />
  if (isUnsound(plan.data)) return <UnsoundNotice of={plan.data} what={`run ${run}`} run={run} />
  return <Told key={row} explained={answer.data} facts={{ plan: plan.data, paths: pathsOf(sinks) }} search={search} />
}

function pathsOf(sinks: ShownRun['sinks']): ReadonlyMap<string, string> {
  return new Map(Object.entries(sinks).flatMap(([sink, { path }]) => (path === undefined ? [] : [[sink, path]])))
}

function Waiting() {
  return (
    <div className="row-screen">
      <div className="row-story">
        <Skeleton lines={2} height={2} width="60%" />
        <Skeleton lines={12} height={2.5} />
      </div>
      <aside className="row-aside">
        <Skeleton lines={8} height={2} />
      </aside>
    </div>
  )
}

interface Props {
  readonly explained: ExplainedRow
  readonly facts: RunFacts
  readonly search: ReturnType<typeof rowsSearchOf>
}

function Told({ explained, facts, search }: Props) {
  const story = storyFrom(explained, facts)
  const narrow = useNarrow()
  const row = explained.row ?? 0
  const short = story.run.slice(0, 13)
  const way = (
    <Panel title="Its way" className="lineage-panel">
      <LineageGraph of={lineageOf(story)} direction={narrow ? 'down' : 'across'} />
      <LineageList story={story} />
    </Panel>
  )
  return (
    <div className="row-screen">
      <RowHead story={story} plan={facts.plan} search={search} />
      {!narrow && way}
      <div className="row-story">
        <SubjectView story={story} rowOf={rowsOf(explained)} />
        <OtherRuns repeats={explained.repeats ?? []} reruns={explained.reruns ?? []} />
        <Commands of={[['explain', short, '--row', row]]} />
      </div>
      <aside className="row-aside" aria-label="How its record stands">
        <RecordPanel run={story.run} row={row} story={story} />
        {narrow && way}
      </aside>
    </div>
  )
}

/** Rows of tokens that the answer names: its own, and those on the other side of joins. */
function rowsOf(explained: ExplainedRow): (token: number) => number | null {
  const rows = new Map<number, number>()
  const take = (story: Pick<ExplainedRow, 'tokens' | 'onward' | 'row' | 'batch'>) => {
    for (const { token } of story.tokens) if (story.row !== null) rows.set(token, story.row)
    const { rows: members } = batchExtras(story.batch)
    for (const { token, row } of members ?? []) if (row !== null) rows.set(token, row)
    for (const next of story.onward ?? []) take(next)
  }
  take(explained)
  return token => rows.get(token) ?? null
}

interface BatchExtras {
  readonly rows?: ReadonlyArray<{ readonly token: number; readonly row: number | null }>
}

function batchExtras(batch: ExplainedRow['batch']): BatchExtras {
  // cast: the server may say of which rows its members are, which the shape of the answer leaves open.
  return (batch ?? {}) as BatchExtras
}
