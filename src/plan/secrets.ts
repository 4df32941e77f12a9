/** `{secret: NAME}` in options: the plugin gets the value, everybody else its name and a keyed fingerprint. */
import type { ConfigPath } from '../config/pipeline.ts'
import { isDistinctiveSecret, isDummySecret } from '../model/distinctive-secret.ts'
import type { Report } from './report.ts'

export interface Secrets {
  /** The value of an environment variable; undefined if it is not set. */
  readonly secrets: (name: string) => string | undefined
  /** A keyed fingerprint of a value: shows whether two are the same, and nothing else. */
  readonly fingerprint: (value: string) => string
  /** False: a secret that isn't set is a warning (validation without them). */
  readonly secrets_required?: boolean
}

export interface FoundSecret {
  /** Within the options. */
  readonly path: readonly (string | number)[]
  readonly name: string
  /** Null if it isn't set. */
  readonly value: string | null
  readonly fingerprint: string | null
}

/** Stands for a secret that isn't set, so that the rest of the options can be checked. */
const UNSET = 'a-secret-that-is-not-set'

function nameOf(value: object): string | null {
  const keys = Object.keys(value)
  if (keys.length !== 1 || keys[0] !== 'secret') return null
  const name = (value as { secret: unknown }).secret
  return typeof name === 'string' ? name : null
}

/** A copy of the options with secrets in their places. Problems: CUSTODY_SECRET_UNSET. */
export function putSecrets(
  options: unknown,
  path: ConfigPath,
  { secrets, fingerprint, secrets_required = true }: Secrets,
  report: Report,
): { readonly options: unknown; readonly found: readonly FoundSecret[] } {
  const found: FoundSecret[] = []
  const visit = (value: unknown, at: readonly (string | number)[]): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map((each, index) => visit(each, [...at, index]))
    const name = nameOf(value)
    if (name === null) {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, visit(each, [...at, key])]))
    }
    const secret = secrets(name) ?? null
    if (secret === null) {
      const message = `the environment variable ${name}, which holds a secret, is not set`
      const severity = secrets_required ? 'error' : 'warning'
      report[severity]('CUSTODY_SECRET_UNSET', [...path, ...at], message, { hint: 'set it before the run' })
    }
    found.push({ path: at, name, value: secret, fingerprint: secret === null ? null : fingerprint(secret) })
    return secret ?? UNSET
  }
  return { options: visit(options, []), found }
}

/**
 * Options without secrets: at the places where they were put, and wherever a plugin's type copied one to that is no ordinary word.
 * Each becomes `{secret: NAME, fingerprint}`.
 */
export function hideSecrets(options: unknown, found: readonly FoundSecret[]): unknown {
  if (found.length === 0) return options
  const reference = ({ name, fingerprint }: FoundSecret) => ({ secret: name, fingerprint })
  const secretIn = (value: string) =>
    found.find(({ value: secret }) => {
      const text = secret ?? UNSET
      // A model is named `ollama/qwen3` although the key, which the server doesn't look at, is `ollama`.
      return isDistinctiveSecret(text) ? value.includes(text) : value === text && !isDummySecret(text)
    })
  const visit = (value: unknown, at: readonly (string | number)[]): unknown => {
    const placed = found.find(each => each.path.length === at.length && each.path.every((step, i) => step === at[i]))
    if (placed !== undefined) return reference(placed)
    if (typeof value === 'string') {
      const inside = secretIn(value)
      return inside === undefined ? value : reference(inside)
    }
    if (Array.isArray(value)) return value.map((each, index) => visit(each, [...at, index]))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, visit(each, [...at, key])]))
  }
  return visit(options, [])
}
