/** MCP over HTTP, for a server that has signed its reader in: each request by itself, so that nothing is kept between them. */
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { type McpOptions, mcpServer } from './mcp-server.ts'

/**
 * Answers one request of the streamable HTTP transport: POST with a message. There is nothing to listen to, and no session to end: GET and
 * DELETE are answered with 405.
 */
export async function answerMcp(request: Request, options: McpOptions): Promise<Response> {
  if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST' } })
  const server = mcpServer(options)
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  const onGone = () => void server.close()
  request.signal.addEventListener('abort', onGone, { once: true })
  try {
    await server.connect(transport)
    return await transport.handleRequest(request)
  } finally {
    request.signal.removeEventListener('abort', onGone)
    await server.close()
  }
}
