/** Whether a timestamp is over some bytes and signed, when that was, and whether its authority is one that somebody trusts (docs/proof-format.md). */
import { sha256Hex } from '../model/sha256.ts'
import {
  type Certificate,
  isRsaKey,
  isSame,
  leadsTo,
  nameText,
  parseCertificate,
  secondsIn,
  signedWith,
  signsTimestamps,
} from './certificate.ts'
import { DerError } from './der.ts'
import { parseTimestamp, type Timestamp } from './timestamp.ts'
import { digestOf, isSigned } from './timestamp-signature.ts'
import { joined } from './verifier-key.ts'

export type CheckedTimestamp =
  | {
      readonly ok: true
      /** As the token has it. */
      readonly time: string
      /** When, as it says: milliseconds since the Unix epoch, with their fraction. */
      readonly at_ms: number
      /** By when it was, as far as it says: milliseconds since the Unix epoch, rounded up. */
      readonly by_ms: number
      /** The subject of its certificate. Whether it is one to be believed, `isByTrusted` says. */
      readonly by: string
      readonly nonce: Uint8Array | null
      readonly signer: Certificate
      /** The others that it carries. */
      readonly certificates: readonly Certificate[]
    }
  | { readonly ok: false; readonly message: string }

/** Whether a token is over these bytes, and signed by the certificate that it carries. */
export function checkTimestamp(token: Uint8Array, bytes: Uint8Array): CheckedTimestamp {
  try {
    const stamp = parseTimestamp(token)
    if (stamp.sha256 !== sha256Hex(bytes)) return { ok: false, message: 'it is over something else' }
    const certificates = stamp.signed.certificates.flatMap(each => readable(each) ?? [])
    const signer = certificates.find(each => isSame(joined(each.issuer, each.serial), stamp.signed.signer))
    if (signer === undefined) return { ok: false, message: 'the signer’s certificate isn’t in it' }
    const problem = signatureProblem(stamp, signer)
    if (problem !== null) return { ok: false, message: problem }
    const { time, nonce } = stamp
    return { ok: true, time, ...timesOf(stamp), by: nameText(signer.subject), nonce, signer, certificates }
  } catch (error) {
    if (error instanceof DerError) return { ok: false, message: `it can’t be read: ${error.message}` }
    throw error
  }
}

/** null: it is none, or of a form that isn't known, and so leads nowhere. */
function readable(der: Uint8Array): Certificate | null {
  try {
    return parseCertificate(der)
  } catch (error) {
    if (error instanceof DerError) return null
    throw error
  }
}

function signatureProblem({ signed }: Timestamp, signer: Certificate): string | null {
  const { digest, content, content_digest, attributes, algorithm, signature, named } = signed
  const with_digest = signedWith(algorithm)
  const fits = with_digest === null ? signer.key?.kind === 'rsa' && isRsaKey(algorithm) : with_digest.digest === digest
  if (signer.key === null || !fits || (with_digest !== null && with_digest.kind !== signer.key.kind))
    return 'its signature is of a kind that isn’t known (RSA, or ECDSA over P-256 or P-384)'
  if (!isSame(digestOf(digest, content), content_digest) || !isSigned(signer.key, digest, attributes, signature))
    return 'its signature doesn’t hold'
  const is_named =
    isSame(digestOf(named.digest, signer.der), named.hash) &&
    (named.issuer_serial === null || isSame(named.issuer_serial, joined(signer.issuer, signer.serial)))
  if (!is_named) return 'it was signed by another certificate than the one that it carries'
  return signsTimestamps(signer) ? null : 'its certificate isn’t one that signs timestamps'
}

/** Of the year 9999, since the Unix epoch: later ones have more digits. */
export const LAST_SECOND = 253_402_300_799

/** @throws DerError */
function timesOf({ time, accuracy_us }: Pick<Timestamp, 'time' | 'accuracy_us'>): {
  readonly at_ms: number
  readonly by_ms: number
} {
  const [, whole = '', fraction = ''] = /^(\d{14})(?:\.(\d{0,8}[1-9]))?Z$/.exec(time) ?? []
  const seconds = secondsIn(`${whole}Z`)
  if (seconds === null) throw new DerError(`${JSON.stringify(time)} is no time`)
  const nanos = Number(fraction.padEnd(9, '0'))
  const by_ms = seconds * 1000 + Math.ceil((Math.ceil(nanos / 1000) + accuracy_us) / 1000)
  if (by_ms >= (LAST_SECOND + 1) * 1000) throw new DerError('it may be of a time after the year 9999')
  return { at_ms: seconds * 1000 + nanos / 1_000_000, by_ms }
}

/** Whether its authority is one of those that are trusted, or certified by one of them, when it was made. */
export function isByTrusted(
  { signer, certificates, at_ms }: Extract<CheckedTimestamp, { readonly ok: true }>,
  trusted: readonly Certificate[],
): boolean {
  return leadsTo(signer, certificates, trusted, at_ms)
}
