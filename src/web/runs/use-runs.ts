/** The runs that fit, page by page, and what changes of them while somebody looks. */
import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useRef } from 'react'
import type { RunChanged } from '../../api/live.ts'
import { getPage, urlOf } from '../app/client.ts'
import { type Connection, useLive } from '../app/live.ts'
import { type Line, linesOf, type RunsPage, withChange, withFirst } from './run-list.ts'

export interface RunsFilter {
  readonly name: string | null
  readonly status: string | null
}

const PAGE = 100
/** Many runs may begin or end at once; their lines are asked for together. */
const TOGETHER_MS = 400

export function useRuns(filter: RunsFilter) {
  const client = useQueryClient()
  const key = ['runs', filter.name, filter.status]
  const first = urlOf('/runs', { ...filter, limit: PAGE })
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => getPage<readonly Line[]>(pageParam, signal),
    initialPageParam: first,
    getNextPageParam: (page: RunsPage) => page.next,
  })
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const change = (to: (pages: readonly RunsPage[]) => readonly RunsPage[]) =>
    client.setQueryData<InfiniteData<RunsPage, string>>(key, old =>
      old === undefined ? old : { ...old, pages: [...to(old.pages)] },
    )
  const refresh = () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      // A refusal is reported by the connection, which is lost then, too.
      getPage<readonly Line[]>(first).then(page => change(pages => withFirst(pages, page)), console.warn)
    }, TOGETHER_MS)
  }
  const connection: Connection = useLive('/live', {
    run: data => {
      // cast: events have the shapes of src/api/live.ts.
      const run = data as RunChanged
      let more = false
      change(pages => {
        const changed = withChange(pages, run)
        more = changed.more
        return changed.pages
      })
      if (more && fits(run, filter)) refresh()
    },
  })
  const lines = useMemo(() => linesOf(query.data?.pages ?? []), [query.data])
  return { query, lines, connection }
}

function fits({ name, status }: RunChanged, filter: RunsFilter): boolean {
  return (filter.name ?? name) === name && (filter.status ?? status) === status
}
