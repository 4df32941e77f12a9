/**
 * Where requests go. A URL may bring secrets (a user, a query), which are sent, and never shown: a library gets the URL
 * without them, and they are added to each request on its way out.
 */
import { decodedPart } from '../web/url-part.ts'

export interface Endpoint {
  /** Without user, password, query and fragment; null: the provider's own. */
  readonly url: string | null
  /** Host of the URL, with the port if it isn’t the usual one. */
  readonly host: string | null
  /** To add to each request. */
  readonly query: ReadonlyArray<readonly [name: string, value: string]>
  /** `user:password` in Base64, for requests without a key. */
  readonly basic: string | null
  /** What stood in the URL besides; `named`: under which name, if it is the value of a parameter. */
  readonly secrets: ReadonlyArray<{ readonly value: string; readonly named: string | null }>
}

const PROVIDERS_OWN: Endpoint = { url: null, host: null, query: [], basic: null, secrets: [] }

/** Null if it isn't the URL of a web server. */
export function endpointOf(base_url: string | undefined): Endpoint | null {
  if (base_url === undefined) return PROVIDERS_OWN
  const url = URL.canParse(base_url) ? new URL(base_url) : null
  if (url === null || !/^https?:$/.test(url.protocol)) return null
  const query = [...url.searchParams]
  const user = [url.username, url.password].map(decodedPart)
  const basic = user.some(part => part !== '') ? Buffer.from(user.join(':')).toString('base64') : null
  const alone = [...user, url.username, url.password, basic ?? '', url.hash.slice(1)]
  const secrets = [
    ...alone.map(value => ({ value, named: null })),
    ...query.map(([named, value]) => ({ value, named })),
  ]
  return {
    url: `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`,
    host: url.host,
    query,
    basic,
    secrets: secrets.filter(({ value }) => value !== ''),
  }
}

/** A URL with what is to be added to it. @throws TypeError if it is none. */
export function urlAt(text: string, { query }: Endpoint): URL {
  const url = new URL(text)
  for (const [name, value] of query) url.searchParams.append(name, value)
  return url
}

/** The same headers, with user and password of the URL if nothing else says who asks. */
export function authorized(headers: Headers, { basic }: Endpoint): Headers {
  if (basic !== null && !headers.has('authorization')) headers.set('authorization', `Basic ${basic}`)
  return headers
}
