/** Whether Vault answers, and takes the token that is set: for whoever looks after an installation. */
import type { KeeperPorts } from '../keeper.ts'
import { askVault } from './server.ts'
import { vaultSettings } from './settings.ts'

export interface VaultStanding {
  readonly origin: string
  /** `unused`: a role signs in when a run starts, since that may use up what it signs in with. */
  readonly token: 'taken' | 'refused' | 'unused'
}

/** @throws SecretProblem CUSTODY_SECRET_SETTING, CUSTODY_SECRET_UNREACHABLE */
export async function vaultStanding(ports: KeeperPorts, signal: AbortSignal): Promise<VaultStanding> {
  const { login, ...settings } = vaultSettings(ports.env)
  const token = login.kind === 'token' ? login.token : null
  // Without a token this is refused, which is an answer of a server that is up.
  const path = 'auth/token/lookup-self'
  const { status } = await askVault({ method: 'GET', path, token }, settings, ports, signal)
  const { origin } = new URL(settings.address)
  if (token === null) return { origin, token: 'unused' }
  return { origin, token: status === 200 ? 'taken' : 'refused' }
}
