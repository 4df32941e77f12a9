/** Secrets among the options of a plugin: their values, and what is to be said of them before a run. */
import { isDistinctiveSecret, isDummySecret } from '../model/distinctive-secret.ts'
import type { OptionProblem, SecretOption } from '../sdk/spec.ts'
import type { Secret } from './masks.ts'
import { decodedPart } from './web/url-part.ts'

/** Those of the options that are secrets, with their names. */
export function namedSecrets(options: unknown, secrets: readonly SecretOption[]): readonly Secret[] {
  return secrets.flatMap(({ path, name }) => {
    const value = valueAt(options, path)
    return typeof value === 'string' ? [{ name, value }] : []
  })
}

function valueAt(options: unknown, path: SecretOption['path']): unknown {
  let value = options
  for (const step of path) value = (value as { readonly [key: string | number]: unknown } | undefined)?.[step]
  return value
}

/** The password in a URL; the rest of it says where something is, and needn't be secret. */
function passwordOf(text: string): string | null {
  const password = URL.canParse(text) ? new URL(text).password : ''
  return password === '' ? null : decodedPart(password)
}

/** Warnings: secrets that data can't be kept clear of, because their values may stand in it by chance. */
export function weakSecrets(options: unknown, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  return secrets.flatMap(({ path, name }) => {
    const value = valueAt(options, path)
    if (typeof value !== 'string') return []
    const password = passwordOf(value)
    const secret = password ?? value
    if (isDistinctiveSecret(secret)) return []
    const what = password === null ? `the value of ${name}` : `the password in the URL that ${name} holds`
    const reason = isDummySecret(secret) ? 'is an ordinary word' : 'has fewer than 8 characters'
    const needless = password === null ? 'no key leave it out' : 'no password leave it out of the URL'
    return {
      path,
      message: `${what} ${reason}: where a service repeats it, only headers, URLs and errors are kept clear of it`,
      hint: `for a server that needs ${needless}; what is meant to be secret has 8 characters or more, and isn’t a word that many use`,
      severity: 'warning' as const,
    }
  })
}
