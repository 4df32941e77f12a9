/** A run under way: its counts come by themselves; what they don't say is asked for again now and then, and all of it once the run is over. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { Unsound } from '../../api/common.ts'
import type { RunCounts } from '../../api/live.ts'
import type { ShownRun } from '../../api/runs.ts'
import { type Connection, useLive } from '../app/live.ts'
import { callsQuery, errorsQuery, isUnsound, runQuery, soundOf } from '../app/queries.ts'
import { againAfter, counted, type Met, metBy } from './run-counts.ts'
import { isSealed } from './sealed.ts'

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
  const refresh = useRefresh(run)
  const splitsChanged = useSplitsAgain(run)
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
        if (counts.status !== 'running') void refresh('all')
        else if (counts.splits !== undefined) splitsChanged()
      },
      // What is wrong is said by the answers themselves.
      failed: () => void refresh('all'),
    },
    // One that is stopped may be resumed, here or elsewhere.
    shown !== null && !isSealed(shown),
  )
  useQuery({
    queryKey: ['again', run],
    queryFn: async () => {
      const begun = performance.now()
      await refresh('changed')
      return performance.now() - begun
    },
    // It was asked for just now, which took no time.
    initialData: 0,
    staleTime: Number.POSITIVE_INFINITY,
    enabled: running,
    refetchInterval: ({ state }) => againAfter(connection === 'live', state.data ?? 0),
  })
  return { shown, connection: running ? connection : 'off', rows_per_second: running ? rate : null }
}

/** Asks again for what is shown of a run: all of it, or what may have changed since. */
function useRefresh(run: string): (what: 'all' | 'changed') => Promise<unknown> {
  const client = useQueryClient()
  const before = useRef<Met | null>(null)
  return what => {
    const shown = soundOf(client.getQueryData<ShownRun | Unsound>(runQuery(run).queryKey))
    const now = shown === undefined ? null : metBy(shown)
    const asked = [
      runQuery(run),
      ...(shown?.split_summary === undefined ? [] : [splitsOf(run)]),
      ...(what === 'all' || now?.errors !== before.current?.errors ? [errorsQuery(run)] : []),
      ...(what === 'all' || now?.calls !== before.current?.calls ? [callsQuery(run)] : []),
    ]
    before.current = now
    return Promise.all(asked.map(({ queryKey }) => client.invalidateQueries({ queryKey })))
  }
}

const splitsOf = (run: string) => ({ queryKey: ['splits', run] })

/** To be called when counts have come: the splits that are shown are asked for again, if that wasn't just now. */
function useSplitsAgain(run: string): () => void {
  const client = useQueryClient()
  const due_ms = useRef(0)
  return () => {
    const begun = performance.now()
    if (begun < due_ms.current) return
    due_ms.current = Number.POSITIVE_INFINITY
    void client.invalidateQueries(splitsOf(run)).finally(() => {
      const now = performance.now()
      due_ms.current = now + againAfter(true, now - begun)
    })
  }
}
