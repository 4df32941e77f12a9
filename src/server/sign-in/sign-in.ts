/** How one signs in to a server: by a code on this machine, or by a provider (OIDC). */
import type { Hono } from 'hono'
import { Attempts } from '../attempts.ts'
import { Codes } from '../codes.ts'
import { loopbackNames, type Names, publicNames } from '../gate.ts'
import { newSecret } from '../secret.ts'
import { Sessions } from '../sessions.ts'
import { cookiesOf } from './cookies.ts'
import { Journeys } from './journeys.ts'
import { Oidc } from './oidc.ts'
import { oidcPages } from './oidc-pages.ts'
import type { OidcSettings } from './oidc-settings.ts'
import type { Doors } from './who-asks.ts'

export interface SignIn {
  readonly kind: 'local' | 'oidc'
  readonly names: Names
  readonly doors: Doors
  /** null: no code is good. */
  readonly codes: Codes | null
  readonly attempts: Attempts
  /** What stands beside the API for it. */
  readonly pages: (app: Hono) => void
}

/** `port`: the one that is listened to. @throws CustodyError CUSTODY_PACKAGE_MISSING */
export async function signInOf(
  settings: OidcSettings | null,
  port: number,
  now_ms: () => number,
  onTrouble: (error: unknown) => void,
): Promise<SignIn> {
  const names = settings === null ? loopbackNames(port) : publicNames(settings.public_url, port)
  const cookies = cookiesOf({ https: names.https, port })
  const doors = { token: newSecret(), sessions: new Sessions(now_ms), cookies }
  const attempts = new Attempts(now_ms)
  if (settings === null) return { kind: 'local', names, doors, codes: new Codes(), attempts, pages: () => undefined }
  const oidc = await Oidc.load(settings)
  const pages = oidcPages({ oidc, journeys: new Journeys(now_ms), doors, attempts, onTrouble })
  return { kind: 'oidc', names, doors, codes: null, attempts, pages }
}
