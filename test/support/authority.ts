/** Timestamp authorities, servers, and those who certify them, made of nothing but keys: certificates and tokens with whatever a test has them say. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { der, derOid, TAGS } from '../../src/format/der.ts'
import { sha256Hex } from '../../src/model/sha256.ts'

type Kind = 'rsa' | 'P-256' | 'P-384'
type Digest = 'sha256' | 'sha384' | 'sha512'

const DIGESTS = { sha256: '2.16.840.1.101.3.4.2.1', sha384: '2.16.840.1.101.3.4.2.2', sha512: '2.16.840.1.101.3.4.2.3' }
const SIGNED = {
  rsa: { sha256: '1.2.840.113549.1.1.11', sha384: '1.2.840.113549.1.1.12', sha512: '1.2.840.113549.1.1.13' },
  ec: { sha256: '1.2.840.10045.4.3.2', sha384: '1.2.840.10045.4.3.3', sha512: '1.2.840.10045.4.3.4' },
}
const NULL = der(0x05)
const integer = (n: number) => der(TAGS.integer, Uint8Array.of(n))
const sequence = (...parts: readonly Uint8Array[]) => der(TAGS.sequence, ...parts)
const octets = (...parts: readonly Uint8Array[]) => der(TAGS.octets, ...parts)
const TRUE = der(TAGS.boolean, Uint8Array.of(0xff))
const ascii = (tag: number, text: string) => der(tag, Buffer.from(text, 'ascii'))
const hashed = (digest: Digest, bytes: Uint8Array) => createHash(digest).update(bytes).digest()

export function name(text: string): Uint8Array {
  return sequence(der(TAGS.set, sequence(derOid('2.5.4.3'), ascii(0x0c, text))))
}

const extension = (oid: string, critical: boolean, value: Uint8Array) =>
  sequence(derOid(oid), ...(critical ? [TRUE] : []), octets(value))
export const EXTENSIONS = {
  stamping: extension('2.5.29.37', true, sequence(derOid('1.3.6.1.5.5.7.3.8'))),
  stamping_not_critical: extension('2.5.29.37', false, sequence(derOid('1.3.6.1.5.5.7.3.8'))),
  stamping_and_more: extension('2.5.29.37', true, sequence(derOid('1.3.6.1.5.5.7.3.8'), derOid('1.3.6.1.5.5.7.3.1'))),
  authority: extension('2.5.29.19', true, sequence(TRUE)),
  authority_of_none_between: extension('2.5.29.19', true, sequence(TRUE, integer(0))),
  no_authority: extension('2.5.29.19', true, sequence()),
  may_sign: extension('2.5.29.15', true, der(TAGS.bits, Uint8Array.of(6, 0xc0))),
  may_certify: extension('2.5.29.15', true, der(TAGS.bits, Uint8Array.of(1, 0x06))),
  localhost: extension('2.5.29.17', false, sequence(ascii(0x82, 'localhost'))),
  unknown_critical: extension('2.5.29.30', true, sequence()),
}

export interface Party {
  readonly kind: Kind
  readonly digest: Digest
  readonly private_key: KeyObject
  readonly name: Uint8Array
  /** The name of whose its certificate is. */
  readonly issuer: Uint8Array
  readonly serial: Uint8Array
  readonly certificate: Uint8Array
}

export interface PartyOptions {
  readonly kind?: Kind
  readonly digest?: Digest
  readonly issuer?: Party
  readonly extensions?: readonly Uint8Array[]
  /** What stands in the place of its SubjectPublicKeyInfo. */
  readonly info?: (info: Uint8Array) => Uint8Array
  /** `YYYYMMDDHHMMSSZ` */
  readonly valid?: readonly [string, string]
}

/** Its certificate as a PEM file has it. */
export function pem({ certificate }: Party): string {
  const base64 = Buffer.from(certificate).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}

/** Its private key, too. */
export const keyPem = ({ private_key }: Party): string => String(private_key.export({ format: 'pem', type: 'pkcs8' }))

const KEYS = new Map<string, { private_key: KeyObject; info: Uint8Array }>()

/** Keys of a name are made once. */
function keysOf(kind: Kind, of: string) {
  const known = KEYS.get(`${kind} ${of}`)
  if (known !== undefined) return known
  const { privateKey, publicKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: kind })
  const made = { private_key: privateKey, info: publicKey.export({ format: 'der', type: 'spki' }) }
  KEYS.set(`${kind} ${of}`, made)
  return made
}

