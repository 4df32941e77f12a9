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
    const [from_ms, by_ms] = timesOf(stamp)
    if (from_ms === null) return { ok: false, message: `it can’t be read: ${JSON.stringify(time)} is no time` }
    return { ok: true, time, by_ms, by: nameText(signer.subject), nonce, signer, certificates }
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

/** Milliseconds: as it says, without the fraction of the second (null: that is no time), and by when at the latest. */
function timesOf({ time, accuracy_us }: Pick<Timestamp, 'time' | 'accuracy_us'>): readonly [number | null, number] {
  const [, whole = '', fraction = ''] = /^(\d{14})(?:\.(\d{0,8}[1-9]))?Z$/.exec(time) ?? []
  const seconds = secondsIn(`${whole}Z`)
  if (seconds === null) return [null, 0]
  const micros = Math.ceil(Number(`0.${fraction || '0'}`) * 1_000_000) + accuracy_us
  return [seconds * 1000, seconds * 1000 + Math.ceil(micros / 1000)]
}

/** Whether its authority is one of those that are trusted, or certified by one of them, when it was made. */
export function isByTrusted(
  { signer, certificates, time }: Extract<CheckedTimestamp, { readonly ok: true }>,
  trusted: readonly Certificate[],
): boolean {
  const at = secondsIn(`${time.slice(0, 14)}Z`)
  return at !== null && leadsTo(signer, certificates, trusted, at * 1000)
}
