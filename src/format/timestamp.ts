/**
 * Timestamps (RFC 3161): what an authority is asked, and what a token says: that it saw a hash at a time.
 *
 * TIMESTAMP-1. The hash is SHA-256. A token counts for bytes only if its imprint is theirs.
 * TIMESTAMP-2. It is a CMS message (RFC 5652) by one signer, whose certificate it carries. The signature is over its attributes, which have
 *     the digest of its content; whether the certificate is one to be believed isn't asked here.
 */

import { type DerElement, DerError, der, derElement, derElements, derOid, TAGS, tagged } from './der.ts'
import { bytesToHex } from './hash.ts'

const SHA256 = derOid('2.16.840.1.101.3.4.2.1')
const SIGNED_DATA = derOid('1.2.840.113549.1.7.2')
const TST_INFO = derOid('1.2.840.113549.1.9.16.1.4')
const MESSAGE_DIGEST = derOid('1.2.840.113549.1.9.4')
const CONTENT_TYPE = derOid('1.2.840.113549.1.9.3')
const CONTEXT_0 = 0xa0
const DIGESTS = new Map(
  [
    ['2.16.840.1.101.3.4.2.1', 'sha256'],
    ['2.16.840.1.101.3.4.2.2', 'sha384'],
    ['2.16.840.1.101.3.4.2.3', 'sha512'],
  ].map(([oid = '', name = '']) => [bytesToHex(derOid(oid)), name] as const),
)

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
  /** As the token has it: `20261201031006Z`. */
  readonly time: string
  /** Lower-case hex. */
  readonly sha256: string
  /** Without its leading 1; null: it has none. */
  readonly nonce: Uint8Array | null
  readonly signed: {
    /** `sha256`, `sha384`, `sha512`. */
    readonly digest: string
    /** Over which the digest that is signed for is taken. */
    readonly content: Uint8Array
    /** The digest that is signed for. */
    readonly content_digest: Uint8Array
    /** What is signed. */
    readonly attributes: Uint8Array
    readonly signature: Uint8Array
    /** DER of the certificates that it carries, its signer's among them. */
    readonly certificates: readonly Uint8Array[]
    /** Issuer and serial number of the signer's, as DER, one behind the other. */
    readonly signer: Uint8Array
  }
}

/** @throws DerError */
export function parseTimestamp(token: Uint8Array): Timestamp {
  const [type, wrapped] = derElements(derElement(token, TAGS.sequence).content)
  mustBe(type, SIGNED_DATA)
  const data = derElement(tagged(wrapped, CONTEXT_0).content, TAGS.sequence)
  const [, , encapsulated, certificates, ...rest] = derElements(data.content)
  const [content_type, content_place] = derElements(tagged(encapsulated, TAGS.sequence).content)
  mustBe(content_type, TST_INFO)
  const content = derElement(tagged(content_place, CONTEXT_0).content, TAGS.octets).content
  const signers = derElements(tagged(rest.at(-1), TAGS.set).content)
  if (signers.length !== 1) throw new DerError('not one signer')
  const [, signer, digest, attributes, , signature] = derElements(tagged(signers[0], TAGS.sequence).content)
  const all = derElements(tagged(attributes, CONTEXT_0).content)
  mustBe(derElements(attribute(all, CONTENT_TYPE))[0], TST_INFO)
  const [digest_oid] = derElements(tagged(digest, TAGS.sequence).content)
  const name = DIGESTS.get(bytesToHex(digest_oid?.bytes ?? new Uint8Array()))
  if (name === undefined) throw new DerError('a digest that isn’t known')
  return {
    ...infoIn(content),
    signed: {
      ...{ digest: name, content, content_digest: derElement(attribute(all, MESSAGE_DIGEST), TAGS.octets).content },
      // RFC 5652, section 5.4: as a set, whatever tag it has in the message.
      attributes: Uint8Array.of(TAGS.set, ...tagged(attributes, CONTEXT_0).bytes.subarray(1)),
      signature: tagged(signature, TAGS.octets).content,
      certificates: derElements(tagged(certificates, CONTEXT_0).content).map(each => each.bytes),
      signer: tagged(signer, TAGS.sequence).content,
    },
  }
}

function infoIn(content: Uint8Array): Pick<Timestamp, 'time' | 'sha256' | 'nonce'> {
  const [, , imprint, , time, ...more] = derElements(derElement(content, TAGS.sequence).content)
  const [algorithm, hash] = derElements(tagged(imprint, TAGS.sequence).content)
  mustBe(derElements(tagged(algorithm, TAGS.sequence).content)[0], SHA256)
  const nonce = more.find(each => each.tag === TAGS.integer)?.content ?? null
  return {
    time: new TextDecoder().decode(tagged(time, TAGS.time).content),
    sha256: bytesToHex(tagged(hash, TAGS.octets).content),
    nonce: nonce === null ? null : nonce.subarray(1),
  }
}

/** The content of an attribute's set. */
function attribute(all: readonly DerElement[], oid: Uint8Array): Uint8Array {
  for (const each of all) {
    const [type, values] = derElements(tagged(each, TAGS.sequence).content)
    if (type !== undefined && bytesToHex(type.bytes) === bytesToHex(oid)) return tagged(values, TAGS.set).content
  }
  throw new DerError('an attribute is missing')
}

function mustBe(element: DerElement | undefined, oid: Uint8Array): void {
  if (element === undefined || bytesToHex(element.bytes) !== bytesToHex(oid))
    throw new DerError('it is of another kind')
}
