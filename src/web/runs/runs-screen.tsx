/** The runs of the ledger, newest first. */
import { useQuery } from '@tanstack/react-query'
import type { RunLine, UnreadableRun } from '../../api/runs.ts'
import { get } from '../app/client.ts'

export function RunsScreen() {
  const { data, error } = useQuery({
    queryKey: ['runs'],
    queryFn: ({ signal }) => get<ReadonlyArray<RunLine | UnreadableRun>>('/runs', {}, signal),
  })
  if (error !== null) return <p role="alert">{error.message}</p>
  return (
    <main>
      <h1>Runs</h1>
      <ul>
        {data?.map(each => (
          <li key={each.run}>{'problem' in each ? each.problem : `${each.name}: ${each.status}`}</li>
        ))}
      </ul>
    </main>
  )
}
