/** What was asked of services: how often, how long it took, LLM tokens, and cost. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Fragment, type ReactNode } from 'react'
import type { CallGroup, ShownRun } from '../../api/runs.ts'
import { dollars } from '../../read/words/text.ts'
import { callsQuery, isUnsound } from '../app/queries.ts'
import { Panel } from '../parts/panel.tsx'
import { ErrorNotice, UnsoundNotice } from '../parts/states.tsx'
import { Table } from '../parts/table.tsx'
import { Text } from '../parts/text.tsx'
import { counted, countText, durationText } from '../parts/units.ts'

/** Nothing where nothing was asked. */
export function CallsPanel({ shown }: { readonly shown: ShownRun }) {
  const { run } = shown
  const asked = shown.calls !== undefined
  const { data, error, refetch } = useQuery({ ...callsQuery(run), enabled: asked })
  if (!asked) return null
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />
  if (isUnsound(data)) return <UnsoundNotice of={data} what="its calls" run={run} />
  const groups = data?.groups ?? []
  return (
    <Panel
      title="Calls"
      flush
      note={data === undefined ? '' : `${counted(data.calls, 'call')} · ${dollars(data.cost_usd)}`}
    >
      <Table
        label="Calls by node and service"
        columns={[
          'Node',
          'Service',
          { number: 'Calls' },
          'Answers',
          { number: 'Median' },
          { number: '95 %' },
          { number: 'Longest' },
          { number: 'LLM tokens' },
          { number: 'Cost' },
        ]}
        rows={groups.map(each => ({
          key: `${each.node} ${each.service} ${each.model}`,
          cells: cellsOf(each, run),
        }))}
      />
    </Panel>
  )
}

function cellsOf(group: CallGroup, run: string): readonly ReactNode[] {
  const { node, service, model, duration_us } = group
  return [
    <Link key="node" to="/runs/$run/rows" params={{ run }} search={{ node }}>
      <Text of={node} />
    </Link>,
    <Fragment key="service">
      <Text of={service} />
      {model !== null && (
        <span className="quiet call-model">
          <Text of={model} />
        </span>
      )}
    </Fragment>,
    countText(group.calls),
    <Answers key="answers" of={group.statuses} />,
    durationText(duration_us.p50),
    durationText(duration_us.p95),
    durationText(duration_us.max),
    <Fragment key="tokens">
      {countText(group.input_tokens)} in
      <br />
      {countText(group.output_tokens)} out
    </Fragment>,
    dollars(group.cost_usd),
  ]
}

function Answers({ of }: { readonly of: CallGroup['statuses'] }) {
  return Object.entries(of).map(([status, count]) => (
    <span key={status} className={`status-count ${status === 'ok' ? '' : 'toned tone-bad'}`}>
      {countText(count)} <Text of={status} />
    </span>
  ))
}
