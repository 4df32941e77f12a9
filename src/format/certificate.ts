/**
 * X.509 certificates (RFC 5280), as far as timestamp authorities need them: what one says, and whether a path leads from one to others that somebody
 * trusts.
 *
 * CERTIFICATE-1. What isn't looked at must not matter: a critical extension that isn't known leads nowhere. Whether one was revoked isn't
 *     looked up.
 * CERTIFICATE-2. Trust is in certificates, byte for byte, never in names: a path ends at one that the reader has.
 */
import { fromBase64 } from './base64.ts'
import {
  type DerElement,
  DerError,
  derElement,
  derElements,
  derFlag,
  derNatural,
  derNumber,
  derOid,
  derText,
  TAGS,
  tagged,
} from './der.ts'
import { bytesToHex } from './hash.ts'
import type { Digest, PublicKey } from './public-key.ts'
import { isSigned } from './timestamp-signature.ts'

export interface Certificate {
  readonly der: Uint8Array
  /** What its issuer has signed. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  /** null: of a kind that isn't known. */
  readonly signed_with: { readonly kind: PublicKey['kind']; readonly digest: Digest } | null
  /** DER of the serial number, and of the names. */
  readonly serial: Uint8Array
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  /** Milliseconds since the Unix epoch, both included. */
  readonly valid: readonly [from: number, to: number]
  /** null: of a kind that isn't known. */
  readonly key: PublicKey | null
  /** By the hex of their identifiers' DER. */
  readonly extensions: ReadonlyMap<string, { readonly critical: boolean; readonly value: Uint8Array }>
}

/** Those of a text in PEM (RFC 7468); what stands between them is passed over. @throws DerError if it has none, or something else. */
export function certificatesIn(pem: string): readonly Certificate[] {
  const found: Certificate[] = []
  for (const [, label = '', base64 = ''] of pem.matchAll(/-----BEGIN ([^-]*)-----([^-]*)/g)) {
    const bytes = label === 'CERTIFICATE' ? fromBase64(base64.replaceAll(/\s/g, '')) : null
    if (bytes === null) throw new DerError(`a ${JSON.stringify(label)} that isn’t a certificate`)
    found.push(parseCertificate(bytes))
  }
  if (found.length === 0) throw new DerError('no certificate')
  return found
}

const CONTEXT_0 = 0xa0
const CONTEXT_3 = 0xa3
const VERSION_3 = 2

/** @throws DerError */
export function parseCertificate(bytes: Uint8Array): Certificate {
  const [body, algorithm, signature, ...more] = derElements(derElement(bytes, TAGS.sequence).content)
  const signed = tagged(body, TAGS.sequence)
  const [version, serial, inner, issuer, validity, subject, key, ...rest] = derElements(signed.content)
  if (more.length > 0 || derNumber(derElement(tagged(version, CONTEXT_0).content, TAGS.integer)) !== VERSION_3)
    throw new DerError('a certificate of another version than 3')
  const outer = tagged(algorithm, TAGS.sequence)
  if (bytesToHex(tagged(inner, TAGS.sequence).bytes) !== bytesToHex(outer.bytes))
    throw new DerError('a certificate that names two algorithms')
  const [from, to] = derElements(tagged(validity, TAGS.sequence).content)
  const last = rest.pop()
  // Elsewhere they would be passed over, the critical ones among them.
  if (rest.some(each => each.tag === CONTEXT_3)) throw new DerError('extensions that don’t stand at the end')
  return {
    ...{ der: bytes, signed: signed.bytes, signature: bitsOf(signature), signed_with: signedWith(outer) },
    serial: tagged(serial, TAGS.integer).bytes,
    issuer: tagged(issuer, TAGS.sequence).bytes,
    subject: tagged(subject, TAGS.sequence).bytes,
    valid: [timeIn(from), timeIn(to)],
    key: keyIn(tagged(key, TAGS.sequence)),
    extensions: last?.tag === CONTEXT_3 ? extensionsIn(derElement(last.content, TAGS.sequence)) : new Map(),
  }
}

const hexOid = (dotted: string) => bytesToHex(derOid(dotted))
const RSA = hexOid('1.2.840.113549.1.1.1')
const EC = hexOid('1.2.840.10045.2.1')
const CURVES = new Map([
  [hexOid('1.2.840.10045.3.1.7'), { curve: 'P-256', bytes: 65 }],
  [hexOid('1.3.132.0.34'), { curve: 'P-384', bytes: 97 }],
] as const)

