/** Two runs, by where their rows parted. */
import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import type { Unsound } from '../../api/common.ts'
import type { RunDiff } from '../../api/diff.ts'
import { get } from '../app/client.ts'
import { isUnsound } from '../app/queries.ts'
import { useTitle } from '../app/title.ts'
import { JsonView } from '../parts/json-view.tsx'
import { Empty, ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'

export function CompareScreen() {
  const search = useSearch({ from: '/compare' })
  useTitle('Compare')
  const ready = search.old !== undefined && search.new !== undefined
  const { data, error } = useQuery({
    queryKey: ['diff', search],
    queryFn: ({ signal }) => get<RunDiff | Unsound>('/diff', search, signal),
    enabled: ready,
  })
  if (!ready) return <Empty title="Choose two runs">Select them in the list of runs.</Empty>
  if (error !== null) return <ErrorNotice error={error} />
  if (data === undefined) return <Skeleton lines={12} />
  if (isUnsound(data)) return <UnsoundNotice of={data} what="one of these runs" />
  return (
    <>
      <h1>Compare</h1>
      <JsonView value={data.groups} />
    </>
  )
}
