/** Finds out who is asking: by the token of the process, or by the cookie of a session. */
import type { Context } from 'hono'
import type { Role } from '../../api/session.ts'
import { CustodyError } from '../../model/error.ts'
import { isSame } from '../secret.ts'
import type { Sessions } from '../sessions.ts'
import { mayAs, type Who } from '../who.ts'
import type { Cookies } from './cookies.ts'

export interface Doors {
  /** Good for the life of the process; its holder may what an operator may. */
  readonly token: string
  readonly sessions: Sessions
  readonly cookies: Cookies
}

/** Who has the token: what they do is recorded under this name. */
const TOKEN_USER = 'token'

/** null: nobody that is known here. */
export function whoAsks(context: Context, { token, sessions, cookies }: Doors): Who | null {
  const given = /^Bearer +(\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1]
  // A wrong token is never made good by a cookie.
  if (context.req.header('authorization') !== undefined)
    return given !== undefined && isSame(given, token)
      ? { user: TOKEN_USER, role: 'operator', by: { kind: 'token' } }
      : null
  const secret = cookies.session(context)
  const session = secret === null ? null : sessions.find(secret)
  return session === null
    ? null
    : { user: session.user, role: session.role, by: { kind: 'cookie', csrf: session.csrf } }
}

/** @throws CustodyError CUSTODY_FORBIDDEN */
export function refuseUnless(who: Who, least: Role): void {
  if (!mayAs(who.role, least))
    throw new CustodyError('CUSTODY_FORBIDDEN', `this takes the role ${least}; you are ${who.role}`)
}

/** With a cookie: whether the page itself asks, and not another that has the browser send it along. @throws CustodyError CUSTODY_FORBIDDEN */
export function refuseForged({ by }: Who, context: Context): void {
  if (by.kind === 'token') return
  if (!isSame(context.req.header('x-custody-csrf') ?? '', by.csrf))
    throw new CustodyError('CUSTODY_FORBIDDEN', 'the header x-custody-csrf isn’t that of your session')
}
