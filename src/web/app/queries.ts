/** Questions that several screens ask, so that each is asked once. */
import { QueryCache, QueryClient, queryOptions } from '@tanstack/react-query'
import type { z } from 'zod'
import type { Unsound } from '../../api/common.ts'
import type { Limits } from '../../api/limits.ts'
import type { Calls, Errors, Plan, ShownRun } from '../../api/runs.ts'
import type { SplitsPage } from '../../api/splits.ts'
import type { ExplainedRow } from '../../api/story.ts'
import { get, ServerError } from './client.ts'

/** @param onSignedOut called when an answer says that the session is over. */
export function queryClient(onSignedOut: () => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: error => {
        if (error instanceof ServerError && error.status === 401) onSignedOut()
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        refetchOnWindowFocus: false,
        retry: (count, error) => count < 2 && isPassing(error),
        retryDelay: count => 500 * 2 ** count,
      },
    },
  })
}

/** Whether to ask again may help. */
function isPassing(error: unknown): boolean {
  return error instanceof ServerError && (error.status === 0 || error.status >= 500)
}

export const isUnsound = (answer: object | undefined): answer is Unsound =>
  answer !== undefined && 'holds' in answer && answer.holds === false

/** undefined while there is no answer, and where the record doesn't hold. */
export const soundOf = <T extends object>(answer: T | Unsound | undefined): T | undefined =>
  isUnsound(answer) ? undefined : answer

export const runQuery = (run: string) =>
  queryOptions({
    queryKey: ['run', run],
    queryFn: ({ signal }) => get<ShownRun | Unsound>(`/runs/${encodeURIComponent(run)}`, {}, signal),
  })

/** A plan never changes. */
export const planQuery = (run: string) =>
  queryOptions({
    queryKey: ['plan', run],
    queryFn: ({ signal }) => get<Plan | Unsound>(`/runs/${encodeURIComponent(run)}/plan`, {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })

/** @param path of the story behind that of its run: `/rows/17`, `/tokens/4`. */
export const storyQuery = (run: string, path: string) =>
  queryOptions({
    queryKey: ['story', run, path],
    queryFn: ({ signal }) => get<ExplainedRow | Unsound>(`/runs/${encodeURIComponent(run)}${path}`, {}, signal),
  })

export const errorsQuery = (run: string) =>
  queryOptions({
    queryKey: ['errors', run],
    queryFn: ({ signal }) =>
      get<z.infer<typeof Errors> | Unsound>(`/runs/${encodeURIComponent(run)}/errors`, {}, signal),
  })

export const callsQuery = (run: string) =>
  queryOptions({
    queryKey: ['calls', run],
    queryFn: ({ signal }) => get<z.infer<typeof Calls> | Unsound>(`/runs/${encodeURIComponent(run)}/calls`, {}, signal),
  })

/** What guards did changes with the run's status. */
export const limitsQuery = (run: string, status: string) =>
  queryOptions({
    queryKey: ['limits', run, status],
    queryFn: ({ signal }) => get<Limits | Unsound>(`/runs/${encodeURIComponent(run)}/limits`, {}, signal),
  })

/** A page of them, in order of their numbers; `at`: how many are skipped. */
export const splitsQuery = (run: string, at: number, limit: number) =>
  queryOptions({
    queryKey: ['splits', run, at, limit],
    queryFn: ({ signal }) =>
      get<SplitsPage | Unsound>(`/runs/${encodeURIComponent(run)}/splits`, { at, limit }, signal),
    // Those of the page before stay until the next ones are there.
    placeholderData: (before, query) => (query?.queryKey[1] === run ? before : undefined),
  })
