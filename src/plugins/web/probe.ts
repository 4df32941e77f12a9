/**
 * Asks a place of the web whether it answers, without a row.
 *
 * PROBE-1. Only HEAD and OPTIONS are sent, which change nothing, and no body.
 * PROBE-2. Where a row is needed to say what is asked, the origin is asked alone: whatever it answers, it is there.
 */
import { newRow } from '../../model/row.ts'
import type { Probed } from '../../sdk/probe.ts'
import type { SecretOption } from '../../sdk/spec.ts'
import { WebClient, type WebLimits } from './client.ts'
import type { Broken, Outgoing } from './exchange.ts'
import { type RequestOptions, RequestTemplate } from './request.ts'
import { compileUrlTemplate } from './url-template.ts'

/** `options`: of requests whose URL says where they go. */
export async function probePlace(
  options: RequestOptions & { readonly url: string },
  secrets: readonly SecretOption[],
  limits: WebLimits,
  signal: AbortSignal,
): Promise<Probed> {
  const client = new WebClient(limits)
  const whole = wholeRequest(options, secrets)
  const outgoing = whole ?? originOf(options.url)
  try {
    const answer = await client.ask(outgoing, signal)
    if (answer.kind === 'failure') return unanswered(answer)
    return whole === null ? there(outgoing.url.origin) : answered(outgoing, answer.status)
  } finally {
    client.close()
  }
}

/** Of an answer that says nothing but that somebody is there. */
export const there = (origin: string): Probed => ({ state: 'ok', message: `${origin} answers` })

export function unanswered({ code, message }: Pick<Broken, 'code' | 'message'>): Probed {
  const hint = HINTS[code]
  return { state: 'fail', code, message, ...(hint === undefined ? {} : { hint }) }
}

const HINTS: { readonly [code: string]: string } = {
  HTTP_NETWORK: 'Check the URL, and that the service runs and can be reached from here.',
  HTTP_TIMEOUT: 'Check that the service can be reached from here; `timeout` is how long it may take.',
  HTTP_TLS: 'The service must show a certificate by an authority that Node trusts; $NODE_EXTRA_CA_CERTS names others.',
  HTTP_ADDRESS_REFUSED: 'If it is meant, list the host under `allow`.',
}

/** What would be asked first, as HEAD or OPTIONS; null if that takes a row. */
function wholeRequest(options: RequestOptions, secrets: readonly SecretOption[]): Outgoing | null {
  const { body: _, ...rest } = options
  const built = new RequestTemplate(rest, secrets).build(newRow())
  if (built.kind === 'error') return null
  const reads = options.method === 'GET' || options.method === 'HEAD'
  return { ...built.outgoing, method: reads ? 'HEAD' : 'OPTIONS', body: null, idempotent: true }
}

function originOf(url: string): Outgoing {
  const compiled = compileUrlTemplate(url)
  if (!('origin' in compiled)) throw new TypeError('the URL was not checked')
  return { method: 'HEAD', url: new URL(compiled.origin), headers: {}, body: null, idempotent: true }
}

/** Statuses by which a service says that it knows the place, but not this method. */
const UNKNOWN_METHOD: readonly number[] = [405, 501]

function answered({ url, method }: Outgoing, status: number): Probed {
  const message = `${url.origin} answers ${method} with status ${status}`
  if (status < 300 || UNKNOWN_METHOD.includes(status)) return { state: 'ok', message }
  const code = status < 400 ? 'HTTP_STATUS_3XX' : status < 500 ? 'HTTP_STATUS_4XX' : 'HTTP_STATUS_5XX'
  // Of OPTIONS browsers’ questions are expected, which bring no credentials: what is refused may be only that.
  if ((status === 401 || status === 407) && method === 'HEAD')
    return { state: 'fail', code, message, hint: 'Check `auth`, and the headers that say who asks.' }
  return { state: 'warn', code, message, hint: `What it says to anything but ${method} only a run shows.` }
}
