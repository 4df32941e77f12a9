/** The graph of a run, as a picture or as a table; which of them stands in the URL. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { Plan, ShownRun } from '../../api/runs.ts'
import { useNarrow } from '../app/narrow.ts'
import { isUnsound, planQuery } from '../app/queries.ts'
import { oneOf } from '../app/search-words.ts'
import { Panel } from '../parts/panel.tsx'
import { ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'
import { countText } from '../parts/units.ts'
import type { Laid } from './graph-layout.ts'
import { countsOf, discardedIn, type Graph, graphOf, READABLE, shownGraph, sinkClass } from './graph-model.ts'
import { NodeTable } from './node-table.tsx'
import './graph.css'

const drawing = () => import('./flow-graph.tsx')
const FlowGraph = lazy(drawing)
const WAITING_PX = 360

export function GraphPanel({ shown, rate }: { readonly shown: ShownRun; readonly rate: number | null }) {
  const narrow = useNarrow()
  const search = useSearch({ from: '/runs/$run/' })
  const navigate = useNavigate({ from: '/runs/$run/' })
  const { data, error, refetch } = useQuery(planQuery(shown.run))
  // While a run goes on every way has its place, since it may be taken yet: nothing moves then.
  const [startedLive] = useState(shown.status === 'running')
  const all = (oneOf(search, 'ways') ?? (startedLive ? 'all' : 'taken')) === 'all'
  const view = oneOf(search, 'view') ?? (narrow ? 'table' : 'graph')
  // What draws it is asked for together with the plan.
  useEffect(() => {
    if (view === 'graph') Promise.all([loaded().then(({ warmUp }) => warmUp()), drawing()]).catch(console.warn)
  }, [view])
  const set = (words: { readonly [key: string]: string }) =>
    void navigate({ search: { ...search, ...words }, replace: true, resetScroll: false })
  const choice = (key: string, value: string, label: string, chosen: boolean) => (
    <button type="button" className="choice" aria-pressed={chosen} onClick={() => set({ [key]: value })}>
      {label}
    </button>
  )
  return (
    <Panel
      title="Flow"
      flush
      className="graph-panel"
      note={
        shown.status === 'running' ? (
          <span role="status">{rate === null ? 'running' : `${countText(Math.round(rate))} rows/s`}</span>
        ) : (
          'Each node, way and number leads to its rows'
        )
      }
      actions={
        <>
          <fieldset className="choices">
            <legend className="spoken">Ways for errors</legend>
            {choice('ways', 'taken', 'ways taken', !all)}
            {choice('ways', 'all', 'all ways', all)}
          </fieldset>
          <fieldset className="choices">
            <legend className="spoken">View</legend>
            {choice('view', 'graph', 'graph', view === 'graph')}
            {choice('view', 'table', 'table', view === 'table')}
          </fieldset>
        </>
      }
    >
      {error !== null && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton height={WAITING_PX / 16} />}
      {isUnsound(data) && <UnsoundNotice of={data} what="the plan" run={shown.run} />}
      {data !== undefined && !isUnsound(data) && <Flow shown={shown} plan={data} all={all} view={view} />}
    </Panel>
  )
}

interface FlowProps {
  readonly shown: ShownRun
  readonly plan: Plan
  readonly all: boolean
  readonly view: string
}

function Flow({ shown, plan, all, view }: FlowProps) {
  const full = useMemo(() => graphOf(plan), [plan])
  const counts = useMemo(() => countsOf(shown.nodes), [shown.nodes])
  const graph = useStable(useMemo(() => shownGraph(full, counts, all), [full, counts, all]))
  const ends = useMemo(() => (sink: string) => sinkClass(shown.endings, sink), [shown.endings])
  if (view === 'table') return <NodeTable run={shown.run} graph={graph} counts={counts} ends={ends} />
  return <Picture shown={shown} graph={graph} counts={counts} ends={ends} discarded={discardedIn(graph, counts)} />
}

/** The same object while the same nodes and edges are shown, so that counts alone move nothing. */
function useStable(graph: Graph): Graph {
  const ref = useRef(graph)
  if (ref.current !== graph && namesIn(ref.current) !== namesIn(graph)) ref.current = graph
  return ref.current
}

const namesIn = ({ nodes, edges }: Graph) => [...nodes.map(each => each.name), ...edges.map(each => each.id)].join('\n')

interface PictureProps {
  readonly shown: ShownRun
  readonly graph: Graph
  readonly counts: ReturnType<typeof countsOf>
  readonly ends: (sink: string) => 'success' | 'failure' | null
  readonly discarded: number
}

function Picture({ shown, graph, counts, ends, discarded }: PictureProps) {
  const ref = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => setWidth(ref.current?.clientWidth ?? 0), [])
  const { data: laid, error } = useQuery({
    queryKey: ['layout', namesIn(graph), width],
    queryFn: () => placed(graph, width),
    enabled: width > 0,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const height = laid === undefined ? WAITING_PX : heightOf(laid, width)
  return (
    <div ref={ref} className="picture" style={{ height }}>
      {laid === undefined && error === null && <Skeleton height={WAITING_PX / 15} />}
      {error !== null && (
        <ErrorNotice error={new Error('The graph couldn’t be drawn. The table beside it has the same.')} />
      )}
      {laid !== undefined && (
        <Suspense fallback={<Skeleton height={height / 15} />}>
          <FlowGraph
            key={namesIn(graph)}
            run={shown.run}
            graph={graph}
            laid={laid}
            width={width}
            counts={counts}
            discarded={discarded}
            ends={ends}
          />
        </Suspense>
      )}
    </div>
  )
}

const HIGHEST_PX = 900
const LOWEST_PX = 180

const loaded = () => import('./graph-layout.ts')

async function placed(graph: Graph, width: number): Promise<Laid> {
  const { directionFor, layout } = await loaded()
  return layout(graph, directionFor(graph, width))
}

function heightOf({ width, height }: Laid, available: number): number {
  const scale = Math.max(READABLE, Math.min(1, available / Math.max(1, width)))
  return Math.min(HIGHEST_PX, Math.max(LOWEST_PX, Math.ceil(height * scale * 1.04)))
}
