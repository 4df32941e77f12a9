/** Errors by where they were met and their code, with an example each. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ErrorGroup, ShownRun } from '../../api/runs.ts'
import { idText } from '../../model/part-ids.ts'
import { errorsQuery, isUnsound } from '../app/queries.ts'
import { Panel } from '../parts/panel.tsx'
import { ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'
import { Text } from '../parts/text.tsx'
import { countText } from '../parts/units.ts'

const MOST = 8

export function ErrorsPanel({ shown }: { readonly shown: ShownRun }) {
  const { run } = shown
  const { data, error, refetch } = useQuery(errorsQuery(run))
  const errors = data === undefined || isUnsound(data) ? [] : data.errors
  return (
    <Panel
      title="Errors"
      note="by node and code"
      flush
      actions={
        errors.length > 0 && (
          <Link to="/runs/$run/problems" params={{ run }} className="small">
            All problems
          </Link>
        )
      }
    >
      {error !== null && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && (
        <div className="panel-body">
          <Skeleton lines={3} height={2.4} />
        </div>
      )}
      {isUnsound(data) && <UnsoundNotice of={data} what="its errors" run={run} />}
      {data !== undefined && !isUnsound(data) && errors.length === 0 && (
        <p className="quiet panel-body small">No row met an error.</p>
      )}
      {errors.length > 0 && (
        <ul className="error-list">
          {errors.slice(0, MOST).map(each => (
            <ErrorItem key={`${each.node} ${each.code}`} run={run} group={each} />
          ))}
        </ul>
      )}
    </Panel>
  )
}

function ErrorItem({ run, group }: { readonly run: string; readonly group: ErrorGroup }) {
  const { node, code, count, example } = group
  return (
    <li>
      <Link to="/runs/$run/rows" params={{ run }} search={{ node, error_code: code }} className="error-count">
        {countText(count)}
        <span className="spoken"> rows with</span>
      </Link>
      <div>
        <p>
          <code className="error-code">
            <Text of={code} />
          </code>{' '}
          <span className="quiet">
            at <Text of={node} />
          </span>
        </p>
        {example !== null && (
          <p className="small quiet">
            {example.row === null ? (
              `token ${idText(example.token)}`
            ) : (
              <Link to="/runs/$run/rows/$row" params={{ run, row: String(example.row) }}>
                row {idText(example.row)}
              </Link>
            )}
            {example.message !== null && (
              <>
                {': '}
                <Text of={example.message} />
              </>
            )}
          </p>
        )}
      </div>
    </li>
  )
}
