/** MCP over HTTP: the route of the server that assistants ask, with the sign-in of all routes. */
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { z } from 'zod'
import { CustodyError } from '../../model/error.ts'
import type { AnswersFor } from '../answers-for.ts'
import { NO_PARAMETERS, type Route, route } from '../route.ts'
import { seesValues } from '../who.ts'
import { type McpOptions, mcpServer } from './mcp-server.ts'

/** A message of JSON-RPC, or several. */
const Message = z.looseObject({ jsonrpc: z.literal('2.0') })
const Messages = z.union([Message, z.array(Message).min(1)])

export function mcpRoutes(answersFor: AnswersFor, version: string): readonly Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/mcp',
        tag: 'MCP',
        summary: 'what an assistant asks: the streamable HTTP transport of MCP, each request by itself (docs/mcp.md)',
        role: 'viewer',
        values: 'left out',
        params: NO_PARAMETERS,
        query: NO_PARAMETERS,
        body: Messages,
        answers: { kind: 'file', types: ['application/json'] },
      },
      async ({ who, body, context }) => {
        const options = { answers: answersFor(who), values: seesValues(who), version }
        return { response: await answerMcp(context.req.raw, body, options) }
      },
    ),
  ]
}

/** Nothing is kept between requests: there is nothing to listen to, and no session to end. */
async function answerMcp(request: Request, body: unknown, options: McpOptions): Promise<Response> {
  const server = mcpServer(options)
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  const onGone = () => void server.close()
  request.signal.addEventListener('abort', onGone, { once: true })
  try {
    await server.connect(transport)
    const response = await transport.handleRequest(acceptingAll(request), { parsedBody: body })
    if (response.status >= 400) throw new CustodyError('CUSTODY_REQUEST', await reasonIn(response))
    return response
  } finally {
    request.signal.removeEventListener('abort', onGone)
    await server.close()
  }
}

/** What is answered is JSON; the transport wants it said, too, that events could be taken. */
function acceptingAll(request: Request): Request {
  const headers = new Headers(request.headers)
  headers.set('accept', 'application/json, text/event-stream')
  return new Request(request.url, { method: request.method, headers })
}

/** Of a refusal by the transport, an error of JSON-RPC. */
async function reasonIn(response: Response): Promise<string> {
  const refused = z.object({ error: z.object({ message: z.string() }) }).safeParse(await response.json())
  return refused.data?.error.message ?? `the transport of MCP refuses it (${response.status})`
}
