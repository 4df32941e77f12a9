/** Secrets of examples: `{secret: NAME}` among the options becomes a text that can be found again wherever it must not be. */
import { isObject, type Json } from '../../model/row.ts'
import type { SecretOption } from '../spec.ts'
import type { Problems } from './problems.ts'

const MARK = 'conformance-secret-'

/** The options as the plugin gets them. */
export function withSecrets(options: Json): Json {
  if (Array.isArray(options)) return options.map(withSecrets)
  if (!isObject(options)) return options
  const name = nameOf(options)
  if (name !== null) return `${MARK}${name}`
  return Object.fromEntries(Object.entries(options).map(([key, each]) => [key, withSecrets(each)]))
}

export function secretsIn(options: Json, path: readonly (string | number)[] = []): readonly SecretOption[] {
  if (typeof options !== 'object' || options === null) return []
  const name = isObject(options) ? nameOf(options) : null
  if (name !== null) return [{ path, name }]
  const parts: ReadonlyArray<readonly [string | number, Json]> = Array.isArray(options)
    ? [...options.entries()]
    : Object.entries(options)
  return parts.flatMap(([key, each]) => secretsIn(each, [...path, key]))
}

/** Evidence has no secrets: not in rows, not in requests, not in messages. */
export function expectNoSecret(text: string, problems: Problems): void {
  const [, name] = new RegExp(`${MARK}([A-Za-z_][A-Za-z0-9_]*)`).exec(text) ?? []
  if (name !== undefined) problems.of('secrets').add(`the value of the secret ${name} is in what is recorded`)
}

function nameOf(options: { readonly [key: string]: Json }): string | null {
  const { secret, ...more } = options
  return typeof secret === 'string' && Object.keys(more).length === 0 ? secret : null
}
