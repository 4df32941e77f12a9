/** Routes for operators: start, stop, resume, re-run, and try changes. */
import {
  Begun,
  Pipelines,
  RerunRequest,
  ResumeRequest,
  StartRequest,
  Stopping,
  WhatIfRequest,
} from '../../api/operate.ts'
import type { Operator } from '../../host/operate/operator.ts'
import { CustodyError } from '../../model/error.ts'
import { type Answers, json, NO_BODY, NO_PARAMETERS, question, type Route, route } from '../route.ts'
import { OfRun } from './parameters.ts'

const BEGUN: Answers = { kind: 'json', status: 202, schema: Begun, unsound: false }
const common = { method: 'post', tag: 'Operators', role: 'operator', values: 'none', query: NO_PARAMETERS } as const

/** `operator` is null where no folder of pipelines was given. */
export function operateRoutes(operator: Operator | null): readonly Route[] {
  const able = (): Operator => operator ?? unable()
  const begun = async (run: Promise<string>) => ({ json: { run: await run } satisfies Begun })
  return [
    question(
      {
        ...{ tag: 'Operators', path: '/pipelines', summary: 'the pipelines that may be started', role: 'operator' },
        ...{ values: 'none', params: NO_PARAMETERS, query: NO_PARAMETERS, answers: json(Pipelines) },
      },
      async () => ({ json: { folder: able().folder, pipelines: await able().list() } }),
    ),
    route(
      {
        ...common,
        path: '/runs',
        summary: 'start a run',
        params: NO_PARAMETERS,
        body: StartRequest.strict(),
        answers: BEGUN,
      },
      async ({ body }) => begun(able().start(body)),
    ),
    route(
      {
        ...common,
        path: '/runs/{run}/stop',
        summary: 'stop a run: it finishes the commit in hand',
        params: OfRun,
        body: NO_BODY,
        answers: json(Stopping),
      },
      async ({ params }) => ({ json: await able().stop(params.run) }),
    ),
    route(
      {
        ...common,
        path: '/runs/{run}/resume',
        summary: 'continue a run that stopped',
        params: OfRun,
        body: ResumeRequest.strict().default({}),
        answers: BEGUN,
      },
      async ({ params, body }) => begun(able().resume(params.run, body)),
    ),
    route(
      {
        ...common,
        path: '/runs/{run}/rerun',
        summary: 'run its failed rows again, or those that fit',
        params: OfRun,
        body: RerunRequest.strict().default({}),
        answers: BEGUN,
      },
      async ({ params, body }) => begun(able().rerun(params.run, body)),
    ),
    route(
      {
        ...common,
        path: '/what-if',
        summary:
          'replay a run with changes on its recorded answers; no service is asked, no output is written, and `/diff` takes the new run',
        params: NO_PARAMETERS,
        body: WhatIfRequest.strict(),
        answers: BEGUN,
      },
      async ({ body }) => begun(able().whatIf(body)),
    ),
  ]
}

function unable(): never {
  throw new CustodyError('CUSTODY_FORBIDDEN', 'nothing is run from here: the server was started without --pipelines')
}
