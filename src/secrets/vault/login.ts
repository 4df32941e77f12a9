/** A token of Vault: one that is given, or one that a role is given for what proves it. */

import { member } from '../json.ts'
import { type KeeperPorts, SecretProblem } from '../keeper.ts'
import { askVault, unreachable } from './server.ts'
import type { VaultSettings } from './settings.ts'

/** @throws SecretProblem CUSTODY_SECRET_DENIED, CUSTODY_SECRET_UNREACHABLE */
export async function vaultToken(settings: VaultSettings, ports: KeeperPorts, signal: AbortSignal): Promise<string> {
  const { login } = settings
  if (login.kind === 'token') return login.token
  const body =
    login.kind === 'approle'
      ? { role_id: login.role_id, ...(login.secret_id === null ? {} : { secret_id: login.secret_id }) }
      : { role: login.role, jwt: login.jwt }
  const path = `auth/${login.mount.split('/').map(encodeURIComponent).join('/')}/login`
  const { status, json } = await askVault({ method: 'POST', path, token: null, body }, settings, ports, signal)
  const token = member(json, 'auth', 'client_token')
  if (status === 200 && typeof token === 'string' && token !== '') return token
  if (status === 200) throw unreachable(settings.address, 'answers a login without a token')
  const what = login.kind === 'approle' ? 'AppRole' : `role ${login.role} of Kubernetes`
  throw new SecretProblem(
    'CUSTODY_SECRET_DENIED',
    `HashiCorp Vault refuses to sign in ${what} at ${path}, with status ${status}`,
    login.kind === 'approle'
      ? 'check VAULT_ROLE_ID, VAULT_SECRET_ID, VAULT_NAMESPACE and VAULT_AUTH_MOUNT'
      : 'check VAULT_KUBERNETES_ROLE, the service account that it is bound to, VAULT_NAMESPACE and VAULT_AUTH_MOUNT',
  )
}
