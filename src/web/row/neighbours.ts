/** The rows before and after one, among those that fit the filter by which the reader came. */
import { useQuery } from '@tanstack/react-query'
import type { Unsound } from '../../api/common.ts'
import type { RowsPage } from '../../api/rows.ts'
import { partOf } from '../../model/part-ids.ts'
import { get } from '../app/client.ts'
import { isUnsound } from '../app/queries.ts'
import { filterQuery, type RowsSearch } from '../rows/rows-search.ts'

export interface Neighbour {
  readonly row: number
  /** Its place among those that fit. */
  readonly at: number
}

interface Neighbours {
  readonly before: Neighbour | null
  readonly after: Neighbour | null
  readonly matches: RowsPage['matches']
}

/** null until they are known, and where the row isn't at that place any more, or nothing says at which it is. */
export function useNeighbours(run: string, row: number, search: RowsSearch): Neighbours | null {
  // Without a filter rows stand in the order of their numbers, from 1 in a run without splits.
  const at = search.at ?? row - 1
  const from = Math.max(0, at - 1)
  const query = { ...filterQuery(search), at: from, limit: 3 }
  const { data } = useQuery({
    enabled: search.at !== undefined || partOf(row) === 0,
    queryKey: ['neighbours', run, JSON.stringify(query)],
    queryFn: ({ signal }) => get<RowsPage | Unsound>(`/runs/${run}/rows`, query, signal),
  })
  if (data === undefined || isUnsound(data)) return null
  const here = data.rows.findIndex(each => each.row === row)
  if (here < 0) return null
  const neighbour = (step: number) => {
    const line = data.rows[here + step]
    return line === undefined ? null : { row: line.row, at: from + here + step }
  }
  return { before: neighbour(-1), after: neighbour(1), matches: data.matches }
}
