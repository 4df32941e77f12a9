/** A witness over HTTP: `POST /add-checkpoint`, and `GET /<origin hash>/checkpoint` for monitors; nothing else. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type Answer, addCheckpoint, checkpointAnswer, type WitnessPorts } from './answer.ts'
import type { SqliteHeads } from './store.ts'

export interface ServerPorts extends WitnessPorts {
  readonly store: SqliteHeads
  /** The request failed, and the witness knows no more than before. */
  readonly onTrouble: (error: unknown) => void
}

/** A note has at most a million characters; a proof some thousands. */
const MOST_BYTES = 1_100_000
const REQUEST_TIMEOUT_MS = 30_000

export function witnessServer(ports: ServerPorts): Server {
  const server = createServer((request, response) => {
    answered(request, ports).then(
      answer => reply(response, answer.status, answer.type, answer.body),
      (error: unknown) => {
        ports.onTrouble(error)
        reply(response, 500, 'text/plain; charset=utf-8', 'this can’t be answered now\n')
      },
    )
  })
  server.requestTimeout = REQUEST_TIMEOUT_MS
  return server
}

type HttpAnswer = Omit<Answer, 'status'> & { readonly status: number }

const plain = (status: number, body: string): HttpAnswer => ({ status, type: 'text/plain; charset=utf-8', body })

async function answered(request: IncomingMessage, ports: ServerPorts): Promise<HttpAnswer> {
  const path = request.url ?? ''
  const monitored = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path)?.[1]
  if (monitored !== undefined)
    return request.method === 'GET' ? checkpointAnswer(ports.store.readByHash(monitored)) : plain(405, 'GET it\n')
  if (path !== '/add-checkpoint') return plain(404, 'there is nothing here\n')
  if (request.method !== 'POST') return plain(405, 'POST it\n')
  const body = await bodyOf(request)
  return body === null ? plain(413, 'the request is too large\n') : addCheckpoint(body, ports)
}

/** null if it is too large. What isn't UTF-8 is no request either: the replacement character is in none that is signed. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    // cast: no encoding was set, so that parts are bytes.
    const chunk = part as Buffer
    bytes += chunk.length
    if (bytes > MOST_BYTES) return null
    parts.push(chunk)
  }
  return Buffer.concat(parts).toString('utf8')
}

function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
