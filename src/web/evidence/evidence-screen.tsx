/** How the record stands. */
import { useQuery } from '@tanstack/react-query'
import type { Evidence } from '../../api/evidence.ts'
import { get } from '../app/client.ts'
import { useTitle } from '../app/title.ts'
import { JsonView } from '../parts/json-view.tsx'
import { ErrorNotice, Skeleton } from '../parts/states.tsx'

export function EvidenceScreen() {
  useTitle('Evidence')
  const { data, error } = useQuery({
    queryKey: ['evidence'],
    queryFn: ({ signal }) => get<Evidence>('/evidence', {}, signal),
  })
  if (error !== null) return <ErrorNotice error={error} />
  if (data === undefined) return <Skeleton lines={12} />
  return (
    <>
      <h1>Evidence</h1>
      <JsonView value={data} />
    </>
  )
}
