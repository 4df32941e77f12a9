/** Timestamps: what holds, whose word it is, and by when. */
import { expect, test } from 'vitest'
import {
  accuracyOf,
  EXTENSIONS,
  name,
  type Party,
  party,
  SIGNING_CERTIFICATE,
  type TokenOptions,
  token,
} from '../../test/support/authority.ts'
import { certificatesIn, leadsTo, nameText, parseCertificate } from './certificate.ts'
import { type DerElement, der, derElement, derElements, derOid, TAGS } from './der.ts'
import { checkTimestamp, isByTrusted } from './timestamp-check.ts'
import { utf8 } from './verifier-key.ts'

const BYTES = utf8('a head\n')
const tsa = party('TSA')
const outcome = (by: Party, options: TokenOptions = {}, bytes = BYTES) => {
  const checked = checkTimestamp(token(by, bytes, options), BYTES)
  return checked.ok ? 'holds' : checked.message
}
const read = (...parties: readonly Party[]) => parties.map(each => parseCertificate(each.certificate))

test.each(['rsa', 'P-256', 'P-384'] as const)(
  'tokens of %s hold, with each digest, and for the one that made them',
  kind => {
    for (const digest of ['sha256', 'sha384', 'sha512'] as const) {
      const by = party('TSA', { kind, digest, extensions: [EXTENSIONS.stamping, EXTENSIONS.may_sign] })
      const checked = checkTimestamp(token(by, BYTES), BYTES)
      expect(checked).toMatchObject({ ok: true, time: '20261201031006Z', by: 'CN=TSA' })
      if (!checked.ok) continue
      expect([read(by), read(party('another')), []].map(each => isByTrusted(checked, each))).toEqual([
        true,
        false,
        false,
      ])
    }
  },
)

test('every bit of one: it doesn’t hold, or says the same, by the same', () => {
  const by = party('TSA', { kind: 'rsa' })
  const honest = token(by, BYTES)
  const holds = checkTimestamp(honest, BYTES)
  let unchanged = 0
  for (let at = 0; at < honest.length; at++) {
    const checked = checkTimestamp(honest.with(at, (honest[at] ?? 0) ^ (1 << (at % 8))), BYTES)
    if (!checked.ok) continue
    unchanged++
    expect(checked).toEqual(holds)
  }
  // What isn't signed: the digests' list, parameters of algorithms.
  expect(unchanged).toBeLessThan(honest.length / 10)
})

const drop = (oid: string) => (all: readonly Uint8Array[]) =>
  all.filter(each => !Buffer.from(each).includes(Buffer.from(derOid(oid))))

test.each<[what: string, by: Party, options: TokenOptions, message: string]>([
  ['without its certificate', tsa, { certificates: [] }, 'certificate isn’t in it'],
  ['with another’s', tsa, { certificates: [party('another').certificate] }, 'certificate isn’t in it'],
  [
    'with one of the same name and another key',
    tsa,
    { certificates: [party('TSA', { kind: 'rsa' }).certificate] },
    'of a kind that isn’t known',
  ],
  ['that names another certificate', tsa, { named: party('another').certificate }, 'another certificate'],
  ['that names none', tsa, { attributes: drop(SIGNING_CERTIFICATE) }, 'an attribute is missing'],
  ['with an attribute twice', tsa, { attributes: all => [...all, ...all.slice(0, 1)] }, 'stands there twice'],
  ['of another version', tsa, { info_version: 2 }, 'another version'],
  [
    'that says another algorithm',
    tsa,
    { signature_algorithm: der(TAGS.sequence, derOid('1.2.840.113549.1.1.10')) },
    'isn’t known',
  ],
  ['with a critical extension', tsa, { extensions: [EXTENSIONS.unknown_critical] }, 'a critical extension'],
  ['at a time that is none', tsa, { time: '20261301031006Z' }, 'is no time'],
  [
    'at a time that nobody can write',
    tsa,
    { accuracy: der(TAGS.sequence, der(TAGS.integer, Uint8Array.of(1, 0, 0, 0, 0, 0))) },
    'after the year 9999',
  ],
  [
    'with an accuracy in other units',
    tsa,
    { accuracy: der(TAGS.sequence, der(0x82, Uint8Array.of(1))) },
    'isn’t known',
  ],
  [
    'with more certificates than any path has',
    tsa,
    { certificates: Array.from({ length: 17 }, () => tsa.certificate) },
    'more than 16',
  ],
  ['at a fraction that ends in 0', tsa, { time: '20261201031006.50Z' }, 'is no time'],
  [
    'by a certificate that signs other things, too',
    party('TSA', { extensions: [EXTENSIONS.stamping_and_more] }),
    {},
    'one that signs timestamps',
  ],
  [
    'by one whose use isn’t critical',
    party('TSA', { extensions: [EXTENSIONS.stamping_not_critical] }),
    {},
    'one that signs timestamps',
  ],
  ['by one that says no use', party('TSA', { extensions: [] }), {}, 'one that signs timestamps'],
  [
    'by one that only certifies',
    party('TSA', { extensions: [EXTENSIONS.stamping, EXTENSIONS.may_certify] }),
    {},
    'one that signs timestamps',
  ],
])('a token %s doesn’t hold', (_what, by, options, message) => {
  expect(outcome(by, options)).toContain(message)
})

