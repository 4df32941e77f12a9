/**
 * Timestamps (RFC 3161): what an authority is asked, and what a token says: that it saw a hash at a time.
 *
 * TIMESTAMP-1. The hash is SHA-256. A token counts for bytes only if its imprint is theirs.
 * TIMESTAMP-2. It is a CMS message (RFC 5652) by one signer, whose certificate it carries. The signature is over its attributes, which have
 *     the digest of its content, and name the certificate by its hash (RFC 5816).
 */

import {
  type DerElement,
  DerError,
  der,
  derElement,
  derElements,
  derNumber,
  derOid,
  derText,
  numberIn,
  TAGS,
  tagged,
} from './der.ts'
import { bytesToHex } from './hash.ts'
import type { Digest } from './public-key.ts'
import { joined } from './verifier-key.ts'

const SHA256 = derOid('2.16.840.1.101.3.4.2.1')
const SIGNED_DATA = derOid('1.2.840.113549.1.7.2')
const TST_INFO = derOid('1.2.840.113549.1.9.16.1.4')
const MESSAGE_DIGEST = derOid('1.2.840.113549.1.9.4')
const CONTENT_TYPE = derOid('1.2.840.113549.1.9.3')
const SIGNING_CERTIFICATE = derOid('1.2.840.113549.1.9.16.2.47')
/** Tags of what can be missing, or is one of several. */
const [CONTEXT_0, CONTEXT_1, CONTEXT_4] = [0xa0, 0xa1, 0xa4]
/** Parts of an accuracy by their tags, in microseconds: seconds, thousandths, millionths. */
const UNITS: ReadonlyMap<number, number> = new Map([
  [TAGS.integer, 1_000_000],
  [0x80, 1_000],
  [0x81, 1],
])
/** More would be work for whoever looks for a path among them, and no path needs them. */
const MOST_CERTIFICATES = 16
const DIGESTS: ReadonlyMap<string, Digest> = new Map([
  [bytesToHex(SHA256), 'sha256'],
  [bytesToHex(derOid('2.16.840.1.101.3.4.2.2')), 'sha384'],
  [bytesToHex(derOid('2.16.840.1.101.3.4.2.3')), 'sha512'],
])

export const TIMESTAMP_QUERY = 'application/timestamp-query'

/** A request for a token over a SHA-256, with the authority's certificate in it. @param nonce at most 16 bytes. */
export function timestampQuery(sha256: Uint8Array, nonce: Uint8Array): Uint8Array {
  const imprint = der(TAGS.sequence, der(TAGS.sequence, SHA256, der(0x05)), der(TAGS.octets, sha256))
  const version = der(TAGS.integer, Uint8Array.of(1))
  // A positive number: its first byte is 1.
  return der(
    TAGS.sequence,
    version,
    imprint,
    der(TAGS.integer, Uint8Array.of(1, ...nonce)),
    der(0x01, Uint8Array.of(0xff)),
  )
}

/** The token in an authority's answer. @throws DerError if it granted none. */
export function tokenIn(answer: Uint8Array): Uint8Array {
  const [status, token] = derElements(derElement(answer, TAGS.sequence).content)
  const [code] = derElements(tagged(status, TAGS.sequence).content)
  const granted = tagged(code, TAGS.integer).content
  if (granted.length !== 1 || (granted[0] ?? 2) > 1 || token === undefined)
    throw new DerError(`the authority refuses, with status ${granted[0]}`)
  return token.bytes
}

/** A token taken apart; that its signature holds is for whoever has the means of a platform. */
export interface Timestamp {
  /** As the token has it: `20261201031006Z`, or with a fraction of the second. */
  readonly time: string
  /** How much later it may have been, in microseconds. */
  readonly accuracy_us: number
  /** Lower-case hex. */
  readonly sha256: string
  /** Without its leading 1; null: it has none. */
  readonly nonce: Uint8Array | null
  readonly signed: {
    readonly digest: Digest
    /** Over which the digest that is signed for is taken. */
    readonly content: Uint8Array
    /** The digest that is signed for. */
    readonly content_digest: Uint8Array
    /** What is signed. */
    readonly attributes: Uint8Array
    /** AlgorithmIdentifier of the signature. */
    readonly algorithm: DerElement
    readonly signature: Uint8Array
    /** DER of the certificates that it carries, its signer's among them. */
    readonly certificates: readonly Uint8Array[]
    /** Issuer and serial number of the signer's, as DER, one behind the other. */
    readonly signer: Uint8Array
    /** How its attributes name that certificate. */
    readonly named: NamedCertificate
  }
}

/** ESSCertIDv2 of RFC 5816. */
export interface NamedCertificate {
  readonly digest: Digest
  readonly hash: Uint8Array
  /** DER, one behind the other; null: it doesn't name them. */
  readonly issuer_serial: Uint8Array | null
}

/** @throws DerError */
export function parseTimestamp(token: Uint8Array): Timestamp {
  const [type, wrapped, ...nothing] = derElements(derElement(token, TAGS.sequence).content)
  mustBe(type, SIGNED_DATA)
  const data = derElement(tagged(wrapped, CONTEXT_0).content, TAGS.sequence)
  const [version, , encapsulated, certificates, ...rest] = derElements(data.content)
  if (nothing.length > 0 || derNumber(version) !== 3) throw new DerError('it is of another version')
  const [content_type, content_place] = derElements(tagged(encapsulated, TAGS.sequence).content)
  mustBe(content_type, TST_INFO)
  const content = derElement(tagged(content_place, CONTEXT_0).content, TAGS.octets).content
  const [signers, ...others] = rest[0]?.tag === CONTEXT_1 ? rest.slice(1) : rest
  const [signer, ...more] = derElements(tagged(signers, TAGS.set).content)
  if (more.length > 0 || others.length > 0) throw new DerError('not one signer')
  const carried = derElements(tagged(certificates, CONTEXT_0).content)
  if (carried.length > MOST_CERTIFICATES) throw new DerError(`it carries more than ${MOST_CERTIFICATES} certificates`)
  return {
    ...infoIn(content),
    signed: {
      ...signerIn(tagged(signer, TAGS.sequence)),
      content,
      certificates: carried.map(each => each.bytes),
    },
  }
}

