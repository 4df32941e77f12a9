/** The story of a row, its lineage, and how its record stands. */
import { useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import type { ShownRun } from '../../api/runs.ts'
import type { ExplainedRow } from '../../api/story.ts'
import type { Story } from '../../read/explain/story.ts'
import { useNarrow } from '../app/narrow.ts'
import { isUnsound, planQuery, runQuery, soundOf, storyQuery } from '../app/queries.ts'
import { useTitle } from '../app/title.ts'
import { Commands, commandRun } from '../parts/command.tsx'
import { Panel } from '../parts/panel.tsx'
import { ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'
import { type RowsSearch, rowsSearchOf } from '../rows/rows-search.ts'
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
  return <StoryScreen run={run} path={`/rows/${encodeURIComponent(row)}`} what={`row ${row}`} search={search} />
}

/** Of a token one sees its row; a token that was born of a batch has none, and one sees the batch. */
export function TokenScreen() {
  const { run, token } = useParams({ from: '/runs/$run/tokens/$token' })
  useTitle(`Token ${token}`)
  return <StoryScreen run={run} path={`/tokens/${encodeURIComponent(token)}`} what={`token ${token}`} search={{}} />
}

interface ScreenProps {
  readonly run: string
  /** Of the story, behind that of its run. */
  readonly path: string
  readonly what: string
  readonly search: RowsSearch
}

function StoryScreen({ run, path, what, search }: ScreenProps) {
  const answer = useQuery(storyQuery(run, path))
  const plan = useQuery(planQuery(run))
  const { data: shown } = useQuery(runQuery(run))
  const sinks = soundOf(shown)?.sinks ?? {}
  const error = answer.error ?? plan.error
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void answer.refetch()} />
  if (answer.data === undefined || plan.data === undefined) return <Waiting />
  if (isUnsound(answer.data)) return <UnsoundNotice of={answer.data} what={what} run={run} />
  if (isUnsound(plan.data)) return <UnsoundNotice of={plan.data} what={`run ${run}`} run={run} />
  return <Told key={path} explained={answer.data} facts={{ plan: plan.data, paths: pathsOf(sinks) }} search={search} />
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
  readonly search: RowsSearch
}

function Told({ explained, facts, search }: Props) {
  const story = storyFrom(explained, facts)
  const narrow = useNarrow()
  const { row } = explained
  const token = story.tokens[0]?.token ?? 0
  const short = commandRun(story.run)
  const way = (
    <Panel title="Its way" className="lineage-panel">
      <LineageGraph of={lineageOf(story)} direction={narrow ? 'down' : 'across'} />
      {(story.tokens.length > 1 || story.onward.length > 0) && <LineageList story={story} />}
    </Panel>
  )
  return (
    <div className="row-screen">
      <RowHead story={story} plan={facts.plan} search={search} />
      {!narrow && way}
      <div className="row-story">
        <SubjectView story={story} rowOf={rowsOf(story)} />
        <OtherRuns run={story.run} row={row} repeats={explained.repeats ?? []} reruns={explained.reruns ?? []} />
        <Commands of={[row === null ? ['explain', short, '--token', token] : ['explain', short, '--row', row]]} />
      </div>
      <aside className="row-aside" aria-label="How its record stands">
        {row === null ? <BatchRecord /> : <RecordPanel run={story.run} row={row} story={story} />}
        {narrow && way}
      </aside>
    </div>
  )
}

function BatchRecord() {
  return (
    <Panel title="How its record stands">
      <p className="small">
        A batch is proven with the rows that went into it: open one of its members, and the proof there has this story
        as well.
      </p>
    </Panel>
  )
}

/** Rows of tokens that are shown here; any other token has an address of its own. */
function rowsOf(story: Story): (token: number) => number | null {
  const rows = new Map<number, number>()
  const take = ({ subject, tokens, onward }: Story) => {
    if (subject.kind === 'row') for (const { token } of tokens) rows.set(token, subject.row)
    for (const next of onward) take(next)
  }
  take(story)
  return token => rows.get(token) ?? null
}
