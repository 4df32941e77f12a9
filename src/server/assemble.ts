/** The parts of a server put together, before it listens or without that it does: the app, and what has to be closed with it. */

import type { Context, Hono } from 'hono'
import { accessPath } from '../host/access-path.ts'
import { LedgerAnswers } from '../host/answers/ledger-answers.ts'
import type { ProcessPlace } from '../host/ledger.ts'
import type { Operator } from '../host/operate/operator.ts'
import { CustodyError } from '../model/error.ts'
import { AccessLog } from './access/access-log.ts'
import { RecordedAnswers } from './access/recorded-answers.ts'
import type { AnswersFor } from './answers-for.ts'
import { makeApp } from './app.ts'
import { besides } from './beside.ts'
import { ledgerMark } from './live/ledger-mark.ts'
import { LiveRuns } from './live/live-runs.ts'
import { Metrics } from './metrics.ts'
import { openApiDocument } from './openapi.ts'
import { apiRoutes } from './routes/api-routes.ts'
import type { Sessions } from './sessions.ts'
import type { OidcSettings } from './sign-in/oidc-settings.ts'
import { type SignIn, signInOf } from './sign-in/sign-in.ts'
import { whoAsks } from './sign-in/who-asks.ts'
import { Verifications } from './verifications.ts'

export interface ServerSettings {
  /** URL of the ledger. */
  readonly url: string
  readonly env: ProcessPlace['env']
  /** Whether rows are found by an index beside the ledger, which is kept in the background. */
  readonly index: boolean
  /** Absolute folder of the explorer's files. */
  readonly explorer: string
  readonly version: string
  /** null: nothing is run from here. */
  readonly operator: Operator | null
  /** null: one signs in by a code, on this machine. */
  readonly oidc: OidcSettings | null
  /** Whether each answer is held against its schema. */
  readonly checks_answers: boolean
  readonly clock: ServerClock
  readonly observer: ServerObserver
}

/** Time as a server needs it; tests give their own. */
export interface ServerClock {
  now_us(): number
  /** Of a clock that never goes back. */
  now_s(): number
  every(ms: number, work: () => void): () => void
}

export interface ServerObserver {
  /** Something failed in a way that whoever asked can do nothing about. */
  onTrouble(error: unknown): void
  /** Somebody signed in with the code; the next one is another. */
  onSpent(): void
}

export interface Assembled {
  readonly app: Hono
  /** Bearer token for the life of the server. */
  readonly token: string
  readonly sessions: Sessions
  /** The one-time code that is good now; null: one signs in elsewhere. */
  code(): string | null
  close(): Promise<void>
}

/** `port`: the one that is listened to. @throws CustodyError CUSTODY_ACCESS_LOG, CUSTODY_PACKAGE_MISSING, and as `openLedgerReader` */
export async function assemble(settings: ServerSettings, port: number): Promise<Assembled> {
  const { url, env, clock, observer } = settings
  const now_ms = () => Math.floor(clock.now_us() / 1000)
  const sign_in = await signInOf(settings.oidc, port, now_ms, error => observer.onTrouble(error))
  const answers = await LedgerAnswers.open({
    url,
    env,
    index: settings.index ? 'background' : 'off',
    onIndexTrouble: message => observer.onTrouble(new CustodyError('CUSTODY_INDEX', message)),
  })
  try {
    const log = await AccessLog.open(accessPath(url, env), () => clock.now_us())
    return {
      app: appOf(settings, sign_in, answers, log),
      token: sign_in.doors.token,
      sessions: sign_in.doors.sessions,
      code: () => sign_in.codes?.current ?? null,
      close: async () => {
        await answers.close()
        await log.close()
      },
    }
  } catch (error) {
    await answers.close()
    throw error
  }
}

function appOf(settings: ServerSettings, sign_in: SignIn, answers: LedgerAnswers, log: AccessLog): Hono {
  const { url, clock, observer, version, operator } = settings
  const { doors, codes, attempts, names, pages } = sign_in
  const metrics = new Metrics()
  const verifications = new Verifications()
  const answersFor: AnswersFor = who => new RecordedAnswers({ answers, log, verifications }, who)
  const live = new LiveRuns({ answers, mark: () => ledgerMark(url), every: (ms, work) => clock.every(ms, work) })
  const onSpent = () => observer.onSpent()
  const session = { doors, codes, attempts, ledger: url, version, operates: operator !== null, onSpent }
  const routes = apiRoutes({ session, answersFor, access_path: log.path, live, operator })
  const document = openApiDocument(routes, version)
  const { sessions } = doors
  // Who reaches this machine only may measure; elsewhere whoever is signed in.
  const mayMeasure = (context: Context) => sign_in.kind === 'local' || whoAsks(context, doors) !== null
  const rest = besides({ answers, metrics, sessions, live, explorer: settings.explorer, document, mayMeasure })
  return makeApp({
    names,
    doors,
    sign_in: sign_in.kind,
    metrics,
    routes,
    beside: app => {
      pages(app)
      rest(app)
    },
    checks_answers: settings.checks_answers,
    now_s: () => clock.now_s(),
    onTrouble: error => observer.onTrouble(error),
  })
}
