/** Signing in and out. */
import type { Context } from 'hono'
import { CodeExchange, Session } from '../../api/session.ts'
import { ledgerName } from '../../host/ledger-name.ts'
import { CustodyError } from '../../model/error.ts'
import type { Attempts } from '../attempts.ts'
import type { Codes } from '../codes.ts'
import { notSignedIn } from '../failures.ts'
import { json, NO_BODY, NO_PARAMETERS, type Route, route } from '../route.ts'
import { addressOf, refuseHasty } from '../sign-in/hasty.ts'
import { type Doors, refuseForged, whoAsks } from '../sign-in/who-asks.ts'
import { mayAs, type Who } from '../who.ts'

export interface SessionPorts {
  readonly doors: Doors
  /** null: who signs in does so elsewhere (OIDC), and no code is good here. */
  readonly codes: Codes | null
  readonly attempts: Attempts
  readonly ledger: string
  readonly version: string
  /** Whether a folder of pipelines was given. */
  readonly operates: boolean
  /** A code was used up. */
  readonly onSpent: () => void
}

const common = { tag: 'Session', values: 'none', params: NO_PARAMETERS, query: NO_PARAMETERS } as const

export function sessionRoutes(ports: SessionPorts): readonly Route[] {
  const { doors } = ports
  return [
    route(
      {
        ...common,
        method: 'get',
        path: '/session',
        summary:
          'who is asking, and what they may do; 401 with the header `x-custody-sign-in: local | oidc` without a session',
        role: null,
        body: NO_BODY,
        answers: json(Session),
      },
      async ({ context }) => {
        const who = whoAsks(context, doors)
        if (who === null) throw notSignedIn()
        return { json: described(who, ports) }
      },
    ),
    route(
      {
        ...common,
        method: 'post',
        path: '/session',
        summary: 'exchange the one-time code of the printed URL for a cookie',
        role: null,
        body: CodeExchange,
        answers: json(Session),
      },
      async ({ context, body }) => ({ json: described(signIn(context, body.code, ports), ports) }),
    ),
    route(
      {
        ...common,
        method: 'delete',
        path: '/session',
        summary: 'sign out',
        role: null,
        body: NO_BODY,
        answers: { kind: 'nothing', status: 204 },
      },
      async ({ context }) => {
        const who = whoAsks(context, doors)
        if (who === null) throw notSignedIn()
        refuseForged(who, context)
        const secret = doors.cookies.session(context)
        if (secret !== null) doors.sessions.end(secret)
        doors.cookies.dropSession(context)
        return { response: context.body(null, 204) }
      },
    ),
  ]
}

function signIn(context: Context, code: string, { doors, codes, attempts, onSpent }: SessionPorts): Who {
  refuseHasty(context, attempts)
  if (codes === null || !codes.spend(code))
    throw new CustodyError('CUSTODY_NOT_SIGNED_IN', 'the code isn’t good, or was used before', {
      hint: 'Open the URL that `custody serve` printed last: each is good once.',
    })
  attempts.forgive(addressOf(context))
  onSpent()
  const { secret, session } = doors.sessions.begin('local', 'operator')
  doors.cookies.setSession(context, secret)
  return { user: session.user, role: session.role, by: { kind: 'cookie', csrf: session.csrf } }
}

function described({ user, role, by }: Who, { codes, ledger, version, operates }: SessionPorts): Session {
  return {
    user,
    role,
    csrf: by.kind === 'cookie' ? by.csrf : '',
    sign_in: codes === null ? 'oidc' : 'local',
    ledger: mayAs(role, 'analyst') ? ledger : ledgerName(ledger),
    version,
    operates: operates && mayAs(role, 'operator'),
  }
}
