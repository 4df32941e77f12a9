/** Custody's folder among the user's configuration (XDG base directories). */
import { homedir } from 'node:os'
import { join } from 'node:path'

export type Environment = { readonly [name: string]: string | undefined }

export function configFolder(env: Environment): string {
  const folder = env.XDG_CONFIG_HOME
  return join(folder === undefined || folder === '' ? join(homedir(), '.config') : folder, 'custody')
}
