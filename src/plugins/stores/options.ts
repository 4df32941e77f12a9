/** The option `storage`: how an object store, or an SFTP server, is reached, and who asks. */
import { z } from 'zod'
import { isStoreUrl, type StoreScheme } from '../../model/store-url.ts'
import type { MissingPackages, OptionProblem, SecretOption } from '../../sdk/spec.ts'
import { missingPeers } from '../peers.ts'
import { parseStoreUrl, storeUrlProblem } from './store-url.ts'

const SECRET = 'Write `{secret: NAME}`'

const storageShape = z.strictObject({
  endpoint: z
    .string()
    .regex(/^https?:\/\//, { error: 'write it with http:// or https://' })
    .refine(url => URL.canParse(url), { error: 'not a URL' })
    .optional()
    .describe('s3, az, gs: the URL of another service than the cloud’s own, as of MinIO or of an emulator'),
  region: z.string().min(1).optional().describe('s3: the region; else that of the environment'),
  path_style: z
    .boolean()
    .optional()
    .describe('s3: whether the bucket stands in the path, not in the host’s name; true with an `endpoint`'),
  access_key_id: z.string().min(1).optional().describe('s3: with `secret_access_key`'),
  secret_access_key: z.string().min(1).optional().describe(`s3. ${SECRET}`),
  session_token: z.string().min(1).optional().describe(`s3: of temporary keys. ${SECRET}`),
  account: z.string().min(1).optional().describe('az: name of the storage account'),
  account_key: z.string().min(1).optional().describe(`az. ${SECRET}`),
  sas_token: z.string().min(1).optional().describe(`az. ${SECRET}`),
  connection_string: z.string().min(1).optional().describe(`az. ${SECRET}`),
  credentials: z.string().min(1).optional().describe(`gs: the text of a service account’s key file. ${SECRET}`),
  anonymous: z.boolean().optional().describe('az, gs: whether nobody signs in'),
  user: z.string().min(1).optional().describe('sftp: else the one in the URL, else the user of this machine'),
  password: z.string().min(1).optional().describe(`sftp. ${SECRET}`),
  private_key: z.string().min(1).optional().describe(`sftp: the text of a private key. ${SECRET}`),
  passphrase: z.string().min(1).optional().describe(`sftp: of the private key. ${SECRET}`),
  host_key: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, { error: 'not a fingerprint such as ssh-keygen -l shows: SHA256:…' })
    .optional()
    .describe('sftp: the fingerprint of the server’s key, `SHA256:…`; else the key must stand in ~/.ssh/known_hosts'),
})
export type StorageOptions = z.infer<typeof storageShape>

export const storageOption = storageShape
  .optional()
  .describe(
    'For paths that begin with `s3://`, `az://`, `gs://` or `sftp://`: how [the store](object-stores.md) is reached, beside what the environment says',
  )

type Key = keyof StorageOptions

/** What is secret has to be a secret: all other options are on record. */
export const SECRETS: readonly Key[] = [
  ...(['secret_access_key', 'session_token', 'account_key', 'sas_token', 'connection_string'] as const),
  ...(['credentials', 'password', 'private_key', 'passphrase'] as const),
]

const KEYS: { readonly [scheme in StoreScheme]: readonly Key[] } = {
  s3: ['endpoint', 'region', 'path_style', 'access_key_id', 'secret_access_key', 'session_token'],
  az: ['endpoint', 'account', 'account_key', 'sas_token', 'connection_string', 'anonymous'],
  gs: ['endpoint', 'credentials', 'anonymous'],
  sftp: ['user', 'password', 'private_key', 'passphrase', 'host_key'],
}

/** Pairs of which one is of no use without the other. */
const PAIRS: readonly (readonly [Key, Key])[] = [
  ['secret_access_key', 'access_key_id'],
  ['access_key_id', 'secret_access_key'],
  ['session_token', 'secret_access_key'],
  ['passphrase', 'private_key'],
]

export const STORE_PACKAGES: { readonly [scheme in StoreScheme]: readonly string[] } = {
  s3: ['@aws-sdk/client-s3'],
  az: ['@azure/storage-blob'],
  gs: ['google-auth-library'],
  sftp: ['ssh2'],
}

/** What options of sources and sinks have that name a path. */
export interface StoredOptions {
  readonly path: string | readonly string[]
  readonly storage?: StorageOptions | undefined
}

const pathsOf = ({ path }: StoredOptions): readonly string[] => (typeof path === 'string' ? [path] : path)

function schemesOf(options: StoredOptions): readonly StoreScheme[] {
  return [...new Set(pathsOf(options).flatMap(each => parseStoreUrl(each)?.scheme ?? []))]
}

/** What only a look at the paths can refuse. */
export function checkStorage(options: StoredOptions, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  const { path, storage = {} } = options
  const problems: OptionProblem[] = []
  for (const [i, each] of pathsOf(options).entries()) {
    const problem = isStoreUrl(each) ? storeUrlProblem(each) : null
    if (problem !== null) problems.push({ path: typeof path === 'string' ? ['path'] : ['path', i], message: problem })
  }
  // cast: the shape is strict.
  const keys = Object.keys(storage) as Key[]
  const schemes = schemesOf(options)
  if (keys.length > 0 && schemes.length === 0) {
    const message = 'storage is for paths in stores, and none is one'
    return [
      ...problems,
      { path: ['storage'], message, hint: 'Remove it, or begin the path with s3://, az://, gs:// or sftp://.' },
    ]
  }
  for (const key of keys) {
    if (storage[key] === undefined) continue
    if (!schemes.some(scheme => KEYS[scheme].includes(key)))
      problems.push({ path: ['storage', key], message: `${schemes.join(' and ')} paths know no ${key}` })
    const is_secret = secrets.some(({ path: [first, second] }) => first === 'storage' && second === key)
    if (SECRETS.includes(key) && !is_secret)
      problems.push({
        path: ['storage', key],
        message: `the value of ${key} stands in the file, and would be on record`,
        hint: `Write ${key}: {secret: NAME}, with the name of the environment variable that holds it.`,
      })
    if (!SECRETS.includes(key) && is_secret)
      problems.push({ path: ['storage', key], message: `${key} is recorded, and can’t be a secret` })
  }
  for (const [one, other] of PAIRS)
    if (storage[one] !== undefined && storage[other] === undefined)
      problems.push({ path: ['storage', one], message: `${one} is of no use without ${other}` })
  return problems
}

/** Libraries that the paths need, and that aren't installed. */
export function missingForStorage(options: StoredOptions): MissingPackages | null {
  const names = schemesOf(options).flatMap(scheme => STORE_PACKAGES[scheme])
  const ambient = schemesOf(options).includes('az') && usesAzureIdentity(options.storage ?? {})
  return missingPeers(['path'], ambient ? [...names, '@azure/identity'] : names)
}

function usesAzureIdentity({
  account_key,
  sas_token,
  connection_string,
  anonymous,
  account,
  endpoint,
}: StorageOptions) {
  const given = [account_key, sas_token, connection_string].some(each => each !== undefined) || anonymous === true
  const by_environment = account === undefined && endpoint === undefined
  return !given && !(by_environment && process.env.AZURE_STORAGE_CONNECTION_STRING !== undefined)
}
