/**
 * Secrets in HashiCorp Vault, and in servers that speak its API: key/value engines of both versions, and whatever else answers a GET
 * with fields. As Vault’s own client does, it asks where an engine is mounted, and of which version it is.
 */
import { member } from '../json.ts'
import { type Keeper, type KeeperPorts, SecretProblem, type Stored } from '../keeper.ts'
import { vaultToken } from './login.ts'
import { askVault, unreachable, type VaultAnswer } from './server.ts'
import { type VaultSettings, vaultSettings } from './settings.ts'

interface Session {
  readonly settings: VaultSettings
  readonly token: string
}

export function vaultKeeper(ports: KeeperPorts): Keeper<'vault'> {
  let session: Promise<Session> | null = null
  const signIn = async (signal: AbortSignal): Promise<Session> => {
    const settings = vaultSettings(ports.env)
    return { settings, token: await vaultToken(settings, ports, signal) }
  }
  return {
    placeOf: ({ path }) => path,
    read: async ({ path }, signal) => {
      session ??= signIn(signal)
      return readSecret(path, await session, ports, signal)
    },
  }
}

async function readSecret(
  path: string,
  { settings, token }: Session,
  ports: KeeperPorts,
  signal: AbortSignal,
): Promise<Stored> {
  const get = (at: string) => askVault({ method: 'GET', path: at, token }, settings, ports, signal)
  const { mount, version } = await mountOf(path, get)
  const inside = path.slice(mount.length)
  const at = version === 2 ? `${mount}data/${inside}` : path
  const { status, json } = await get(written(at))
  if (status === 403) throw denied(at)
  const data = version === 2 ? member(json, 'data', 'data') : member(json, 'data')
  if (status === 404 || (status === 200 && data === null)) {
    const hint =
      version === 2 && inside.startsWith('data/')
        ? `leave data/ out: vault:${mount}${inside.slice('data/'.length)}`
        : undefined
    throw new SecretProblem('CUSTODY_SECRET_NOT_FOUND', `HashiCorp Vault has no secret at ${at}, or deleted it`, hint)
  }
  if (status !== 200 || typeof data !== 'object' || data === null)
    throw unreachable(settings.address, `answers for ${at} with status ${status} and no fields`)
  return { kind: 'fields', fields: { ...data } }
}

/** With a slash at its end; empty where a server doesn’t say it, as those from before version 0.10. */
async function mountOf(
  path: string,
  get: (at: string) => Promise<VaultAnswer>,
): Promise<{ readonly mount: string; readonly version: number }> {
  const { status, json } = await get(`sys/internal/ui/mounts/${written(path)}`)
  // It is also what is said of an engine that isn’t there.
  if (status === 403) throw denied(path)
  const mount = member(json, 'data', 'path')
  if (typeof mount !== 'string' || !path.startsWith(mount)) return { mount: '', version: 1 }
  return { mount, version: member(json, 'data', 'options', 'version') === '2' ? 2 : 1 }
}

const written = (path: string): string => path.split('/').map(encodeURIComponent).join('/')

function denied(path: string): SecretProblem {
  return new SecretProblem(
    'CUSTODY_SECRET_DENIED',
    `HashiCorp Vault doesn’t let this token read ${path}`,
    'check that the engine is mounted there, VAULT_NAMESPACE, and that a policy of the token allows `read`; it may have expired',
  )
}
