/** How a reply goes over the wire: whole, in drops, in part, or with a broken connection. */
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { FaultKind } from './faults.ts'
import type { ChaosSettings } from './options.ts'
import type { Reply } from './reply.ts'

/** Faults of the way, which any reply with a body can meet. */
const OF_THE_BODY: readonly FaultKind[] = ['malformed', 'cut_body', 'short_body', 'drip', 'wrong_encoding']

/** Null if the reply can't meet it: it has no body, or the fault is one of the model. */
export function deliveryFault(fault: FaultKind | null, reply: Reply, method: string): FaultKind | null {
  if (fault === null || fault === 'reset') return fault
  return OF_THE_BODY.includes(fault) && reply.body.length > 0 && method !== 'HEAD' ? fault : null
}

const HTML = '<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>\n'

/** The reply as the fault leaves it. `detail` in [0, 1) is where it is cut. */
export function mangled(reply: Reply, fault: FaultKind | null, detail: number): Reply {
  const part = reply.body.subarray(0, Math.floor(reply.body.length * detail))
  if (fault === 'cut_body') return { ...reply, body: part }
  if (fault === 'wrong_encoding') return { ...reply, headers: { ...reply.headers, 'content-encoding': 'gzip' } }
  if (fault !== 'malformed') return reply
  // The draw chooses the kind, and what is left of it the place.
  const [kind, place] = [Math.floor(detail * 3), (detail * 3) % 1]
  if (kind === 0)
    return { ...reply, headers: { ...reply.headers, 'content-type': 'text/html' }, body: Buffer.from(HTML) }
  if (kind === 1) return { ...reply, body: Buffer.alloc(0) }
  const broken = reply.body.subarray(0, Math.floor(reply.body.length * place))
  return { ...reply, body: Buffer.concat([broken, Buffer.from(' …\n\n')]) }
}

/**
 * Sends what `mangled` gave. It has ended when the response says so (`close`), or before what is returned is called: that
 * breaks the connection, if it shall be broken.
 * @throws AbortError if the signal says that the client is gone.
 */
export async function deliver(
  response: ServerResponse,
  reply: Reply,
  fault: FaultKind | null,
  detail: number,
  drip: ChaosSettings['drip'],
  signal: AbortSignal,
): Promise<(() => void) | null> {
  const { status, headers, body, streamed } = reply
  const bare = body.length === 0 && (status === 204 || status === 304)
  response.writeHead(status, {
    ...headers,
    ...(streamed || bare ? {} : { 'content-length': body.length }),
  })
  if (fault !== 'reset' && fault !== 'short_body') {
    const start = fault === 'drip' ? await drop(response, body, drip, signal) : 0
    response.end(body.subarray(start))
    return null
  }
  // One byte at least is missing.
  const part = body.subarray(0, Math.min(body.length - 1, Math.floor(body.length * detail)))
  await new Promise<void>(resolve => {
    response.flushHeaders()
    if (part.length === 0) resolve()
    else response.write(part, () => resolve())
  })
  const { socket } = response
  if (fault === 'short_body') return () => socket?.destroySoon()
  // A reset takes from the client what it hasn't read: so that it is met in the middle, the client gets a moment.
  await wait(RESET_AFTER_MS, undefined, { signal })
  return () => socket?.resetAndDestroy()
}

const RESET_AFTER_MS = 20

/** Sends all but the last piece, and gives where that begins: the client shall have all no sooner than the response ends. */
async function drop(
  response: ServerResponse,
  body: Buffer,
  { bytes, pause_ms }: ChaosSettings['drip'],
  signal: AbortSignal,
): Promise<number> {
  let at = 0
  for (; at + bytes < body.length; at += bytes) {
    response.write(body.subarray(at, at + bytes))
    await wait(pause_ms, undefined, { signal })
  }
  return at
}
