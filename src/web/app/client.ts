/** Questions to the server, and its answers. What isn't an answer is a `ServerError`, with the server's own code, sentence and hint. */
import type { Failure } from '../../api/common.ts'
import { jsonOf } from './json-of.ts'
import { csrfToken } from './session.ts'

const ROOT = '/api/v1'

export const UNREACHABLE: Failure['error'] = {
  code: 'UNREACHABLE',
  message: 'The server doesn’t answer.',
  hint: 'Is `custody serve` still running? Start it again, and open the URL that it prints.',
}

/** What is wrong, as the server says it; `status` 0: it can't be reached. */
export class ServerError extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string | null
  /** The place, as `FILE:LINE:COLUMN` of what was given. */
  readonly where: string | null

  constructor(status: number, { code, message, hint, where }: Failure['error']) {
    super(message)
    this.status = status
    this.code = code
    this.hint = hint ?? null
    this.where = where ?? null
  }
}

/** A key with several values is repeated; null and undefined are left out. */
export type Query = { readonly [key: string]: string | number | readonly string[] | null | undefined }

export function urlOf(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query))
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== null && each !== undefined) search.append(key, String(each))
  const text = search.toString()
  return `${ROOT}${path}${text === '' ? '' : `?${text}`}`
}

/** @throws ServerError */
export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return jsonOf<T>(await asked(urlOf(path, query), { signal: signal ?? null }))
}

/** With the URL of the next page, as the header `Link` has it; null if there is none. @throws ServerError */
export async function getPage<T>(
  url: string,
  signal?: AbortSignal,
): Promise<{ readonly answer: T; readonly next: string | null }> {
  const response = await asked(url, { signal: signal ?? null })
  const next = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get('link') ?? '')?.[1] ?? null
  return { answer: await jsonOf<T>(response), next }
}

/** The whole of a file, as text. @throws ServerError */
export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await asked(urlOf(path), { signal: signal ?? null })).text()
}

/** Without a body where `body` is undefined. @throws ServerError */
export async function send<T>(path: string, body: unknown, method: 'POST' | 'DELETE' = 'POST'): Promise<T> {
  const csrf = { 'x-custody-csrf': csrfToken() }
  const init =
    body === undefined
      ? { headers: csrf }
      : { headers: { ...csrf, 'content-type': 'application/json' }, body: JSON.stringify(body) }
  return jsonOf<T>(await asked(urlOf(path), { method, ...init }))
}

async function asked(url: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, { credentials: 'same-origin', ...init })
  } catch (error) {
    if (init.signal?.aborted === true) throw error
    throw new ServerError(0, UNREACHABLE)
  }
  if (response.ok) return response
  throw new ServerError(response.status, await failureOf(response))
}

async function failureOf(response: Response): Promise<Failure['error']> {
  try {
    return (await jsonOf<Failure>(response)).error
  } catch {
    return {
      code: `HTTP_${response.status}`,
      message: `The server answered ${response.status} ${response.statusText}.`,
    }
  }
}
