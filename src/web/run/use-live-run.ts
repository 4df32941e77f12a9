/** A run under way: its counts come by themselves; once it is over, all of it is asked for again. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { RunCounts } from '../../api/live.ts'
import type { ShownRun } from '../../api/runs.ts'
import { type Connection, useLive } from '../app/live.ts'
import { callsQuery, errorsQuery, isUnsound, runQuery, soundOf } from '../app/queries.ts'

/** What is asked for again where the server can't report. */
const WITHOUT_REPORTS_MS = 3_000
/** Errors, calls and endings need a look at the ledger: less often than counts. */
const REST_MS = 5_000

interface LiveRun {
  readonly shown: ShownRun | null
  readonly connection: Connection
  /** null while it isn't known. */
  readonly rows_per_second: number | null
}

export function useLiveRun(run: string): LiveRun {
  const client = useQueryClient()
  const [rate, setRate] = useState<number | null>(null)
  const { data } = useQuery(runQuery(run))
  const shown = soundOf(data) ?? null
  const running = shown?.status === 'running'
  const refresh = () =>
    Promise.all(
      [runQuery(run), errorsQuery(run), callsQuery(run)].map(each =>
        client.invalidateQueries({ queryKey: each.queryKey }),
      ),
    )
  const connection = useLive(
    `/runs/${encodeURIComponent(run)}/live`,
    {
      counts: data => {
        // cast: events have the shapes of src/api/live.ts.
        const counts = data as RunCounts
        setRate(counts.rows_per_second)
        client.setQueryData(runQuery(run).queryKey, old =>
          old === undefined || isUnsound(old) ? old : counted(old, counts),
        )
        if (counts.status !== 'running') void refresh()
      },
      // What is wrong is said by the answers themselves.
      failed: () => void refresh(),
    },
    running,
  )
  useQuery({
    queryKey: ['again', run],
    queryFn: () => refresh().then(() => Date.now()),
    enabled: running,
    refetchInterval: connection === 'live' ? REST_MS : WITHOUT_REPORTS_MS,
  })
  return { shown, connection, rows_per_second: running ? rate : null }
}

function counted(shown: ShownRun, counts: RunCounts): ShownRun {
  const { status, rows, tokens, failed_rows, nodes, duration_ms } = counts
  return { ...shown, status, rows, tokens, failed_rows, nodes, duration_ms }
}