/** Its certificate is issued by `issuer`, else by itself. */
export function party(of: string, options: PartyOptions = {}): Party {
  const {
    kind = 'P-256',
    digest = 'sha256',
    issuer,
    extensions = [EXTENSIONS.stamping],
    info: infoOf = each => each,
  } = options
  const { valid = ['20200101000000Z', '20491231235959Z'] } = options
  const { private_key, info } = keysOf(kind, of)
  const serial = integer((hashed('sha256', Buffer.from(of))[0] ?? 0) % 120)
  const own = {
    ...{ kind, digest, private_key, name: name(of), issuer: issuer?.name ?? name(of), serial },
    certificate: new Uint8Array(),
  }
  const by = issuer ?? own
  const body = sequence(
    ...[der(0xa0, integer(2)), serial, algorithm(by), by.name],
    ...[sequence(...valid.map(each => ascii(TAGS.time, each))), own.name, infoOf(info)],
    ...(extensions.length === 0 ? [] : [der(0xa3, sequence(...extensions))]),
  )
  const certificate = sequence(body, algorithm(by), der(TAGS.bits, Uint8Array.of(0), signed(by, body)))
  return { ...own, certificate }
}

function algorithm({ kind, digest }: Pick<Party, 'kind' | 'digest'>): Uint8Array {
  return kind === 'rsa' ? sequence(derOid(SIGNED.rsa[digest]), NULL) : sequence(derOid(SIGNED.ec[digest]))
}

const signed = ({ digest, private_key }: Party, bytes: Uint8Array) => sign(digest, bytes, private_key)

export interface TokenOptions {
  readonly time?: string
  /** DER. */
  readonly accuracy?: Uint8Array
  readonly certificates?: readonly Uint8Array[]
  /** Another one than it is signed with is named. */
  readonly named?: Uint8Array
  readonly attributes?: (attributes: readonly Uint8Array[]) => readonly Uint8Array[]
  readonly info_version?: number
  readonly signature_algorithm?: Uint8Array
  readonly extensions?: readonly Uint8Array[]
}

const attribute = (oid: string, value: Uint8Array) => sequence(derOid(oid), der(TAGS.set, value))
export const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.47'

/** A TimeStampToken over some bytes. */
export function token(by: Party, bytes: Uint8Array, options: TokenOptions = {}): Uint8Array {
  const { time = '20261201031006Z', accuracy, certificates = [by.certificate], named = by.certificate } = options
  const { attributes = each => each, info_version = 1, extensions = [] } = options
  const sha256 = sequence(derOid(DIGESTS.sha256), NULL)
  const info = sequence(
    ...[integer(info_version), derOid('1.2.3.4.1'), sequence(sha256, octets(Buffer.from(sha256Hex(bytes), 'hex')))],
    ...[integer(7), ascii(TAGS.time, time), ...(accuracy === undefined ? [] : [accuracy])],
    ...(extensions.length === 0 ? [] : [der(0xa1, ...extensions)]),
  )
  const digest = sequence(derOid(DIGESTS[by.digest]), NULL)
  const all = attributes([
    attribute('1.2.840.113549.1.9.3', derOid('1.2.840.113549.1.9.16.1.4')),
    attribute('1.2.840.113549.1.9.4', octets(hashed(by.digest, info))),
    attribute(SIGNING_CERTIFICATE, sequence(sequence(sequence(octets(hashed('sha256', named)))))),
  ])
  const signer = sequence(
    ...[integer(1), sequence(by.issuer, by.serial), digest, der(0xa0, ...all)],
    ...[options.signature_algorithm ?? algorithm(by), octets(signed(by, der(TAGS.set, ...all)))],
  )
  const data = sequence(
    ...[integer(3), der(TAGS.set, digest), sequence(derOid('1.2.840.113549.1.9.16.1.4'), der(0xa0, octets(info)))],
    ...[der(0xa0, ...certificates), der(TAGS.set, signer)],
  )
  return sequence(derOid('1.2.840.113549.1.7.2'), der(0xa0, data))
}

/** seconds INTEGER, millis [0], micros [1]; each below 128. */
export function accuracyOf(seconds: number, millis: number, micros: number): Uint8Array {
  return sequence(integer(seconds), der(0x80, Uint8Array.of(millis)), der(0x81, Uint8Array.of(micros)))
}
