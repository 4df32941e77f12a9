/** Secrets in a model's options that a service could repeat, and that mustn't be kept. */
import type { SecretOption } from '../../sdk/spec.ts'
import type { Secret } from '../masks.ts'
import { namedSecrets } from '../secrets.ts'
import { secretAt } from '../templates/json-template.ts'
import type { Endpoint } from './endpoint.ts'
import type { ModelOptions } from './model-options.ts'

/** Parameters of a URL that say what is asked, not who asks. */
const NO_LOGIN = /version|region|model|deployment|format|^alt$/i
/** Headers and parameters that say who asks, also where they stand in the pipeline file for everybody to read. */
const LOGIN = /auth|key|token|cookie|secret|password|signature|^sig$|^code$/i

/**
 * Keys and passwords, wherever they are written; headers and parameters that are given as secrets. Others stand in the pipeline
 * file for everybody to read: an answer may have them.
 */
export function modelSecrets(
  options: ModelOptions,
  endpoint: Endpoint,
  secrets: readonly SecretOption[],
): readonly Secret[] {
  const { api_key, aws = {} as NonNullable<ModelOptions['aws']>, headers = {} } = options
  const nameAt = (...path: string[]) => secretAt(secrets, path)
  const found: { name: string; value: string | undefined; in_data?: boolean }[] = []
  for (const value of [api_key, api_key?.trim()]) found.push({ name: nameAt('api_key') ?? 'api_key', value })
  for (const key of ['access_key_id', 'secret_access_key', 'session_token'] as const)
    found.push({ name: nameAt('aws', key) ?? key, value: aws[key] })
  for (const [header, value] of Object.entries(headers)) {
    const name = nameAt('headers', header)
    found.push({
      name: name ?? `headers.${header}`,
      value,
      in_data: name === null && !LOGIN.test(header),
    })
  }
  const url = nameAt('base_url')
  for (const { value, named } of endpoint.secrets) {
    const in_data = named !== null && (NO_LOGIN.test(named) || (url === null && !LOGIN.test(named)))
    found.push({ name: url ?? 'base_url', value, in_data })
  }
  found.push(...namedInBody(options, secrets))
  return found.flatMap(({ value, ...rest }) => (value === undefined ? [] : { ...rest, value }))
}

const namedInBody = ({ body }: ModelOptions, secrets: readonly SecretOption[]) =>
  namedSecrets(
    { body },
    secrets.filter(({ path }) => path[0] === 'body'),
  )
