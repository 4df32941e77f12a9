/** Headers of requests: which may be given, and which of them evidence may show. */
import type { Json, MutableRow, Row } from '../../model/row.ts'
import type { SecretOption } from '../../sdk/spec.ts'
import type { Secret } from '../masks.ts'
import { http } from '../node-on-demand.ts'
import { type JsonTemplate, secretAt } from '../templates/json-template.ts'
import { asText, type Rendered } from '../templates/template.ts'

export type Texts = { readonly [name: string]: string }
export type Auth =
  | { readonly bearer: string }
  | { readonly basic: { readonly username: string; readonly password: string } }

export interface Headers {
  readonly sent: Texts
  /** Names in lower case; secrets by their names. */
  readonly shown: { readonly [name: string]: Json }
}

/** What sends the request sets these. */
const RESERVED = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** Credentials, also where they aren't given as secrets. */
const HIDDEN = new Set(['authorization', 'cookie'])

export function headerProblems(headers: Texts, auth: Auth | undefined) {
  const names = Object.keys(headers).map(name => name.toLowerCase())
  return Object.keys(headers).flatMap((name, i) => {
    const lower = name.toLowerCase()
    const problem = (message: string) => [{ path: ['headers', name], message }]
    if (!isValid(() => http().validateHeaderName(name)))
      return problem(`no header can be named ${JSON.stringify(name)}`)
    if (RESERVED.has(lower)) return problem(`${name} is set by what sends the request`)
    if (names.indexOf(lower) !== i) return problem(`${name} is there twice`)
    return lower === 'authorization' && auth !== undefined ? problem(`${name} is set by \`auth\``) : []
  })
}

export function fillHeaders(template: JsonTemplate, row: Row, secrets: readonly SecretOption[]): Rendered<Headers> {
  const filled = template.fill(row)
  if (!filled.ok) return filled
  const sent: { [name: string]: string } = {}
  const shown: MutableRow = {}
  const meant = filled.value.meant as { readonly [name: string]: Json }
  for (const [name, value] of Object.entries(filled.value.shown as { readonly [name: string]: Json })) {
    const lower = name.toLowerCase()
    const text = asText(meant[name] ?? '')
    if (!isValid(() => http().validateHeaderValue(name, text)))
      return { ok: false, message: `headers.${name} has characters that no header may have` }
    sent[lower] = text
    if (secretAt(secrets, ['headers', name]) !== null) shown[lower] = value
    else if (!HIDDEN.has(lower)) shown[lower] = asText(value)
  }
  return { ok: true, value: { sent, shown } }
}

function isValid(validate: () => void): boolean {
  try {
    validate()
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

export function credentials(auth: Auth | undefined, secrets: readonly SecretOption[]): Headers {
  if (auth === undefined) return { sent: {}, shown: {} }
  const path = 'bearer' in auth ? ['auth', 'bearer'] : ['auth', 'basic', 'password']
  const secret = secretAt(secrets, path)
  return { sent: { authorization: authorization(auth) }, shown: secret === null ? {} : { authorization: { secret } } }
}

/** A password together with its user: so it is sent, in Base64, in which it can't be found by itself. */
export function namedCredentials(auth: Auth | undefined, secrets: readonly SecretOption[]): readonly Secret[] {
  if (auth === undefined || 'bearer' in auth) return []
  const name = secretAt(secrets, ['auth', 'basic', 'password']) ?? secretAt(secrets, ['auth', 'basic', 'username'])
  return name === null ? [] : [{ name, value: `${auth.basic.username}:${auth.basic.password}` }]
}

/** RFC 6750, RFC 7617. */
function authorization(auth: Auth): string {
  if ('bearer' in auth) return `Bearer ${auth.bearer}`
  const { username, password } = auth.basic
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
