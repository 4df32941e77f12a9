/** All routes of the API. */

import type { Operator } from '../../host/operate/operator.ts'
import type { AnswersFor } from '../answers-for.ts'
import type { LiveRuns } from '../live/live-runs.ts'
import { mcpRoutes } from '../mcp/mcp-route.ts'
import type { Route } from '../route.ts'
import { evidenceRoutes } from './evidence.ts'
import { liveRoutes } from './live.ts'
import { operateRoutes } from './operate.ts'
import { rowRoutes } from './rows.ts'
import { runRoutes } from './runs.ts'
import { type SessionPorts, sessionRoutes } from './session.ts'

export interface RoutePorts {
  readonly session: SessionPorts
  readonly answersFor: AnswersFor
  /** File of the log of who looked at values. */
  readonly access_path: string
  readonly live: LiveRuns
  /** null: nothing is run from here. */
  readonly operator: Operator | null
}

export function apiRoutes({ session, answersFor, access_path, live, operator }: RoutePorts): readonly Route[] {
  return [
    ...sessionRoutes(session),
    ...runRoutes(answersFor),
    ...rowRoutes(answersFor),
    ...evidenceRoutes(answersFor, access_path),
    ...mcpRoutes(answersFor, session.version),
    ...liveRoutes(answersFor, live),
    ...operateRoutes(operator),
  ]
}