function signerIn({ content }: DerElement): Omit<Timestamp['signed'], 'content' | 'certificates'> {
  const [version, signer, digest, attributes, algorithm, signature, ...rest] = derElements(content)
  if (derNumber(version) !== 1 || rest.some(each => each.tag !== CONTEXT_1))
    throw new DerError('a signer of another version')
  const all = attributesIn(tagged(attributes, CONTEXT_0))
  mustBe(derElement(attribute(all, CONTENT_TYPE), TAGS.oid), TST_INFO)
  return {
    digest: digestIn(digest),
    content_digest: derElement(attribute(all, MESSAGE_DIGEST), TAGS.octets).content,
    // RFC 5652, section 5.4: as a set, whatever tag it has in the message.
    attributes: joined(Uint8Array.of(TAGS.set), tagged(attributes, CONTEXT_0).bytes.subarray(1)),
    algorithm: tagged(algorithm, TAGS.sequence),
    signature: tagged(signature, TAGS.octets).content,
    signer: tagged(signer, TAGS.sequence).content,
    named: namedIn(derElement(attribute(all, SIGNING_CERTIFICATE), TAGS.sequence)),
  }
}

/** Of an AlgorithmIdentifier. */
function digestIn(element: DerElement | undefined): Digest {
  const [oid] = derElements(tagged(element, TAGS.sequence).content)
  const digest = DIGESTS.get(bytesToHex(oid?.bytes ?? new Uint8Array()))
  if (digest === undefined) throw new DerError('a digest that isn’t known')
  return digest
}

function namedIn({ content }: DerElement): NamedCertificate {
  const [first] = derElements(tagged(derElements(content)[0], TAGS.sequence).content)
  const parts = derElements(tagged(first, TAGS.sequence).content)
  const [hash, issuer_serial] = parts[0]?.tag === TAGS.sequence ? parts.slice(1) : parts
  const digest = parts[0]?.tag === TAGS.sequence ? digestIn(parts[0]) : 'sha256'
  const named = { digest, hash: tagged(hash, TAGS.octets).content }
  if (issuer_serial === undefined) return { ...named, issuer_serial: null }
  const [names, serial] = derElements(tagged(issuer_serial, TAGS.sequence).content)
  const name = derElement(tagged(names, TAGS.sequence).content, CONTEXT_4).content
  return { ...named, issuer_serial: joined(name, tagged(serial, TAGS.integer).bytes) }
}

function infoIn(content: Uint8Array): Pick<Timestamp, 'time' | 'accuracy_us' | 'sha256' | 'nonce'> {
  const [version, , imprint, , time, ...more] = derElements(derElement(content, TAGS.sequence).content)
  if (derNumber(version) !== 1) throw new DerError('it is of another version')
  const [algorithm, hash] = derElements(tagged(imprint, TAGS.sequence).content)
  if (digestIn(algorithm) !== 'sha256') throw new DerError('its imprint isn’t a SHA-256')
  const nonce = more.find(each => each.tag === TAGS.integer)?.content ?? null
  for (const each of derElements(more.find(({ tag }) => tag === CONTEXT_1)?.content ?? new Uint8Array()))
    if (derElements(tagged(each, TAGS.sequence).content)[1]?.tag === TAGS.boolean)
      throw new DerError('it has a critical extension')
  return {
    time: derText(tagged(time, TAGS.time)),
    accuracy_us: accuracyIn(more[0]?.tag === TAGS.sequence ? more[0] : null),
    sha256: bytesToHex(tagged(hash, TAGS.octets).content),
    nonce: nonce === null ? null : nonce.subarray(1),
  }
}

function accuracyIn(element: DerElement | null): number {
  let accuracy_us = 0
  for (const { tag, content } of element === null ? [] : derElements(element.content)) {
    const unit = UNITS.get(tag)
    if (unit === undefined) throw new DerError('an accuracy with a part that isn’t known')
    accuracy_us += numberIn(content) * unit
  }
  return accuracy_us
}

/** The contents of their sets, by the hex of their types. */
type Attributes = ReadonlyMap<string, Uint8Array>

function attributesIn({ content }: DerElement): Attributes {
  const found = new Map<string, Uint8Array>()
  for (const each of derElements(content)) {
    const [type, values] = derElements(tagged(each, TAGS.sequence).content)
    const name = bytesToHex(tagged(type, TAGS.oid).bytes)
    if (found.has(name)) throw new DerError('an attribute stands there twice')
    found.set(name, tagged(values, TAGS.set).content)
  }
  return found
}

function attribute(all: Attributes, oid: Uint8Array): Uint8Array {
  const found = all.get(bytesToHex(oid))
  if (found === undefined) throw new DerError('an attribute is missing')
  return found
}

function mustBe(element: DerElement | undefined, oid: Uint8Array): void {
  if (element === undefined || bytesToHex(element.bytes) !== bytesToHex(oid))
    throw new DerError('it is of another kind')
}
