/** Requests to Vault’s API, and what its answers mean. */
import { askAgain } from '../again.ts'
import { objectIn } from '../json.ts'
import { type KeeperPorts, SecretProblem } from '../keeper.ts'
import { Unanswered, type WebAnswer, type WebRequest } from '../web.ts'
import type { VaultSettings } from './settings.ts'

export interface VaultRequest {
  readonly method: 'GET' | 'POST'
  /** Below `/v1/`; each segment is written as URLs have it. */
  readonly path: string
  /** null: whoever asks isn’t signed in yet. */
  readonly token: string | null
  readonly body?: { readonly [name: string]: string }
}

export interface VaultAnswer {
  readonly status: number
  /** null: it has none. */
  readonly json: { readonly [key: string]: unknown } | null
}

type Settings = Omit<VaultSettings, 'login'>

/** An answer with a status below 500. @throws SecretProblem CUSTODY_SECRET_UNREACHABLE */
export async function askVault(
  { method, path, token, body }: VaultRequest,
  { address, namespace, tls }: Settings,
  ports: KeeperPorts,
  signal: AbortSignal,
): Promise<VaultAnswer> {
  const request: WebRequest = {
    method,
    url: `${address}/v1/${path}`,
    headers: {
      accept: 'application/json',
      'x-vault-request': 'true',
      ...(token === null ? {} : { 'x-vault-token': token }),
      ...(namespace === null ? {} : { 'x-vault-namespace': namespace }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    tls,
  }
  let answer: WebAnswer
  try {
    answer = await followed(request, await askAgain(request, ports, signal), ports, signal)
  } catch (error) {
    if (error instanceof Unanswered) throw unreachable(address, error.message)
    throw error
  }
  const { status } = answer
  if (status === 503) throw unreachable(address, 'is sealed, or in maintenance')
  if (status >= 500 || status === 429 || status === 412) throw unreachable(address, `answers with status ${status}`)
  const json = objectIn(answer.body)
  if (status < 300 && json === null) throw unreachable(address, 'answers with something that Vault doesn’t say')
  return { status, json }
}

/** A server that stands by may send to the active one: once, and never to one that is spoken to in the clear. */
async function followed(
  request: WebRequest,
  answer: WebAnswer,
  ports: KeeperPorts,
  signal: AbortSignal,
): Promise<WebAnswer> {
  const { status, location } = answer
  if (![301, 302, 307, 308].includes(status) || location === undefined) return answer
  const url = URL.canParse(location, request.url) ? new URL(location, request.url) : null
  if (url === null || (request.url.startsWith('https:') && url.protocol !== 'https:')) return answer
  return askAgain({ ...request, url: url.href }, ports, signal)
}

export function unreachable(address: string, what: string): SecretProblem {
  return new SecretProblem(
    'CUSTODY_SECRET_UNREACHABLE',
    `HashiCorp Vault at ${new URL(address).origin} ${what}`,
    'check VAULT_ADDR, and that the server is up and unsealed',
  )
}
