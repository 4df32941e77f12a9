/** `/sign-in` and `/sign-in/callback`: to the provider, and back. */
import type { Context, Hono } from 'hono'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import type { Attempts } from '../attempts.ts'
import { addressOf, refuseHasty } from './hasty.ts'
import { JOURNEY_MS, type Journeys } from './journeys.ts'
import type { Oidc } from './oidc.ts'
import type { Doors } from './who-asks.ts'

export interface OidcPorts {
  readonly oidc: Oidc
  readonly journeys: Journeys
  readonly doors: Doors
  readonly attempts: Attempts
  readonly onTrouble: (error: unknown) => void
}

export function oidcPages({ oidc, journeys, doors, attempts, onTrouble }: OidcPorts): (app: Hono) => void {
  const shown = async (context: Context, work: () => Promise<Response>) => {
    context.header('cache-control', 'no-store')
    try {
      return await work()
    } catch (error) {
      if (!isCustodyError(error)) throw error
      if (error.code === 'CUSTODY_SIGN_IN') onTrouble(error)
      return context.html(page(error), error.code === 'CUSTODY_FORBIDDEN' ? 403 : 400)
    }
  }
  return app => {
    app.get('/sign-in', context =>
      shown(context, async () => {
        const { url, journey } = await oidc.setOut()
        doors.cookies.setJourney(context, journeys.seal(journey), JOURNEY_MS / 1000)
        return context.redirect(url.href, 302)
      }),
    )
    app.get('/sign-in/callback', context =>
      shown(context, async () => {
        const sealed = doors.cookies.takeJourney(context)
        const journey = sealed === null ? null : journeys.open(sealed)
        if (journey === null)
          throw new CustodyError('CUSTODY_SIGN_IN', 'this browser hasn’t set out to sign in, or too long ago')
        refuseHasty(context, attempts)
        const { user, role } = await oidc.comeBack(new URL(context.req.url).search, journey)
        if (role === null)
          throw new CustodyError('CUSTODY_FORBIDDEN', `you are ${user}, and have no role here`, {
            hint: 'Ask whoever keeps this server for the role viewer, analyst or operator.',
          })
        attempts.forgive(addressOf(context))
        doors.cookies.setSession(context, doors.sessions.begin(user, role).secret)
        return context.redirect('/', 303)
      }),
    )
  }
}

/** Without a style: nothing inline is allowed, and it should be readable whatever else fails. */
function page({ code, message, hint = '' }: CustodyError): string {
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    '<meta name="color-scheme" content="light dark"><title>Not signed in – Custody</title></head><body><main>',
    `<h1>You aren’t signed in</h1><p>${escaped(message)}.</p><p>${escaped(hint)}</p><p><small>${code}</small></p>`,
    '<p><a href="/sign-in">Try again</a></p></main></body></html>',
  ].join('\n')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
