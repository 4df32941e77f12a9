/** One run: what became of its rows, and where. */
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { isUnsound, runQuery } from '../app/queries.ts'
import { useTitle } from '../app/title.ts'
import { JsonView } from '../parts/json-view.tsx'
import { Skeleton } from '../parts/states.tsx'

export function RunScreen() {
  const { run } = useParams({ from: '/runs/$run/' })
  const { data } = useQuery(runQuery(run))
  useTitle('Run')
  if (data === undefined || isUnsound(data)) return <Skeleton lines={12} />
  return <JsonView value={data} />
}
