/** Secrets in variables of the environment: `{ secret: NAME }`. */
import type { SecretReading } from '../model/secret-reading.ts'

export type Environment = { readonly [name: string]: string | undefined }

export function fromEnvironment(name: string, env: Environment): SecretReading {
  const value = Object.hasOwn(env, name) ? env[name] : undefined
  if (value !== undefined) return { kind: 'value', value }
  const message = `the environment variable ${name}, which holds a secret, is not set`
  return { kind: 'problem', code: 'CUSTODY_SECRET_UNSET', message, hint: 'set it before the run' }
}
