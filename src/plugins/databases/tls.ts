/** Files of TLS, as Node takes them. */
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
    ...(cert === null ? {} : { cert: pem(cert) }),
    ...(key === null ? {} : { key: pem(key) }),
    ...(names_host ? {} : { checkServerIdentity: () => undefined }),
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
