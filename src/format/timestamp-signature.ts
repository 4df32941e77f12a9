/** Whether a timestamp's signature holds, by the certificate that it carries: the part of checking it that needs a platform's means. */
import { createHash, verify, X509Certificate } from 'node:crypto'
import { sha256Hex } from '../model/sha256.ts'
import { DerError, derElement, derElements, TAGS, tagged } from './der.ts'
import { bytesToHex } from './hash.ts'
import type { Timestamp } from './timestamp.ts'
import { parseTimestamp } from './timestamp.ts'

/** Of certificates that are made to sign timestamps. */
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'

export type CheckedTimestamp =
  /** `by`: the subject of the certificate, on one line. Whether it is one to be believed isn't said. */
  | { readonly ok: true; readonly time: string; readonly by: string; readonly nonce: Uint8Array | null }
  | { readonly ok: false; readonly message: string }

/** Whether a token is over these bytes, and signed. */
export function checkTimestamp(token: Uint8Array, bytes: Uint8Array): CheckedTimestamp {
  try {
    const stamp = parseTimestamp(token)
    if (stamp.sha256 !== sha256Hex(bytes)) return { ok: false, message: 'it is over something else' }
    const certificate = signerOf(stamp)
    const { digest, content, content_digest, attributes, signature } = stamp.signed
    const is_signed =
      createHash(digest).update(content).digest().equals(content_digest) &&
      verify(digest, attributes, certificate.publicKey, signature)
    if (!is_signed) return { ok: false, message: 'its signature doesn’t hold' }
    if (certificate.keyUsage?.includes(TIME_STAMPING) !== true)
      return { ok: false, message: 'its certificate isn’t one that signs timestamps' }
    return { ok: true, time: stamp.time, by: certificate.subject.replaceAll('\n', ', '), nonce: stamp.nonce }
  } catch (error) {
    if (error instanceof DerError) return { ok: false, message: `it can’t be read: ${error.message}` }
    // OpenSSL's, of keys and certificates that are none.
    if (error instanceof Error && 'code' in error) return { ok: false, message: `it can’t be read: ${error.message}` }
    throw error
  }
}

function signerOf({ signed }: Timestamp): X509Certificate {
  for (const each of signed.certificates) {
    const [body] = derElements(derElement(each, TAGS.sequence).content)
    const fields = derElements(tagged(body, TAGS.sequence).content)
    const [serial, , issuer] = fields[0]?.tag === 0xa0 ? fields.slice(1) : fields
    const found = `${bytesToHex(issuer?.bytes ?? new Uint8Array())}${bytesToHex(serial?.bytes ?? new Uint8Array())}`
    if (found === bytesToHex(signed.signer)) return new X509Certificate(each)
  }
  throw new DerError('the signer’s certificate isn’t in it')
}