test('nor one of other bytes, nor what is no token', () => {
  expect(outcome(tsa, {}, utf8('another head\n'))).toBe('it is over something else')
  for (const bytes of [new Uint8Array(), utf8('hello'), tsa.certificate])
    expect(checkTimestamp(bytes, BYTES)).toMatchObject({ ok: false })
})

test('one of any length is read to its end', () => {
  const long = (bytes: number) =>
    der(TAGS.sequence, derOid('1.2.3'), der(TAGS.set, der(TAGS.octets, new Uint8Array(bytes))))
  const content = token(tsa, BYTES, { attributes: all => [...all, long(100)] })
  expect(checkTimestamp(content, BYTES).ok).toBe(true)
  expect(() => checkTimestamp(lengthened(content, 400_000), BYTES)).not.toThrow()
})

/** A token with so many bytes in its last attribute, whose signature doesn't hold any more. */
function lengthened(bytes: Uint8Array, more: number): Uint8Array {
  const grow = (element: DerElement): Uint8Array => {
    if (element.tag === TAGS.octets && element.content.length === 100)
      return Buffer.concat([
        Buffer.of(TAGS.octets, 0x83, more >> 16, (more >> 8) & 0xff, more & 0xff),
        Buffer.alloc(more),
      ])
    if ((element.tag & 0x20) === 0) return element.bytes
    const content = Buffer.concat(derElements(element.content).map(grow))
    const { length } = content
    const head =
      length < 0x80
        ? [length]
        : length < 0x100
          ? [0x81, length]
          : length < 0x10000
            ? [0x82, length >> 8, length & 0xff]
            : [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]
    return Buffer.concat([Buffer.of(element.tag, ...head), content])
  }
  return grow(derElement(bytes, TAGS.sequence))
}

test.each<[time: string, accuracy: Uint8Array | undefined, by: string]>([
  ['20261201031006Z', undefined, '2026-12-01T03:10:06.000Z'],
  ['20261201031006.5Z', undefined, '2026-12-01T03:10:06.500Z'],
  ['20261201031006.0001Z', undefined, '2026-12-01T03:10:06.001Z'],
  ['20261201031006Z', accuracyOf(1, 20, 0), '2026-12-01T03:10:07.020Z'],
  ['20261201031006.25Z', accuracyOf(0, 0, 1), '2026-12-01T03:10:06.251Z'],
])('%s, with its accuracy, is by when it existed', (time, accuracy, by) => {
  const checked = checkTimestamp(token(tsa, BYTES, { time, ...(accuracy === undefined ? {} : { accuracy }) }), BYTES)
  expect(checked.ok && new Date(checked.by_ms).toISOString()).toBe(by)
})

const root = party('Root', { kind: 'rsa', extensions: [EXTENSIONS.authority, EXTENSIONS.may_certify] })
const between = party('Between', { kind: 'P-384', digest: 'sha384', issuer: root, extensions: [EXTENSIONS.authority] })
const issued = (issuer: Party, more: Parameters<typeof party>[1] = {}) => party('Issued', { issuer, ...more })
const far = issued(between)

test.each<[what: string, by: Party, carries: readonly Party[], trusted: readonly Party[], is_trusted: boolean]>([
  ['itself', far, [], [far], true],
  ['the root, by a path in the token', far, [between], [root], true],
  ['the root, by a path of the reader’s', far, [], [root, between], true],
  ['what lies between', far, [], [between], true],
  ['a root that nothing leads to', far, [], [root], false],
  ['nobody', far, [between, root], [], false],
  [
    'a root of the same name',
    issued(root),
    [],
    [party('Root', { kind: 'P-256', extensions: [EXTENSIONS.authority] })],
    false,
  ],
  [
    'one that is no authority',
    issued(party('P', { issuer: root, extensions: [] })),
    [party('P', { issuer: root, extensions: [] })],
    [root],
    false,
  ],
  [
    'one that says that it is none',
    issued(party('P', { extensions: [EXTENSIONS.no_authority] })),
    [],
    [party('P', { extensions: [EXTENSIONS.no_authority] })],
    false,
  ],
  [
    'one that may not certify',
    issued(party('P', { extensions: [EXTENSIONS.authority, EXTENSIONS.may_sign] })),
    [],
    [party('P', { extensions: [EXTENSIONS.authority, EXTENSIONS.may_sign] })],
    false,
  ],
])('who trusts %s', (_what, by, carries, trusted, is_trusted) => {
  const certificates = [by, ...carries].map(each => each.certificate)
  const checked = checkTimestamp(token(by, BYTES, { certificates }), BYTES)
  expect(checked.ok && isByTrusted(checked, read(...trusted))).toBe(is_trusted)
})

