/**
 * The rows that fit, window by window, as they are scrolled to. Where the server knows how many fit, any window is asked for by its place;
 * else it looks the run through, and the rows come one page after another.
 */
import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Unsound } from '../../api/common.ts'
import type { RowLine, RowsPage } from '../../api/rows.ts'
import { get } from '../app/client.ts'
import { isUnsound } from '../app/queries.ts'
import { filterQuery, type RowsSearch } from './rows-search.ts'

/** Rows of a window. */
const WINDOW = 100
/** How long the reader must rest somewhere before it is asked what stands there: who drags the bar passes by a lot. */
const REST_MS = 70
/** While a run is under way, or being indexed. */
const AGAIN_MS = 3_000

interface Timed {
  readonly page: RowsPage | Unsound
  readonly took_ms: number
}

async function timed(run: string, search: RowsSearch, place: Place, signal: AbortSignal): Promise<Timed> {
  const began = performance.now()
  const query = { ...filterQuery(search), ...place, limit: WINDOW }
  const page = await get<RowsPage | Unsound>(`/runs/${run}/rows`, query, signal)
  return { page, took_ms: performance.now() - began }
}

/** The cursor of the first page. */
const FIRST: string | null = null

type Place = { readonly at: number } | { readonly cursor: string | null }

/** First and last, as shown. */
export type Span = readonly [from: number, to: number]

export interface RowPages {
  readonly error: unknown
  readonly unsound: Unsound | null
  /** The latest page: how many fit, and how far it was looked; undefined until there is one. */
  readonly page: RowsPage | undefined
  readonly took_ms: number
  /** Rows that can be scrolled to. */
  readonly count: number
  /** Whether more may follow, which only going on shows. */
  readonly goes_on: boolean
  /** Whether it looks for more at present. */
  readonly looking: boolean
  readonly lineAt: (index: number) => RowLine | undefined
  /** All that have come, in no order. */
  readonly lines: readonly RowLine[]
  readonly again: () => void
}

export interface Asked {
  readonly run: string
  readonly search: RowsSearch
  /** What is seen now. */
  readonly span: Span
  readonly live: boolean
  /** Whether to look no further. */
  readonly stopped: boolean
}

export function useRowPages({ run, search, span, live, stopped }: Asked): RowPages {
  const filter = JSON.stringify(filterQuery(search))
  const first = useQuery({
    queryKey: ['rows', run, filter, 0],
    queryFn: ({ signal }) => timed(run, search, { at: 0 }, signal),
    refetchInterval: ({ state }) => (live || isIndexed(sound(state.data)) ? AGAIN_MS : false),
  })
  const page = sound(first.data)
  const is_exact = page?.matches.exact === true
  const placed = usePlaced({ run, search, filter, span, live, is_exact, count: page?.matches.count ?? 0 })
  const following = useFollowing({ run, search, filter, span, live, first: first.data, is_exact, stopped })
  const windows = new Map([[0, page?.rows ?? []], ...placed.windows])
  const shared = {
    error: first.error ?? placed.error ?? following.error,
    unsound: isUnsound(first.data?.page) ? first.data.page : (placed.unsound ?? following.unsound),
    took_ms: first.data?.took_ms ?? 0,
    again: () => void first.refetch(),
  }
  if (page === undefined || is_exact)
    return {
      ...shared,
      page,
      count: page?.matches.count ?? 0,
      goes_on: false,
      looking: first.isFetching,
      lineAt: index => windows.get(Math.floor(index / WINDOW))?.[index % WINDOW],
      lines: [...windows.values()].flat(),
    }
  return {
    ...shared,
    page: following.latest ?? page,
    count: following.rows.length,
    goes_on: following.goes_on,
    looking: following.looking,
    lineAt: index => following.rows[index],
    lines: following.rows,
  }
}

