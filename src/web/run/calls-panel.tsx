/** What was asked of services: how often, how long it took, LLM tokens, and cost. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
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
      >
        {groups.map(each => (
          <CallRow key={`${each.node} ${each.service} ${each.model}`} run={run} group={each} />
        ))}
      </Table>
    </Panel>
  )
}

function CallRow({ run, group }: { readonly run: string; readonly group: CallGroup }) {
  const { node, service, model, statuses, duration_us } = group
  return (
    <tr>
      <td>
        <Link to="/runs/$run/rows" params={{ run }} search={{ node }}>
          <Text of={node} />
        </Link>
      </td>
      <td>
        <Text of={service} />
        {model !== null && (
          <span className="quiet call-model">
            <Text of={model} />
          </span>
        )}
      </td>
      <td className="number">{countText(group.calls)}</td>
      <td>
        {Object.entries(statuses).map(([status, count]) => (
          <span key={status} className={`status-count ${status === 'ok' ? '' : 'toned tone-bad'}`}>
            {countText(count)} <Text of={status} />
          </span>
        ))}
      </td>
      <td className="number">{durationText(duration_us.p50)}</td>
      <td className="number">{durationText(duration_us.p95)}</td>
      <td className="number">{durationText(duration_us.max)}</td>
      <td className="number">
        {countText(group.input_tokens)} in
        <br />
        {countText(group.output_tokens)} out
      </td>
      <td className="number">{dollars(group.cost_usd)}</td>
    </tr>
  )
}
