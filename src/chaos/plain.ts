/** Places for whatever else calls over HTTP: an echo, a page, redirects, any status. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Json } from '../model/row.ts'
import { badRequest, jsonReply, type Reply, textReply } from './reply.ts'

export interface PlainRequest {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export function echoReply({ method, url, headers, body }: PlainRequest): Reply {
  return jsonReply(200, {
    method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
    ),
    body: body.toString(),
  })
}

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>A page of the chaos peer</title></head>
<body>
<h1>A page</h1>
<p>It is the same at every visit, with an umlaut (ü) and an ampersand (&amp;).</p>
<ul><li>first</li><li>second</li></ul>
<p><a href="/echo">echo</a> <a href="/redirect?to=/page">back to this page</a></p>
<script>document.title = 'changed'</script>
</body>
</html>
`

export function pageReply(): Reply {
  return textReply(200, 'text/html; charset=utf-8', PAGE)
}

const REDIRECTS: readonly string[] = ['301', '302', '303', '307', '308']

/** `?to=URL`, and `status` if it shall not be 302. */
export function redirectReply({ url }: PlainRequest): Reply {
  const to = url.searchParams.get('to') ?? ''
  const status = url.searchParams.get('status') ?? '302'
  if (to === '') return badRequest('to: where it shall lead')
  if (!REDIRECTS.includes(status)) return badRequest(`status: one of ${REDIRECTS.join(', ')}`)
  // A header can't have other characters.
  const location = to.replaceAll(/[^\x21-\x7e]+/g, encodeURIComponent)
  return jsonReply(Number(status), { to }, { location })
}

/** Statuses that never have a body. */
const BARE: readonly number[] = [204, 205, 304]

export function statusReply(status: number): Reply {
  if (!(status >= 200 && status <= 599)) return badRequest('the status must be from 200 to 599')
  if (BARE.includes(status)) return { status, headers: {}, body: Buffer.alloc(0), streamed: false }
  const body: Json = { status }
  return jsonReply(status, body)
}
