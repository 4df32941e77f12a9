/** Routes that report what happens while it happens. */
import { Failure } from '../../api/common.ts'
import { RunChanged, RunCounts } from '../../api/live.ts'
import type { AnswersFor } from '../answers-for.ts'
import { events } from '../live/events.ts'
import type { LiveRuns } from '../live/live-runs.ts'
import { NO_PARAMETERS, question, type Route } from '../route.ts'
import { OfRun } from './parameters.ts'

export function liveRoutes(answersFor: AnswersFor, live: LiveRuns): readonly Route[] {
  return [
    question(
      {
        tag: 'Live',
        path: '/live',
        summary: 'the newest runs, and each that begins, continues or ends',
        values: 'none',
        params: NO_PARAMETERS,
        query: NO_PARAMETERS,
        answers: { kind: 'events', events: { run: RunChanged, failed: Failure } },
      },
      async ({ signal, context }) => {
        live.refuseOneTooMany()
        return { response: events(context, signal, (send, ended) => live.followAll(send, ended)) }
      },
    ),
    question(
      {
        tag: 'Live',
        path: '/runs/{run}/live',
        summary: 'counts of a run, on its nodes and ways, whenever they change',
        values: 'none',
        params: OfRun,
        query: NO_PARAMETERS,
        answers: { kind: 'events', events: { counts: RunCounts, failed: Failure } },
      },
      async ({ params, who, signal, context }) => {
        // By its id: `latest` stays the run that it was; and a run that isn't there is no stream.
        const { run } = await answersFor(who).ask('counts', params, { signal })
        live.refuseOneTooMany()
        return { response: events(context, signal, (send, ended) => live.followRun(run, send, ended)) }
      },
    ),
  ]
}
