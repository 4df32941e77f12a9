/** What guards and limits did: what each allows, what was counted, what became of it; and each time that something stopped the run. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Interruption, Limits } from '../../api/limits.ts'
import type { ShownRun } from '../../api/runs.ts'
import { callsQuery, isUnsound, limitsQuery, soundOf } from '../app/queries.ts'
import { useSession } from '../app/session-context.tsx'
import { Icon, type IconName } from '../parts/icons.tsx'
import { Panel } from '../parts/panel.tsx'
import { ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'
import { Text } from '../parts/text.tsx'
import { Time } from '../parts/values.tsx'
import { guardLine, type LimitLine, serviceLines, spendLine, stopsText, stopWords } from './limit-lines.ts'

/** Of a run under way, how often it is asked for. */
const AGAIN_MS = 10_000

export function LimitsPanel({ shown }: { readonly shown: ShownRun }) {
  const { run, status } = shown
  const again = status === 'running' ? AGAIN_MS : false
  const { data, error, refetch } = useQuery({ ...limitsQuery(run, status), refetchInterval: again })
  const { data: calls } = useQuery({ ...callsQuery(run), enabled: shown.calls !== undefined })
  const limits = soundOf(data)
  const uses = soundOf(calls)?.services ?? []
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />
  if (isUnsound(data)) return <UnsoundNotice of={data} what="its limits" run={run} />
  const spend = limits === undefined ? null : spendLine(limits)
  const lines = [
    ...(limits?.said?.guards ?? []).map(guardLine),
    ...(limits?.said?.services ?? []).flatMap(each =>
      serviceLines(each, uses.find(({ service }) => service === each.service) ?? null),
    ),
    ...(spend === null ? [] : [spend]),
  ]
  return (
    <Panel title="Guards and limits" flush note={limits === undefined ? '' : stopsText(limits.interruptions.length)}>
      {limits === undefined ? (
        <div className="panel-body">
          <Skeleton lines={3} height={2.4} />
        </div>
      ) : (
        <>
          {limits.said === null && <Unsaid />}
          {limits.said !== null && lines.length === 0 && <p className="quiet panel-body small">It has none.</p>}
          {lines.length > 0 && (
            <ul className="limit-list">
              {lines.map(each => (
                <LimitItem key={each.key} run={run} line={each} />
              ))}
            </ul>
          )}
          <Stops of={limits.interruptions} />
        </>
      )}
    </Panel>
  )
}

function Unsaid() {
  const { role } = useSession()
  return (
    <p className="quiet panel-body small">
      {role === 'viewer'
        ? 'What they allow stands in the plan, which the role analyst shows.'
        : 'What they allowed isn’t known: the plan is erased, or variables said it.'}
    </p>
  )
}

const ICONS: { readonly [tone in LimitLine['tone']]: IconName } = {
  good: 'check',
  bad: 'diamond',
  open: 'ring',
  passed: 'dash',
}

function LimitItem({ run, line }: { readonly run: string; readonly line: LimitLine }) {
  const { count, search, what, of, allows, did, tone } = line
  return (
    <li>
      {search === null ? (
        <b className="limit-count">{count}</b>
      ) : (
        <Link to="/runs/$run/rows" params={{ run }} search={search} className="limit-count">
          {count}
        </Link>
      )}
      <div>
        <div className="limit-head">
          <p>
            {what}
            {of !== null && (
              <span className="quiet">
                {' · '}
                <Text of={of} />
              </span>
            )}
          </p>
          <span className={`badge bare tone-${tone}`}>
            <Icon name={ICONS[tone]} size={12} />
            <span>{did}</span>
          </span>
        </div>
        <p className="quiet small">
          <Text of={allows} />
        </p>
      </div>
    </li>
  )
}

function Stops({ of }: { readonly of: Limits['interruptions'] }) {
  if (of.length === 0) return null
  return (
    <ul className="stop-list small" aria-label="When it stopped">
      {of.map(each => (
        <li key={`${each.stopped_at} ${each.resumed_at}`}>
          <StopLine of={each} />
        </li>
      ))}
    </ul>
  )
}

function StopLine({ of }: { readonly of: Interruption }) {
  const { stopped_at, resumed_at } = of
  return (
    <>
      <p>
        {stopped_at === null ? (
          'Interrupted'
        ) : (
          <>
            Stopped <Time at={stopped_at} />
          </>
        )}
        {': '}
        <Text of={stopWords(of)} />
      </p>
      {resumed_at !== null && (
        <p className="quiet">
          Resumed <Time at={resumed_at} />
        </p>
      )}
    </>
  )
}
