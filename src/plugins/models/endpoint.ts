/**
 * Where requests go. A URL may bring secrets (a user, a query), which are sent, and never shown: a library gets the URL
 * without them, and they are added to each request on its way out.
 */

export interface Endpoint {
  /** Without user, password, query and fragment; null: the provider's own. */
  readonly url: string | null
  /** Of the URL, with the port if it isn’t the usual one. */
  readonly host: string | null
  readonly fetch: typeof globalThis.fetch
  /** What stood in the URL besides. */
  readonly secrets: readonly string[]
}

/** An answer of a model is far shorter. */
const BODY_MAX_BYTES = 32 * 1024 * 1024

/** Null if it isn't the URL of a web server. */
export function endpointOf(base_url: string | undefined): Endpoint | null {
  if (base_url === undefined) return { url: null, host: null, fetch: outward([], null), secrets: [] }
  const url = URL.canParse(base_url) ? new URL(base_url) : null
  if (url === null || !/^https?:$/.test(url.protocol)) return null
  const query = [...url.searchParams]
  const user = [url.username, url.password].map(decodeURIComponent)
  const basic = user.some(part => part !== '') ? Buffer.from(user.join(':')).toString('base64') : null
  const secrets = [...user, basic ?? '', ...query.map(([, value]) => value), url.search.slice(1), url.hash.slice(1)]
  return {
    url: `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`,
    host: url.host,
    fetch: outward(query, basic),
    secrets: secrets.filter(secret => secret !== ''),
  }
}

/** Follows no redirect, because they would take prompts and keys to where nobody said they should go. */
function outward(query: ReadonlyArray<readonly [string, string]>, basic: string | null): typeof globalThis.fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    for (const [name, value] of query) url.searchParams.append(name, value)
    const headers = new Headers(init?.headers)
    if (basic !== null && !headers.has('authorization')) headers.set('authorization', `Basic ${basic}`)
    return limited(await globalThis.fetch(url, { ...init, headers, redirect: 'manual' }))
  }
}

function limited(response: Response): Response {
  if (response.body === null) return response
  let left = BODY_MAX_BYTES
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      left -= chunk.byteLength
      if (left < 0) controller.error(new RangeError(`the response has more than ${BODY_MAX_BYTES} bytes`))
      else controller.enqueue(chunk)
    },
  })
  const { status, statusText, headers } = response
  return new Response(response.body.pipeThrough(counting), { status, statusText, headers })
}
