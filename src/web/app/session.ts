/** Who is asking. The printed URL has a one-time code in its fragment, which no server ever sees in a log; it is exchanged for a cookie. */
import type { Failure } from '../../api/common.ts'
import type { Session } from '../../api/session.ts'
import { jsonOf } from './json-of.ts'

const URL_PATH = '/api/v1/session'

export type SignedIn =
  | { readonly kind: 'session'; readonly session: Session }
  /** `failure` is null where nobody tried: there was no code. */
  | { readonly kind: 'none'; readonly failure: Failure['error'] | null; readonly oidc: boolean }

let csrf = ''

/** For requests that change something. */
export function csrfToken(): string {
  return csrf
}

/** The session that is there, or the one that the code in the URL gives. */
export async function signIn(): Promise<SignedIn> {
  const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1]
  // Out of the address line and the history, whatever the server says to it.
  if (code !== undefined) history.replaceState(history.state, '', `${location.pathname}${location.search}`)
  const response =
    code === undefined
      ? await fetch(URL_PATH, { credentials: 'same-origin' })
      : await fetch(URL_PATH, {
          method: 'POST',
          credentials: 'same-origin',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ code }),
        })
  if (response.ok) {
    const session = await jsonOf<Session>(response)
    csrf = session.csrf
    return { kind: 'session', session }
  }
  const { error: failure } = await jsonOf<Failure>(response)
  const oidc = response.headers.get('x-custody-sign-in') === 'oidc'
  return { kind: 'none', failure: code === undefined ? null : failure, oidc }
}