const SIGNED_WITH = new Map<string, Certificate['signed_with']>([
  [hexOid('1.2.840.113549.1.1.11'), { kind: 'rsa', digest: 'sha256' }],
  [hexOid('1.2.840.113549.1.1.12'), { kind: 'rsa', digest: 'sha384' }],
  [hexOid('1.2.840.113549.1.1.13'), { kind: 'rsa', digest: 'sha512' }],
  [hexOid('1.2.840.10045.4.3.2'), { kind: 'ec', digest: 'sha256' }],
  [hexOid('1.2.840.10045.4.3.3'), { kind: 'ec', digest: 'sha384' }],
  [hexOid('1.2.840.10045.4.3.4'), { kind: 'ec', digest: 'sha512' }],
])

/** Of an AlgorithmIdentifier; null: it is none that is known. */
export function signedWith(algorithm: DerElement): Certificate['signed_with'] {
  const [oid] = derElements(algorithm.content)
  return SIGNED_WITH.get(bytesToHex(oid?.bytes ?? new Uint8Array())) ?? null
}

/** Whether it is the algorithm that a key is of, by whatever digest. */
export function isRsaKey(algorithm: DerElement): boolean {
  const [oid] = derElements(algorithm.content)
  return bytesToHex(oid?.bytes ?? new Uint8Array()) === RSA
}

function bitsOf(element: DerElement | undefined): Uint8Array {
  const { content } = tagged(element, TAGS.bits)
  if (content[0] !== 0) throw new DerError('bits that aren’t whole bytes')
  return content.subarray(1)
}

function keyIn(info: DerElement): PublicKey | null {
  const [algorithm, bits, ...more] = derElements(info.content)
  const [oid, parameter] = derElements(tagged(algorithm, TAGS.sequence).content)
  const kind = bytesToHex(oid?.bytes ?? new Uint8Array())
  const key = bitsOf(bits)
  if (more.length > 0) throw new DerError('something stands behind a key')
  if (kind === RSA) {
    const [n, e, ...others] = derElements(derElement(key, TAGS.sequence).content)
    if (others.length > 0) throw new DerError('something stands in a key')
    const [modulus, exponent] = [derNatural(n), derNatural(e)]
    return isRsa(modulus, exponent) ? { kind: 'rsa', info: info.bytes, modulus, exponent } : null
  }
  const curve = kind === EC ? CURVES.get(bytesToHex(parameter?.bytes ?? new Uint8Array())) : undefined
  if (curve === undefined || key.length !== curve.bytes || key[0] !== 4) return null
  return { kind: 'ec', info: info.bytes, curve: curve.curve, point: key }
}

/** A modulus of 2,048 to 8,192 bits, an exponent from 3 to below 2^64, both odd: what OpenSSL takes, and a browser computes in no time. */
function isRsa(modulus: Uint8Array, exponent: Uint8Array): boolean {
  const [top = 0] = modulus
  const is_size = modulus.length >= 256 && modulus.length <= 1024 && (modulus.length > 256 || top >= 0x80)
  const is_odd = [modulus, exponent].every(each => (each.at(-1) ?? 0) % 2 === 1)
  return is_size && is_odd && exponent.length <= 8 && !(exponent.length === 1 && exponent[0] === 1)
}

/** Milliseconds since the Unix epoch. @throws DerError */
function timeIn(element: DerElement | undefined): number {
  const text = element === undefined ? '' : derText(element)
  const is_short = element?.tag === TAGS.short_time
  if (!is_short && element?.tag !== TAGS.time) throw new DerError('no time where one should be')
  const year = is_short ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text
  const at = secondsIn(year)
  if (at === null) throw new DerError('a time that is none')
  return at * 1000
}

