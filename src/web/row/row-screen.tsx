/** The story of a row. */
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type { Unsound } from '../../api/common.ts'
import type { ExplainedRow } from '../../api/story.ts'
import { get } from '../app/client.ts'
import { isUnsound } from '../app/queries.ts'
import { useTitle } from '../app/title.ts'
import { JsonView } from '../parts/json-view.tsx'
import { ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'

export function RowScreen() {
  const { run, row } = useParams({ from: '/runs/$run/rows/$row' })
  useTitle(`Row ${row}`)
  const { data, error } = useQuery({
    queryKey: ['row', run, row],
    queryFn: ({ signal }) =>
      get<ExplainedRow | Unsound>(`/runs/${encodeURIComponent(run)}/rows/${encodeURIComponent(row)}`, {}, signal),
  })
  if (error !== null) return <ErrorNotice error={error} />
  if (data === undefined) return <Skeleton lines={12} />
  if (isUnsound(data)) return <UnsoundNotice of={data} what={`row ${row}`} run={run} />
  return <JsonView value={data.tokens} />
}
