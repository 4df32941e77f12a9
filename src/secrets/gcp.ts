/** Google Secret Manager: Google’s own library signs in by application default credentials; the secret is one GET of the service’s API. */
import type { AuthClient, GoogleAuth } from 'google-auth-library'
import { askAgain } from './again.ts'
import { statusProblem } from './answers.ts'
import { member, objectIn } from './json.ts'
import { type Keeper, type KeeperPorts, SecretProblem } from './keeper.ts'
import { storedBytes } from './stored.ts'

const WHO = 'Google Secret Manager'
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'

export function gcpKeeper(ports: KeeperPorts): Keeper<'gcp'> {
  let auth: Promise<GoogleAuth<AuthClient>> | null = null
  const signIn = async () => {
    const { GoogleAuth } = await import('google-auth-library')
    return new GoogleAuth({ scopes: [SCOPE] })
  }
  return {
    placeOf: ({ name }) => name,
    read: async (reference, signal) => {
      auth ??= signIn()
      const { name, location } = reference
      const host = location === null ? 'secretmanager.googleapis.com' : `secretmanager.${location}.rep.googleapis.com`
      const headers = { ...(await headersOf(await auth)), accept: 'application/json' }
      const answer = await askAgain({ method: 'GET', url: `https://${host}/v1/${name}:access`, headers }, ports, signal)
      const data = answer.status === 200 ? member(objectIn(answer.body), 'payload', 'data') : null
      if (typeof data === 'string') return storedBytes(Buffer.from(data, 'base64'), reference)
      throw statusProblem(answer, {
        who: WHO,
        what: name,
        missing: 'check the names of project and secret, and that it has such a version',
        refused: 'give whoever asks the role Secret Manager Secret Accessor, and see that the API is enabled',
      })
    },
  }
}

/** Who asks, and which project pays. */
async function headersOf(auth: GoogleAuth<AuthClient>): Promise<{ readonly [name: string]: string }> {
  try {
    return Object.fromEntries(await auth.getRequestHeaders())
  } catch (error) {
    if (!(error instanceof Error)) throw error
    // Its messages quote what was sent and what came back.
    throw new SecretProblem(
      'CUSTODY_SECRET_SETTING',
      `${WHO}: no credential signs in`,
      'run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to the file of a key',
    )
  }
}
