/** Routes about runs: which there are, and what is to be said of one. */
import { Limits } from '../../api/limits.ts'
import { Calls, Errors, Plan, Runs, RunsQuery, ShownRun } from '../../api/runs.ts'
import { SplitsPage, SplitsQuery } from '../../api/splits.ts'
import type { AnswersFor } from '../answers-for.ts'
import { API } from '../app.ts'
import { json, NO_PARAMETERS, question, type Route, sound } from '../route.ts'
import { OfRun } from './parameters.ts'

const of_run = { tag: 'Runs', params: OfRun, query: NO_PARAMETERS } as const

export function runRoutes(answersFor: AnswersFor): readonly Route[] {
  return [
    question(
      {
        tag: 'Runs',
        path: '/runs',
        summary: 'runs, the newest first, as `runs --json`; the next page stands in the header `Link`, rel="next"',
        values: 'none',
        params: NO_PARAMETERS,
        query: RunsQuery.strict(),
        answers: json(Runs),
      },
      async ({ query, who, signal }) => {
        const { runs, next_cursor } = await answersFor(who).ask('runs', query, { signal })
        return { json: runs, headers: next_cursor === null ? {} : { link: linkTo({ ...query, cursor: next_cursor }) } }
      },
    ),
    question(
      {
        ...of_run,
        path: '/runs/{run}',
        summary: 'one run, as `show --json`',
        values: 'left out',
        answers: sound(ShownRun),
      },
      async ({ params, who, signal }) => ({ json: await answersFor(who).ask('run', params, { signal }) }),
    ),
    question(
      {
        ...of_run,
        path: '/runs/{run}/plan',
        summary: 'its graph, and the pipeline file as it ran',
        values: 'left out',
        answers: sound(Plan),
      },
      async ({ params, who, signal }) => ({ json: await answersFor(who).ask('plan', params, { signal }) }),
    ),
    question(
      {
        ...of_run,
        path: '/runs/{run}/errors',
        summary: 'its errors by node and code, with an example each',
        values: 'left out',
        answers: sound(Errors),
      },
      async ({ params, who, signal }) => ({ json: await answersFor(who).ask('errors', params, { signal }) }),
    ),
    question(
      {
        ...of_run,
        path: '/runs/{run}/calls',
        summary: 'its calls by node, service and model: how many, how long, what they cost',
        values: 'none',
        answers: sound(Calls),
      },
      async ({ params, who, signal }) => ({ json: await answersFor(who).ask('calls', params, { signal }) }),
    ),
    question(
      {
        ...of_run,
        path: '/runs/{run}/limits',
        summary: 'what its guards and limits did: what each allows, what was counted, when they stopped the run',
        values: 'left out',
        answers: sound(Limits),
      },
      async ({ params, who, signal }) => ({ json: await answersFor(who).ask('limits', params, { signal }) }),
    ),
    splitsRoute(answersFor),
  ]
}

function splitsRoute(answersFor: AnswersFor): Route {
  return question(
    {
      ...of_run,
      path: '/runs/{run}/splits',
      summary: 'its splits, as `show --splits --json`, in order of their numbers, a page at a time',
      values: 'none',
      query: SplitsQuery.strict(),
      answers: sound(SplitsPage),
    },
    async ({ params, query, who, signal }) => ({
      json: await answersFor(who).ask('splits', { ...query, ...params }, { signal }),
    }),
  )
}

function linkTo(query: { readonly [key: string]: unknown }): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value))
  return `<${API}/runs?${search}>; rel="next"`
}
