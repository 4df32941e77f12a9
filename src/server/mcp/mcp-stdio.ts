/** MCP over standard input and output, for a client that started this process. */
import type { Readable, Writable } from 'node:stream'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { type McpOptions, mcpServer } from './mcp-server.ts'

export interface StdioOptions extends McpOptions {
  readonly input: Readable
  readonly output: Writable
  /** Ends it. */
  readonly signal: AbortSignal
}

/** Until the client closes its end, or the signal. */
export async function serveStdio({ input, output, signal, ...options }: StdioOptions): Promise<void> {
  const server = mcpServer(options)
  const ended = new Promise<void>(resolve => {
    input.once('end', resolve)
    input.once('close', resolve)
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await server.connect(new StdioServerTransport(input, output))
  await ended
  await server.close()
}
