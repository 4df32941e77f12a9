/** Azure Key Vault: Microsoft’s own library signs in, as its other clients do; the secret is one GET of the vault’s API. */
import type { TokenCredential } from '@azure/identity'
import { askAgain } from './again.ts'
import { statusProblem } from './answers.ts'
import { member, objectIn } from './json.ts'
import { type Keeper, type KeeperPorts, SecretProblem } from './keeper.ts'

const WHO = 'Azure Key Vault'
const API_VERSION = '7.4'

export function azureKeeper(ports: KeeperPorts): Keeper<'azure'> {
  let credential: Promise<TokenCredential> | null = null
  const signIn = async (): Promise<TokenCredential> => {
    const { DefaultAzureCredential } = await import('@azure/identity')
    return new DefaultAzureCredential()
  }
  return {
    placeOf: ({ host, secret, version }) => `${host}/${secret}/${version ?? ''}`,
    read: async ({ host, secret, version }, signal) => {
      credential ??= signIn()
      const token = await tokenOf(await credential, host, signal)
      const path = version === null ? secret : `${secret}/${version}`
      const url = `https://${host}/secrets/${path}?api-version=${API_VERSION}`
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
      const answer = await askAgain({ method: 'GET', url, headers }, ports, signal)
      const value = answer.status === 200 ? member(objectIn(answer.body), 'value') : null
      if (typeof value === 'string') return { kind: 'text', text: value }
      throw statusProblem(answer, {
        who: WHO,
        what: `${host}/${path}`,
        missing: 'check the names of the vault and the secret',
        refused: 'give whoever asks the role Key Vault Secrets User; a secret may be disabled or out of its time, too',
      })
    },
  }
}

async function tokenOf(credential: TokenCredential, host: string, signal: AbortSignal): Promise<string> {
  // `NAME.vault.azure.net`: tokens are for all vaults of a cloud.
  const cloud = host.slice(host.indexOf('.') + 1)
  let why = 'there is none'
  try {
    const token = await credential.getToken(`https://${cloud}/.default`, { abortSignal: signal })
    if (token !== null) return token.token
  } catch (error) {
    if (signal.aborted || !(error instanceof Error)) throw error
    // Its messages quote what was sent and what came back.
    why = error.name
  }
  throw new SecretProblem(
    'CUSTODY_SECRET_SETTING',
    `${WHO}: no credential signs in (${why})`,
    'sign in with the Azure CLI, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or use a managed identity',
  )
}