test('a path: as long as it may be, of certificates that are valid then, with no demand that isn’t known', () => {
  const trusts = (by: Party, carries: readonly Party[], trusted: Party, time = '20261201031006Z') => {
    const certificates = [by, ...carries].map(each => each.certificate)
    const checked = checkTimestamp(token(by, BYTES, { certificates, time }), BYTES)
    return checked.ok && isByTrusted(checked, read(trusted))
  }
  const short = party('Short', { extensions: [EXTENSIONS.authority_of_none_between] })
  const below = party('Below', { issuer: short, extensions: [EXTENSIONS.authority] })
  expect([trusts(issued(short), [], short), trusts(issued(below), [below], short)]).toEqual([true, false])
  const chain = [root]
  for (let i = 0; i < 5; i++)
    chain.push(party(`Between ${i}`, { issuer: chain[i] as Party, extensions: [EXTENSIONS.authority] }))
  const ends = chain.map(each => trusts(issued(each), chain, root))
  expect(ends).toEqual([true, true, true, true, true, false])
  const old = issued(root, { valid: ['20200101000000Z', '20261201031006Z'] })
  const ends_at = ['20261201031006Z', '20261201031006.000001Z', '20261201031007Z'] as const
  expect(ends_at.map(at => trusts(old, [], root, at))).toEqual([true, false, false])
  expect(trusts(old, [], old, '20191231235959Z')).toBe(false)
  expect(trusts(issued(root, { extensions: [EXTENSIONS.stamping, EXTENSIONS.unknown_critical] }), [], root)).toBe(false)
})

test('of many paths each certificate is looked at once', () => {
  const layer = (level: number) =>
    Array.from({ length: 12 }, (_, i) =>
      party(`Level ${level}`, {
        issuer: party(`Level ${level + 1}`),
        extensions: [EXTENSIONS.authority],
        valid: [`200001010000${10 + i}Z`, '20491231235959Z'],
      }),
    )
  const others = [0, 1, 2, 3, 4].flatMap(layer)
  const [first] = read(issued(party('Level 0')))
  expect(first && leadsTo(first, read(...others), read(root), Date.UTC(2026))).toBe(false)
})

const integer = (...bytes: readonly number[]) => der(TAGS.integer, Uint8Array.from(bytes))
const rsa = (modulus: Uint8Array, exponent: Uint8Array) => (info: Uint8Array) => {
  const [algorithm] = derElements(derElement(info, TAGS.sequence).content)
  const key = der(TAGS.sequence, modulus, exponent)
  return der(TAGS.sequence, algorithm?.bytes ?? info, der(TAGS.bits, Uint8Array.of(0), key))
}
const keyOf = (info: (info: Uint8Array) => Uint8Array) =>
  parseCertificate(party('K', { kind: 'rsa', info }).certificate).key

test('RSA keys are those that all readers compute with, in time', () => {
  const modulus = (last: number) => integer(0, ...Array.from({ length: 255 }, () => 0xaa), last)
  expect(keyOf(rsa(modulus(1), integer(3)))).toMatchObject({ kind: 'rsa', exponent: Uint8Array.of(3) })
  for (const exponent of [integer(0), integer(1), integer(4), integer(1, ...Array.from({ length: 8 }, () => 1))])
    expect(keyOf(rsa(modulus(1), exponent))).toBe(null)
  expect(keyOf(rsa(modulus(2), integer(3)))).toBe(null)
  expect(keyOf(rsa(integer(...Array.from({ length: 255 }, () => 1)), integer(3)))).toBe(null)
  for (const number of [integer(), integer(0x80), integer(0, 3)])
    expect(() => keyOf(rsa(modulus(1), number))).toThrow('a number that can’t stand there')
})

test('extensions that stand in another place than theirs aren’t passed over', () => {
  const twice = (info: Uint8Array) => Buffer.concat([info, der(0xa3, der(TAGS.sequence, EXTENSIONS.unknown_critical))])
  expect(() => parseCertificate(party('T', { info: twice }).certificate)).toThrow('don’t stand at the end')
})

test('certificates in PEM; other things are refused', () => {
  const pem = (label: string, bytes: Uint8Array) =>
    `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString('base64')}\n-----END ${label}-----\n`
  const text = `Subject: Root\n${pem('CERTIFICATE', root.certificate)}and\n${pem('CERTIFICATE', tsa.certificate)}`
  expect(certificatesIn(text).map(each => nameText(each.subject))).toEqual(['CN=Root', 'CN=TSA'])
  for (const bad of ['', 'hello', pem('PRIVATE KEY', root.certificate), pem('CERTIFICATE', utf8('hello'))])
    expect(() => certificatesIn(bad)).toThrow()
})

test('names as text: types that have a name, and values that are text', () => {
  const part = (oid: string, value: Uint8Array) => der(TAGS.set, der(TAGS.sequence, derOid(oid), value))
  const long = der(
    TAGS.sequence,
    part('2.5.4.6', der(0x13, utf8('AU'))),
    part('2.5.4.97', der(0x0c, utf8('Å'))),
    part('1.2.840.113549.1.9.1', der(0x1e, Uint8Array.of(0, 65))),
  )
  expect([nameText(name('A')), nameText(long)]).toEqual(['CN=A', 'C=AU, 2.5.4.97=Å, 1.2.840.113549.1.9.1=#1e020041'])
})
