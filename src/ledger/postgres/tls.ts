/** What a URL says of TLS, as `tls.connect` takes it. The parameters are those of libpq, and mean what they mean there, but that a server is always verified. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync, type Stats, statSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { CustodyError } from '../../model/error.ts'

export const TLS_PARAMETERS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslpassword'] as const
type Parameters = Pick<URLSearchParams, 'get' | 'has'>

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]', '::1']

/**
 * Where a URL says nothing of TLS, another machine must prove who it is, and this one needn't unless a certificate is named.
 * @throws CustodyError CUSTODY_LEDGER_URL
 */
export function tlsOf(parameters: Parameters, host: string | undefined): false | ConnectionOptions {
  const is_here = host === undefined || host.startsWith('/') || LOOPBACK.includes(host)
  const names_file = parameters.has('sslrootcert') || parameters.has('sslcert') || parameters.has('sslkey')
  const mode = parameters.get('sslmode') ?? (is_here && !names_file ? 'disable' : 'verify-full')
  const shown = { ...authorities(parameters), ...ownCertificate(parameters) }
  switch (mode) {
    case 'disable':
      if ('cert' in shown)
        throw wrong('has sslmode=disable, by which no certificate is shown, and sslcert', 'Leave out one of them.')
      return false
    case 'verify-full':
      return shown
    case 'verify-ca':
      return { ...shown, checkServerIdentity: () => undefined }
    default:
      throw wrong(
        `has sslmode=${mode}, by which a server isn’t verified`,
        'Use sslmode=verify-full, with sslrootcert=FILE for an authority of your own; or sslmode=disable.',
      )
  }
}

function authorities(parameters: Parameters): Pick<ConnectionOptions, 'ca'> {
  const file = parameters.get('sslrootcert')
  return file === null ? {} : { ca: certificates('sslrootcert', file, AUTHORITIES) }
}

type Own = Pick<ConnectionOptions, 'cert' | 'key'>

/** What this side shows: a certificate, and the key that it was made for. */
function ownCertificate(parameters: Parameters): Own | Record<string, never> {
  const [cert, key] = [parameters.get('sslcert'), parameters.get('sslkey')]
  if (cert === null && key === null) {
    if (parameters.has('sslpassword')) throw wrong('has an sslpassword, and no sslkey that it could open', OWN)
    return {}
  }
  if (cert === null) throw wrong('has an sslkey, and no sslcert that belongs to it', OWN)
  if (key === null) throw wrong('has an sslcert, and no sslkey that belongs to it', OWN)
  const shown = certificates('sslcert', cert, OWN)
  const found = privateKey(key, parameters.get('sslpassword'))
  if (!certificateIn(shown, cert).checkPrivateKey(found))
    throw wrong(`has an sslkey that doesn’t belong to the certificate of sslcert: ${key}, ${cert}`, FIRST)
  return { cert: shown, key: found.export({ format: 'pem', type: 'pkcs8' }) }
}

function certificates(parameter: string, file: string, hint: string): string {
  const text = textOf(parameter, file, hint)
  // Node takes a text without any for no authority at all, and says only that nothing can be verified.
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw wrong(`has an ${parameter} without a certificate: ${file}`, hint)
  return text
}

/** The first one of the file: those behind it vouch for it. */
function certificateIn(text: string, file: string): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch (cause) {
    throw wrong(`has an sslcert whose certificate can’t be read: ${file}`, OWN, cause)
  }
}

function privateKey(file: string, password: string | null): KeyObject {
  const text = textOf('sslkey', file, OWN)
  mustBePrivate(file)
  if (!/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/.test(text))
    throw wrong(`has an sslkey without a private key: ${file}`, OWN)
  try {
    return createPrivateKey({ key: text, ...(password === null ? {} : { passphrase: password }) })
  } catch (cause) {
    const is_encrypted = /-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text)
    if (!is_encrypted) throw wrong(`has an sslkey that can’t be read: ${file}`, OWN, cause)
    if (password === null) throw wrong(`has an sslkey that is encrypted, and no sslpassword: ${file}`, PASSWORD)
    throw wrong(`has an sslpassword that doesn’t open the key: ${file}`, PASSWORD, cause)
  }
}

/** As libpq has it: whoever may read it may be whom the server takes its owner for. */
function mustBePrivate(file: string): void {
  const stat = process.platform === 'win32' ? null : statOf(file)
  if (stat === null) return
  // A key of the system may be lent to a group.
  const forbidden = stat.uid === 0 ? 0o037 : 0o077
  if ((stat.mode & forbidden) === 0) return
  const mode = (stat.mode & 0o777).toString(8).padStart(4, '0')
  throw wrong(`has an sslkey that others may read or write: ${file} (mode ${mode})`, `Run chmod 600 ${file}.`)
}

function statOf(file: string): Stats | null {
  return statSync(file, { throwIfNoEntry: false }) ?? null
}

function textOf(parameter: string, file: string, hint: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw wrong(`has an ${parameter} that can’t be read: ${file}`, hint, cause)
  }
}

const AUTHORITIES = 'Name a PEM file with the certificates of the authorities that vouch for the server.'
const OWN = 'Name two PEM files: sslcert=FILE with the certificate, sslkey=FILE with its private key.'
const FIRST = 'The first certificate of the file must be the key’s; those of authorities come after it.'
const PASSWORD = 'Write the password of the key as sslpassword, and keep the whole URL in a secret.'

/** The URL isn't shown: it may have a password. */
export function wrong(what: string, hint: string, cause?: unknown): CustodyError {
  return new CustodyError('CUSTODY_LEDGER_URL', `the ledger’s URL ${what}`, { hint, cause })
}
