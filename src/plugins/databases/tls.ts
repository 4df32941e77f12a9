/** Files of TLS, as Node takes them. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import type { Tls } from './address.ts'
import { DatabaseError, messageOf } from './database-error.ts'

/** `folder`: where relative paths start. @throws DatabaseError of kind `tls`. */
export function tlsSettings({ ca, names_host, cert, key }: Tls, folder: string): ConnectionOptions {
  const pem = (file: string) => readPem(resolve(folder, file))
  return {
    rejectUnauthorized: true,
    ...(ca === null ? {} : { ca: pem(ca) }),
    ...ownCertificate(cert === null ? null : pem(cert), key === null ? null : pem(key)),
    ...(names_host ? {} : { checkServerIdentity: () => undefined }),
  }
}

/** What this side shows; nothing if there is none. */
function ownCertificate(cert: string | null, key: string | null): Pick<ConnectionOptions, 'cert' | 'key'> {
  if (cert === null && key === null) return {}
  if (cert === null || key === null)
    throw new DatabaseError('tls', `\`tls\` has ${cert === null ? 'a key' : 'a certificate'} alone`, { hint: BOTH })
  if (!belongs(cert, key))
    throw new DatabaseError('tls', 'the key of `tls` doesn’t belong to its certificate', { hint: BOTH })
  return { cert, key }
}

/** @throws DatabaseError if either can't be read. */
function belongs(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  } catch (cause) {
    const message = `certificate and key of \`tls\` can’t be read: ${messageOf(cause)}`
    throw new DatabaseError('tls', message, { hint: `${BOTH} The key has no password.`, cause })
  }
}

function readPem(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new DatabaseError('tls', `${file} can’t be read: ${messageOf(cause)}`, { hint: HINT, cause })
  }
  // Node takes a text without any for no authority at all, and says only that nothing can be verified.
  if (!text.includes('-----BEGIN ')) throw new DatabaseError('tls', `${file} is no PEM file`, { hint: HINT })
  return text
}

const HINT = 'Name PEM files in `tls`, relative to the pipeline file’s folder.'
const BOTH = 'Name two PEM files: `cert` with the certificate, `key` with its private key.'
