/** The header of a run and its tabs, above each of its screens. A run can be named as commands name it; its URL then has its whole id. */
import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useNavigate, useParams, useRouterState } from '@tanstack/react-router'
import { useEffect } from 'react'
import type { ShownRun } from '../../api/runs.ts'
import { StatusBadge } from '../parts/badges.tsx'
import { ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'
import { Text } from '../parts/text.tsx'
import { counted, countText, durationText } from '../parts/units.ts'
import { Ago, RunIdText } from '../parts/values.tsx'
import { useKeys } from './keys.ts'
import { isUnsound, runQuery, soundOf } from './queries.ts'

export function RunLayout() {
  const name = useParams({ strict: false }).run ?? ''
  const { data, error, refetch } = useQuery(runQuery(name))
  const shown = soundOf(data) ?? null
  const run = shown?.run ?? name
  const navigate = useNavigate()
  const path = useRouterState({ select: state => state.location.pathname })
  useEffect(() => {
    const [, , named, ...rest] = path.split('/')
    // What commands call `latest` may be another run tomorrow.
    if (shown !== null && named === name && name !== shown.run)
      void navigate({ to: ['/runs', shown.run, ...rest].join('/'), search: true, replace: true })
  }, [shown, name, path, navigate])
  const go = (to: '/runs/$run' | '/runs/$run/rows' | '/runs/$run/problems') => () =>
    void navigate({ to, params: { run } })
  useKeys([
    { keys: 'g o', what: 'Overview of this run', do: go('/runs/$run') },
    { keys: 'g w', what: 'Rows of this run', do: go('/runs/$run/rows') },
    { keys: 'g p', what: 'Problems of this run', do: go('/runs/$run/problems') },
  ])
  if (error !== null)
    return (
      <>
        <div className="run-head">
          <h1>
            Run <Text of={name} />
          </h1>
        </div>
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      </>
    )
  return (
    <>
      <RunHead shown={shown} unsound={isUnsound(data)} name={name} />
      <Tabs run={run} failed={shown?.failed_rows ?? 0} />
      {isUnsound(data) ? <UnsoundNotice of={data} what={`run ${name}`} run={name} /> : <Outlet />}
    </>
  )
}

function RunHead({
  shown,
  unsound,
  name,
}: {
  readonly shown: ShownRun | null
  readonly unsound: boolean
  readonly name: string
}) {
  return (
    <header>
      <div className="run-head">
        <h1>
          {shown === null ? (
            unsound ? (
              `Run ${name}`
            ) : (
              <Skeleton width="14rem" height={1.5} />
            )
          ) : (
            <Text of={shown.name} />
          )}
        </h1>
        {shown !== null && <StatusBadge status={shown.status} />}
      </div>
      <div className="run-facts">
        {shown !== null && (
          <>
            <RunIdText run={shown.run} />
            <span>
              started <Ago at={shown.started_at} />
            </span>
            <span>{durationText(shown.duration_ms * 1000)}</span>
            <span>{counted(shown.rows.read, 'row')}</span>
            {shown.tokens.open > 0 && <span>{countText(shown.tokens.open)} not ended yet</span>}
          </>
        )}
      </div>
    </header>
  )
}

function Tabs({ run, failed }: { readonly run: string; readonly failed: number }) {
  const params = { run }
  return (
    <nav className="tabs" aria-label="Of this run">
      <Link to="/runs/$run" params={params} activeOptions={{ exact: true, includeSearch: false }}>
        Overview
      </Link>
      <Link to="/runs/$run/rows" params={params} activeOptions={{ includeSearch: false }}>
        Rows
      </Link>
      <Link to="/runs/$run/problems" params={params} activeOptions={{ includeSearch: false }}>
        Problems {failed > 0 && <span className="count failure">{countText(failed)}</span>}
      </Link>
      <Link to="/compare" search={{ new: run }}>
        Compare
      </Link>
      <Link to="/evidence" search={{ run }}>
        Evidence
      </Link>
    </nav>
  )
}
