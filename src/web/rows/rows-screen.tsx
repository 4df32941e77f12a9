/** Rows of a run that fit what the URL asks for. */
import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import type { Unsound } from '../../api/common.ts'
import type { RowsPage } from '../../api/rows.ts'
import { get } from '../app/client.ts'
import { isUnsound } from '../app/queries.ts'
import { useTitle } from '../app/title.ts'
import { ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'

export function RowsScreen() {
  const { run } = useParams({ from: '/runs/$run/rows' })
  const search = useSearch({ from: '/runs/$run/rows' })
  useTitle('Rows')
  const { data, error } = useQuery({
    queryKey: ['rows', run, search],
    queryFn: ({ signal }) => get<RowsPage | Unsound>(`/runs/${encodeURIComponent(run)}/rows`, search, signal),
  })
  if (error !== null) return <ErrorNotice error={error} />
  if (data === undefined) return <Skeleton lines={12} />
  if (isUnsound(data)) return <UnsoundNotice of={data} what={`run ${run}`} run={run} />
  return (
    <ul>
      {data.rows.map(each => (
        <li key={each.row}>
          <Link to="/runs/$run/rows/$row" params={{ run, row: String(each.row) }}>
            Row {each.row}
          </Link>
        </li>
      ))}
    </ul>
  )
}
