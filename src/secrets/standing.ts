/** How Vault stands that the environment names, for whoever looks after an installation. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Environment } from './environment.ts'
import { SecretProblem } from './keeper.ts'
import { type VaultStanding, vaultStanding } from './vault/standing.ts'
import { webAsk } from './web.ts'

const LIMIT_MS = 5_000

/** @throws SecretProblem CUSTODY_SECRET_SETTING, CUSTODY_SECRET_UNREACHABLE */
export async function vaultStandingIn(env: Environment): Promise<VaultStanding> {
  const signal = AbortSignal.timeout(LIMIT_MS)
  const wait = (ms: number) => sleep(ms, undefined, { signal })
  try {
    return await vaultStanding({ env, ask: webAsk(env), wait }, signal)
  } catch (error) {
    if (!signal.aborted) throw error
    throw new SecretProblem('CUSTODY_SECRET_UNREACHABLE', `HashiCorp Vault doesn’t answer within ${LIMIT_MS / 1000} s`)
  }
}
