/** What ended in failure, grouped by where and why. */
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { errorsQuery, isUnsound } from '../app/queries.ts'
import { useTitle } from '../app/title.ts'
import { JsonView } from '../parts/json-view.tsx'
import { ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'

export function ProblemsScreen() {
  const { run } = useParams({ from: '/runs/$run/problems' })
  useTitle('Problems')
  const { data, error } = useQuery(errorsQuery(run))
  if (error !== null) return <ErrorNotice error={error} />
  if (data === undefined) return <Skeleton lines={12} />
  if (isUnsound(data)) return <UnsoundNotice of={data} what={`run ${run}`} run={run} />
  return <JsonView value={data.errors} />
}
