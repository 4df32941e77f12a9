/** The cookies of this server. */
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { LIFETIME_MS } from '../sessions.ts'

export interface Cookies {
  /** The secret of the session; null without one. */
  session(context: Context): string | null
  setSession(context: Context, secret: string): void
  dropSession(context: Context): void
  /** What ties the answer of a provider to the browser that set out for it; taken out with the read. */
  takeJourney(context: Context): string | null
  setJourney(context: Context, secret: string, seconds: number): void
}

/**
 * Cookies don't keep ports apart: the port is part of the name, so that two servers on one machine don't overwrite each other's. With https
 * the name has the prefix that lets nobody else set it.
 */
export function cookiesOf({ https, port }: { readonly https: boolean; readonly port: number }): Cookies {
  const [session, journey] = https
    ? ['__Host-custody', '__Host-custody-sign-in']
    : [`custody-${port}`, `custody-${port}-sign-in`]
  const common = { path: '/', httpOnly: true, secure: https } as const
  return {
    session: context => getCookie(context, session) ?? null,
    setSession: (context, secret) =>
      setCookie(context, session, secret, { ...common, sameSite: 'Strict', maxAge: LIFETIME_MS / 1000 }),
    dropSession: context => {
      deleteCookie(context, session, common)
    },
    takeJourney: context => {
      const found = getCookie(context, journey) ?? null
      if (found !== null) deleteCookie(context, journey, common)
      return found
    },
    // Lax: the provider sends the browser back from its own site.
    setJourney: (context, secret, seconds) =>
      setCookie(context, journey, secret, { ...common, sameSite: 'Lax', maxAge: seconds }),
  }
}