/** Of a text as `20261201031006Z`, since the Unix epoch; null if it is none. */
export function secondsIn(text: string): number | null {
  const [, year, month, day, hour, minute, second] = /^(?!0000)(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? []
  if (year === undefined) return null
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  const at = Date.parse(iso)
  return Number.isNaN(at) || new Date(at).toISOString() !== iso ? null : at / 1000
}

function extensionsIn(list: DerElement): Certificate['extensions'] {
  const found = new Map<string, { readonly critical: boolean; readonly value: Uint8Array }>()
  for (const each of derElements(list.content)) {
    const [oid, ...rest] = derElements(tagged(each, TAGS.sequence).content)
    const name = bytesToHex(tagged(oid, TAGS.oid).bytes)
    const critical = rest.length === 2 && derFlag(rest[0])
    const value = tagged(rest.at(-1), TAGS.octets).content
    if (found.has(name) || rest.length > 2) throw new DerError('an extension that isn’t one, or stands there twice')
    found.set(name, { critical, value })
  }
  return found
}

const BASIC_CONSTRAINTS = hexOid('2.5.29.19')
const KEY_USAGE = hexOid('2.5.29.15')
const EXTENDED_KEY_USAGE = hexOid('2.5.29.37')
const POLICIES = hexOid('2.5.29.32')
const KNOWN = new Set([BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, POLICIES])
const TIME_STAMPING = hexOid('1.3.6.1.5.5.7.3.8')

/** Bits of a key usage. */
const [DIGITAL_SIGNATURE, NON_REPUDIATION, CERT_SIGN] = [0x80, 0x40, 0x04]

/** Whether it is made to sign timestamps, and nothing else (RFC 3161, section 2.3). @throws DerError */
export function signsTimestamps(certificate: Certificate): boolean {
  const usage = certificate.extensions.get(EXTENDED_KEY_USAGE)
  if (usage?.critical !== true || !mayBeUsed(certificate, DIGITAL_SIGNATURE | NON_REPUDIATION)) return false
  const purposes = derElements(derElement(usage.value, TAGS.sequence).content)
  return purposes.length === 1 && bytesToHex(purposes[0]?.bytes ?? new Uint8Array()) === TIME_STAMPING
}

function mayBeUsed({ extensions }: Certificate, bits: number): boolean {
  const usage = extensions.get(KEY_USAGE)
  return usage === undefined || ((derElement(usage.value, TAGS.bits).content[1] ?? 0) & bits) !== 0
}

/** Its own, and those of issuers. */
const LONGEST_PATH = 6

/**
 * Whether a path leads from a certificate to one that is trusted, each issued by the next.
 * @param others that may lie between
 * @param at_ms when all of them must be valid
 */
export function leadsTo(
  first: Certificate,
  others: readonly Certificate[],
  trusted: readonly Certificate[],
  at_ms: number,
): boolean {
  const anchors = new Set(trusted.map(each => bytesToHex(each.der)))
  if (anchors.size === 0) return false
  // Each is reached once: of all paths that somebody can lay there are too many.
  const left = new Map([...trusted, ...others].map(each => [bytesToHex(each.der), each] as const))
  let reached = [first]
  for (let length = 1; length <= LONGEST_PATH && reached.length > 0; length++) {
    const good = reached.filter(each => mayStand(each, length, at_ms))
    const names = good.map(each => bytesToHex(each.der))
    if (names.some(each => anchors.has(each))) return true
    for (const each of names) left.delete(each)
    reached = [...left.values()].filter(issuer => good.some(each => hasIssued(issuer, each)))
  }
  return false
}

/** @param length of the path with it. */
function mayStand(certificate: Certificate, length: number, at_ms: number): boolean {
  const { extensions, valid } = certificate
  if (at_ms < valid[0] || at_ms > valid[1]) return false
  for (const [name, { critical }] of extensions) if (critical && !KNOWN.has(name)) return false
  return length === 1 || mayIssue(certificate, length - 2)
}

/** @param between how many certificates lie between it and the first. */
function mayIssue(certificate: Certificate, between: number): boolean {
  try {
    const constraints = certificate.extensions.get(BASIC_CONSTRAINTS)
    if (constraints === undefined || !mayBeUsed(certificate, CERT_SIGN)) return false
    const [is_authority, most] = derElements(derElement(constraints.value, TAGS.sequence).content)
    return derFlag(is_authority) && (most === undefined || between <= derNumber(most))
  } catch (error) {
    if (error instanceof DerError) return false
    throw error
  }
}

function hasIssued(issuer: Certificate, { issuer: name, signed, signed_with, signature }: Certificate): boolean {
  const { key, subject } = issuer
  if (key === null || signed_with === null || signed_with.kind !== key.kind || !isSame(subject, name)) return false
  return isSigned(key, signed_with.digest, signed, signature)
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return bytesToHex(a) === bytesToHex(b)
}

const ATTRIBUTES = new Map([
  ...(['CN', 'C', 'L', 'ST', 'O', 'OU'] as const).map(
    (name, i) => [hexOid(`2.5.4.${[3, 6, 7, 8, 10, 11][i]}`), name] as const,
  ),
])
/** UTF8String, PrintableString, IA5String. */
const TEXTS: readonly number[] = [0x0c, 0x13, 0x16]

/** As in `CN=TSA 1, O=Example`. @param name DER. @throws DerError */
export function nameText(name: Uint8Array): string {
  const parts = derElements(derElement(name, TAGS.sequence).content).flatMap(set =>
    derElements(tagged(set, TAGS.set).content).map(each => {
      const [oid, value] = derElements(tagged(each, TAGS.sequence).content)
      const type = tagged(oid, TAGS.oid)
      if (value === undefined) throw new DerError('a part of a name that has no value')
      const text = TEXTS.includes(value.tag) ? derText(value) : `#${bytesToHex(value.bytes)}`
      return `${ATTRIBUTES.get(bytesToHex(type.bytes)) ?? dotted(type.content)}=${text}`
    }),
  )
  return parts.join(', ')
}

function dotted(content: Uint8Array): string {
  const numbers: number[] = []
  let number = 0
  for (const byte of content) {
    number = number * 128 + (byte % 128)
    if (byte >= 128) continue
    numbers.push(number)
    number = 0
  }
  const [first = 0, ...rest] = numbers
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...rest].join('.')
}
