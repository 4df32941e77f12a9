/** Who answers what: from method and path to a reply, with the faults that the answering side puts in. */

import { parseJson } from '../model/json.ts'
import type { Json } from '../model/row.ts'
import type { Answerer } from './answer.ts'
import type { Decision } from './behaviour.ts'
import { chatReply, type ModelReply } from './chat.ts'
import { embeddingsReply } from './embeddings.ts'
import { echoReply, type PlainRequest, pageReply, redirectReply, statusReply } from './plain.ts'
import { badRequest, errorReply, jsonReply, type Reply } from './reply.ts'
import { rowsReply } from './rows.ts'

export interface Request extends PlainRequest {
  /** What makes it the same as another. */
  readonly key: string
  readonly decision: Decision
  readonly seed: number
  /** Statuses of errors. */
  readonly statuses: readonly number[]
  readonly answerer: Answerer
}

type Handler = (request: Request) => ModelReply | Reply

interface Route {
  /** Null: any. */
  readonly methods: readonly string[] | null
  readonly path: RegExp
  readonly handle: Handler
}

const READ = ['GET', 'HEAD']

const ROUTES: readonly Route[] = [
  { methods: ['POST'], path: /^\/v1\/chat\/completions$/, handle: chat },
  {
    methods: ['POST'],
    path: /^\/v1\/embeddings$/,
    handle: request => withBody(request, body => embeddingsReply(body, request.seed)),
  },
  { methods: READ, path: /^\/v1\/models$/, handle: modelsReply },
  { methods: null, path: /^\/echo$/, handle: echoReply },
  { methods: READ, path: /^\/page$/, handle: pageReply },
  { methods: READ, path: /^\/redirect$/, handle: redirectReply },
  { methods: READ, path: /^\/rows$/, handle: ({ url, seed }) => rowsReply(url, seed) },
  {
    methods: null,
    path: /^\/status\/\d{3}$/,
    handle: ({ url }) => statusReply(Number(url.pathname.slice('/status/'.length))),
  },
]

export function replyTo(request: Request): ModelReply {
  const found = ROUTES.filter(({ path }) => path.test(request.url.pathname))
  const route = found.find(({ methods }) => methods === null || methods.includes(request.method))
  if (route !== undefined) {
    const reply = route.handle(request)
    return 'reply' in reply ? reply : { reply, fault: null }
  }
  const allowed = found.flatMap(({ methods }) => methods ?? [])
  const reply =
    allowed.length === 0
      ? errorReply(404, 'not_found', `there is nothing at ${request.url.pathname}`)
      : errorReply(405, 'method_not_allowed', `use ${allowed.join(' or ')}`, { allow: allowed.join(', ') })
  return { reply, fault: null }
}

function chat(request: Request): ModelReply | Reply {
  const { key, decision, answerer, statuses } = request
  const { fault: drawn, detail } = decision
  return withBody(request, body => chatReply(body, { key, drawn, detail, statuses }, answerer))
}

function withBody<R>({ body }: Request, answer: (body: Json) => R): R | Reply {
  let parsed: Json
  try {
    parsed = parseJson(body.toString()) as Json
  } catch {
    return badRequest('the body isn’t JSON')
  }
  return answer(parsed)
}

/** Any model that a request names will do; this is for clients that ask which there are. */
function modelsReply(): Reply {
  return jsonReply(200, { object: 'list', data: [{ id: 'chaos', object: 'model', created: 0, owned_by: 'custody' }] })
}
