/** Signing in by OpenID Connect, as the environment sets it up. */
import { ROLES, type Role } from '../../api/session.ts'
import type { ProcessPlace } from '../../host/ledger.ts'
import { CustodyError } from '../../model/error.ts'

export interface OidcSettings {
  readonly issuer: URL
  readonly client_id: string
  /** null: a public client, which PKCE alone proves. */
  readonly client_secret: string | null
  /** Name of the claim that has somebody's groups or roles: a text, or a list of them. */
  readonly claim: string
  /** By a value of the claim. */
  readonly roles: ReadonlyMap<string, Role>
  /** Where browsers find this server. */
  readonly public_url: URL
}

const CALLBACK = 'sign-in/callback'

/** null: nothing of it is set. @throws CustodyError CUSTODY_SERVE, if only part of it is, or it can't be so */
export function oidcSettings(env: ProcessPlace['env']): OidcSettings | null {
  const issuer = env.CUSTODY_OIDC_ISSUER || null
  const client_id = env.CUSTODY_OIDC_CLIENT_ID || null
  const public_url = env.CUSTODY_PUBLIC_URL || null
  if (issuer === null && client_id === null && public_url === null) return null
  if (issuer === null || client_id === null || public_url === null)
    throw refused(
      'to sign in by OIDC takes $CUSTODY_OIDC_ISSUER, $CUSTODY_OIDC_CLIENT_ID and $CUSTODY_PUBLIC_URL, and only part of them is set',
    )
  return {
    issuer: safeUrl(issuer, '$CUSTODY_OIDC_ISSUER'),
    client_id,
    client_secret: env.CUSTODY_OIDC_CLIENT_SECRET || null,
    claim: env.CUSTODY_OIDC_CLAIM || 'roles',
    roles: rolesIn(env.CUSTODY_OIDC_ROLES || ROLES.map(role => `${role}=${role}`).join(',')),
    public_url: rootUrl(safeUrl(public_url, '$CUSTODY_PUBLIC_URL')),
  }
}

export function callbackUrl({ public_url }: OidcSettings): string {
  return new URL(CALLBACK, public_url).href
}

/** `viewer=auditors,operator=data-team`: several values of the claim may give one role. */
function rolesIn(text: string): ReadonlyMap<string, Role> {
  const roles = new Map<string, Role>()
  for (const part of text.split(',')) {
    const [, name, value] = /^\s*(\w+)\s*=\s*(.+?)\s*$/.exec(part) ?? []
    const role = ROLES.find(each => each === name)
    if (role === undefined || value === undefined)
      throw refused(
        `$CUSTODY_OIDC_ROLES: ${JSON.stringify(part)} isn’t of the form ROLE=VALUE, with ${ROLES.join(', ')} for ROLE`,
      )
    if (roles.has(value)) throw refused(`$CUSTODY_OIDC_ROLES: ${JSON.stringify(value)} stands for two roles`)
    roles.set(value, role)
  }
  return roles
}

function safeUrl(text: string, name: string): URL {
  if (!URL.canParse(text)) throw refused(`${name} is no URL`)
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    throw refused(`${name} must begin with https://, except on this machine`)
  return url
}

function rootUrl(url: URL): URL {
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw refused('$CUSTODY_PUBLIC_URL has a path; the server stands at the root of its name')
  return url
}

/** Of a URL, or an address to listen on. */
export function isLoopback(host: string): boolean {
  return ['localhost', '::1', '[::1]'].includes(host) || /^127(\.\d{1,3}){3}$/.test(host)
}

function refused(message: string): CustodyError {
  return new CustodyError('CUSTODY_SERVE', message)
}
