/** How Vault is reached and signed in to, as the environment says: by the variables of Vault’s own client, and those of its agents for roles. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../environment.ts'
import { SecretProblem } from '../keeper.ts'
import type { TlsFiles } from '../web.ts'

export interface VaultSettings {
  /** Without a slash at its end. */
  readonly address: string
  readonly namespace: string | null
  readonly tls: TlsFiles
  readonly login: VaultLogin
}

export type VaultLogin =
  | { readonly kind: 'token'; readonly token: string }
  /** `mount`: of the auth method. */
  | { readonly kind: 'approle'; readonly mount: string; readonly role_id: string; readonly secret_id: string | null }
  | { readonly kind: 'kubernetes'; readonly mount: string; readonly role: string; readonly jwt: string }

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** @throws SecretProblem CUSTODY_SECRET_SETTING */
export function vaultSettings(env: Environment): VaultSettings {
  const { VAULT_ADDR, VAULT_NAMESPACE, VAULT_SKIP_VERIFY } = env
  if (!VAULT_ADDR) throw unset('VAULT_ADDR isn’t set', 'set it to the URL of the server, as https://vault.example:8200')
  if (!/^https?:\/\/[^/]/.test(VAULT_ADDR) || !URL.canParse(VAULT_ADDR))
    throw unset('VAULT_ADDR isn’t the URL of a web server', 'write https://HOST:PORT')
  if (VAULT_SKIP_VERIFY && !/^(?:0|f|false)$/i.test(VAULT_SKIP_VERIFY))
    throw unset(
      'VAULT_SKIP_VERIFY is set, and whoever isn’t verified is given no token',
      'unset it, and name the authority of the server’s certificate in VAULT_CACERT',
    )
  return {
    address: VAULT_ADDR.replace(/\/+$/, ''),
    namespace: VAULT_NAMESPACE ? VAULT_NAMESPACE.replace(/^\/+|\/+$/g, '') : null,
    tls: tlsOf(env),
    login: loginOf(env),
  }
}

function tlsOf(env: Environment): TlsFiles {
  const { VAULT_TLS_SERVER_NAME } = env
  const files = { ca: 'VAULT_CACERT', cert: 'VAULT_CLIENT_CERT', key: 'VAULT_CLIENT_KEY' } as const
  return {
    ...Object.fromEntries(
      Object.entries(files).flatMap(([key, variable]) => {
        const path = env[variable]
        return path ? [[key, fileNamed(variable, path)]] : []
      }),
    ),
    ...(VAULT_TLS_SERVER_NAME ? { servername: VAULT_TLS_SERVER_NAME } : {}),
  }
}

/** What was set for this use first; the token that somebody’s `vault login` left is the last resort. */
function loginOf(env: Environment): VaultLogin {
  const { VAULT_TOKEN, VAULT_ROLE_ID, VAULT_SECRET_ID, VAULT_SECRET_ID_FILE, VAULT_KUBERNETES_ROLE } = env
  const mount = (usual: string) => (env.VAULT_AUTH_MOUNT || usual).replace(/^\/+|\/+$/g, '')
  if (VAULT_TOKEN) return { kind: 'token', token: sendable('VAULT_TOKEN', VAULT_TOKEN) }
  if (VAULT_ROLE_ID) {
    const from_file = VAULT_SECRET_ID_FILE ? fileNamed('VAULT_SECRET_ID_FILE', VAULT_SECRET_ID_FILE).trim() : null
    return { kind: 'approle', mount: mount('approle'), role_id: VAULT_ROLE_ID, secret_id: VAULT_SECRET_ID || from_file }
  }
  if (VAULT_KUBERNETES_ROLE) {
    const jwt = fileNamed('VAULT_KUBERNETES_TOKEN_FILE', env.VAULT_KUBERNETES_TOKEN_FILE || SERVICE_ACCOUNT).trim()
    return { kind: 'kubernetes', mount: mount('kubernetes'), role: VAULT_KUBERNETES_ROLE, jwt }
  }
  const kept = env.VAULT_TOKEN_FILE || (env.HOME ? join(env.HOME, '.vault-token') : '')
  const token = kept === '' ? null : contentOf(kept)
  if (token === null || token.trim() === '')
    throw unset(
      'there is nothing to sign in with',
      'set VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_KUBERNETES_ROLE, or let `vault login` keep a token',
    )
  return { kind: 'token', token: sendable(kept, token) }
}

/** Blanks around it are no part of it. */
function sendable(from: string, token: string): string {
  const bare = token.trim()
  if (/^[\x21-\x7e]+$/.test(bare)) return bare
  throw unset(`${from} has signs that no token has`, 'copy the token again')
}

function fileNamed(variable: string, path: string): string {
  const content = contentOf(path)
  if (content === null) throw unset(`${path}, which ${variable} stands for, can’t be read`, 'check that it is there')
  return content
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}

function unset(what: string, hint: string): SecretProblem {
  return new SecretProblem('CUSTODY_SECRET_SETTING', `HashiCorp Vault: ${what}`, hint)
}
