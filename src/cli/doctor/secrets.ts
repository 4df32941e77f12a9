/** What `custody doctor` finds of secret managers. Vault is asked where the environment names it; others need packages. */
import { SecretProblem } from '../../secrets/keeper.ts'
import { readableManagers } from '../../secrets/packages.ts'
import { vaultStandingIn } from '../../secrets/standing.ts'
import type { Context } from '../context.ts'
import type { Finding } from './findings.ts'

const HOW = {
  taken: 'answers, and takes the token',
  unused: 'answers; a role signs in when a run starts',
  refused: 'answers, and refuses the token',
} as const

/** Never more than a warning: pipelines may name no secret of Vault. */
export async function secrets({ env }: Context): Promise<Finding> {
  const others = readableManagers()
  const packages = others.length === 0 ? 'no package for another manager' : `packages for ${others.join(', ')}`
  if (!env.VAULT_ADDR) return { name: 'secrets', state: 'ok', message: `VAULT_ADDR names no Vault; ${packages}` }
  try {
    const { origin, token } = await vaultStandingIn(env)
    const found = { name: 'secrets', message: `Vault at ${origin} ${HOW[token]}; ${packages}` }
    if (token !== 'refused') return { ...found, state: 'ok' }
    return { ...found, state: 'warn', hint: 'It may have expired, or be of another namespace.' }
  } catch (error) {
    if (!(error instanceof SecretProblem)) throw error
    const { message, hint } = error
    return { name: 'secrets', state: 'warn', message, ...(hint === undefined ? {} : { hint }) }
  }
}
