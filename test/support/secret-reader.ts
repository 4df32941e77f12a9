/** For tests: secrets as a run reads them, in which nothing waits. */
import { expect } from 'vitest'
import type { SecretReading } from '../../src/model/secret-reading.ts'
import { type ReaderPorts, SecretReader } from '../../src/secrets/reader.ts'

export const reader = (ports: ReaderPorts): SecretReader => new SecretReader({ wait: async () => undefined, ...ports })

/** One of them. */
export async function readSecret(name: string, ports: ReaderPorts, folder = '/'): Promise<SecretReading> {
  const found = (await reader(ports).read([name], folder)).get(name)
  if (found === undefined) throw new Error(`nothing is said of ${name}`)
  return found
}

export const value = (text: string) => ({ kind: 'value', value: text })
/** Whatever it says otherwise. */
export const problem = (code: string, message = '') => ({
  kind: 'problem',
  code: `CUSTODY_${code}`,
  message: expect.stringContaining(message),
})
