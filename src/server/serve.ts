/** The server: listens, answers, and ends. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { CustodyError } from '../model/error.ts'
import { type Assembled, assemble, type ServerSettings } from './assemble.ts'
import { LOOPBACK } from './gate.ts'

export interface ServeSettings extends ServerSettings {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
}

export interface Serving {
  /** With the one-time code in its fragment, where there is one. */
  pageUrl(): string
  /** Without. */
  readonly url: string
  readonly token: string
  /** Ends at once: whoever still waits for an answer gets none. */
  close(): Promise<void>
}

/** A request is small; an answer may take as long as it takes. */
const REQUEST_TIMEOUT_MS = 30_000
const MOST_CONNECTIONS = 1_000

/** @throws CustodyError CUSTODY_SERVE, and as `assemble` */
export async function serve(settings: ServeSettings): Promise<Serving> {
  // By another name of this machine its gate would let nobody in.
  if (settings.oidc === null && !LOOPBACK.includes(urlHost(settings.host)))
    throw new CustodyError(
      'CUSTODY_SERVE',
      `without sign-in the server listens to this machine only, not on ${settings.host}`,
      {
        hint: 'Set up sign-in by OIDC: docs/api.md says how. Or reach this machine through a tunnel, as `ssh -L` makes one.',
      },
    )
  // What listens has a port, and only then it is known by which names it is called.
  let listener: RequestListener | null = null
  const server = createServer((request, response) => {
    if (listener === null) response.writeHead(503).end()
    else listener(request, response)
  })
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.maxConnections = MOST_CONNECTIONS
  const port = await listening(server, settings)
  let assembled: Assembled
  try {
    assembled = await assemble(settings, port)
  } catch (error) {
    server.close()
    throw error
  }
  const { app, token, code } = assembled
  listener = getRequestListener((request, env) => app.fetch(request, env), { overrideGlobalObjects: false })
  const url = settings.oidc?.public_url.origin ?? `http://${urlHost(settings.host)}:${port}`
  return {
    url,
    token,
    pageUrl: () => (code() === null ? `${url}/` : `${url}/#code=${code()}`),
    close: async () => {
      server.close()
      server.closeAllConnections()
      await Promise.all([once(server, 'close'), assembled.close()])
    },
  }
}

async function listening(server: Server, { host, port }: ServeSettings): Promise<number> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CustodyError('CUSTODY_SERVE', `the server can’t listen on ${urlHost(host)}:${port}: ${why}`, { cause })
  }
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
