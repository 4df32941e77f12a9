/** The story of a row, its lineage, and how its record stands. */
import { useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import type { Unsound } from '../../api/common.ts'
import type { Plan } from '../../api/runs.ts'
import type { ExplainedRow } from '../../api/story.ts'
import { get } from '../app/client.ts'
import { isUnsound, planQuery } from '../app/queries.ts'
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
import { storyFrom } from './story-from-json.ts'
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
  const error = answer.error ?? plan.error
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void answer.refetch()} />
  if (answer.data === undefined || plan.data === undefined) return <Waiting />
  if (isUnsound(answer.data)) return <UnsoundNotice of={answer.data} what={`row ${row}`} run={run} />
  if (isUnsound(plan.data)) return <UnsoundNotice of={plan.data} what={`run ${run}`} run={run} />
  return <Told key={row} explained={answer.data} plan={plan.data} search={search} />
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
  readonly plan: Plan
  readonly search: ReturnType<typeof rowsSearchOf>
}

function Told({ explained, plan, search }: Props) {
  const story = storyFrom(explained, plan)
  const lineage = lineageOf(story)
  const row = explained.row ?? 0
  const short = story.run.slice(0, 13)
  return (
    <div className="row-screen">
      <RowHead story={story} plan={plan} search={search} />
      <div className="row-story">
        <SubjectView story={story} rowOf={rowsOf(explained)} />
        <OtherRuns repeats={explained.repeats ?? []} reruns={explained.reruns ?? []} />
        <Commands of={[['explain', short, '--row', row]]} />
      </div>
      <aside className="row-aside">
        <RecordPanel run={story.run} row={row} story={story} />
        <Panel title="Its way" className="lineage-panel">
          <LineageGraph of={lineage} />
          <LineageList story={story} />
        </Panel>
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