/** Whether the index is being built just now. A search that reads the rows meanwhile isn't begun anew for that. */
function isIndexed(page: RowsPage | undefined): boolean {
  return page?.index.state === 'building' && page.matches.exact
}

function sound(timed: Timed | undefined): RowsPage | undefined {
  return timed === undefined || isUnsound(timed.page) ? undefined : timed.page
}

interface Placing extends Omit<Asked, 'stopped'> {
  readonly filter: string
  readonly is_exact: boolean
  readonly count: number
}

/** Windows that are seen, by their number; the first one is known already. */
function usePlaced({ run, search, filter, span, live, is_exact, count }: Placing) {
  const [from, to] = useRested(span)
  const last = Math.floor(Math.min(to, count - 1) / WINDOW)
  const numbers: number[] = []
  for (let number = Math.max(1, Math.floor(from / WINDOW)); is_exact && number <= last; number++) numbers.push(number)
  const found = useQueries({
    queries: numbers.map(number => ({
      queryKey: ['rows', run, filter, number],
      queryFn: ({ signal }: { signal: AbortSignal }) => timed(run, search, { at: number * WINDOW }, signal),
      refetchInterval: live ? AGAIN_MS : (false as const),
    })),
  })
  const unsound = found.map(each => each.data?.page).find(isUnsound)
  return {
    windows: numbers.map((number, i) => [number, sound(found[i]?.data)?.rows ?? []] as const),
    error: found.find(each => each.error !== null)?.error ?? null,
    unsound: unsound ?? null,
  }
}

function useRested([from, to]: Span): Span {
  const [rested, setRested] = useState<Span>([from, to])
  useEffect(() => {
    const timer = setTimeout(() => setRested([from, to]), REST_MS)
    return () => clearTimeout(timer)
  }, [from, to])
  return rested
}

interface Following extends Asked {
  readonly filter: string
  readonly first: Timed | undefined
  readonly is_exact: boolean
}

/** The latest of pages that follow each other, with how far all of them looked. */
function lookedThrough(pages: ReadonlyArray<RowsPage | undefined>): RowsPage | undefined {
  const latest = pages.at(-1)
  if (latest === undefined) return undefined
  const { of } = latest.looked_at
  const rows = pages.reduce((sum, page) => sum + (page?.looked_at.rows ?? 0), 0)
  return { ...latest, looked_at: { rows: Math.min(rows, of), of } }
}

/** Pages one after another, until what is seen is filled. */
function useFollowing({ run, search, filter, span, live, first, is_exact, stopped }: Following) {
  const is_on = first !== undefined && !isUnsound(first.page) && !is_exact
  const query = useInfiniteQuery({
    queryKey: ['rows', run, filter, 'following'],
    queryFn: ({ pageParam, signal }) => timed(run, search, { cursor: pageParam }, signal),
    initialPageParam: FIRST,
    getNextPageParam: last => sound(last)?.next_cursor ?? null,
    ...(is_on ? { initialData: { pages: [first], pageParams: [null] } } : {}),
    enabled: is_on,
    staleTime: Number.POSITIVE_INFINITY,
    // All pages are asked for again, one after another: the more there are, the less often.
    refetchInterval: ({ state }) => live && AGAIN_MS * Math.max(1, state.data?.pages.length ?? 1),
  })
  const pages = query.data?.pages ?? []
  const rows = pages.flatMap(each => sound(each)?.rows ?? [])
  const { hasNextPage: goes_on, isFetching, fetchNextPage, error } = query
  const is_wanted = is_on && goes_on && !isFetching && !stopped && error === null && span[1] + WINDOW / 2 > rows.length
  useEffect(() => {
    if (is_wanted) void fetchNextPage()
  }, [is_wanted, fetchNextPage])
  return {
    rows,
    error,
    goes_on,
    latest: lookedThrough(pages.map(sound)),
    looking: isFetching,
    unsound: pages.map(each => each.page).find(isUnsound) ?? null,
  }
}
