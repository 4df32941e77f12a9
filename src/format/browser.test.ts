/** What stands in the places of Node's means in a browser gives what these give, and takes and refuses the same. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyCharacter } from '../../test/support/any-character.ts'
import { party } from '../../test/support/authority.ts'
import * as sha256Browser from '../model/sha256.browser.ts'
import * as sha256Node from '../model/sha256.ts'
import { parseCertificate } from './certificate.ts'
import { der } from './der.ts'
import * as hashBrowser from './hash.browser.ts'
import * as hashNode from './hash.ts'
import * as shakeBrowser from './shake128.browser.ts'
import * as shakeNode from './shake128.ts'
import { isEd25519Key, type KeyType } from './signatures.ts'
import * as browser from './signed-by.browser.ts'
import * as node from './signed-by.ts'
import { publicBytes } from './signing-key.ts'
import * as stampBrowser from './timestamp-signature.browser.ts'
import * as stampNode from './timestamp-signature.ts'
import { utf8 } from './verifier-key.ts'

test('a twin has what the other exports', () => {
  expect(Object.keys(hashBrowser).sort()).toEqual(Object.keys(hashNode).sort())
  expect(Object.keys(sha256Browser).sort()).toEqual(Object.keys(sha256Node).sort())
  expect(Object.keys(shakeBrowser)).toEqual(Object.keys(shakeNode))
  expect(Object.keys(stampBrowser).sort()).toEqual(Object.keys(stampNode).sort())
})

test('hashes are the same, of any text', () => {
  // Lone surrogates, too.
  const text = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.constant('\ud800'),
  )
  const salt = fc.uint8Array({ minLength: 16, maxLength: 16 })
  fc.assert(
    fc.property(text, salt, (of, bytes) => {
      expect(sha256Browser.sha256Hex(of)).toBe(sha256Node.sha256Hex(of))
      expect(hashBrowser.leafHash(of)).toBe(hashNode.leafHash(of))
      expect(hashBrowser.commitment(bytes, of)).toBe(hashNode.commitment(bytes, of))
      const [one, other] = [hashNode.leafHash(of), hashNode.bytesToHex(bytes) + hashNode.bytesToHex(bytes)]
      expect(hashBrowser.nodeHash(one, other)).toBe(hashNode.nodeHash(one, other))
      expect(hashBrowser.hexToBytes(one)).toEqual(hashNode.hexToBytes(one))
      const [held, kept] = [new hashBrowser.HashArray(2), new hashNode.HashArray(2)]
      for (const each of [held, kept]) each.set(1, one)
      expect([held.at(0), held.at(1)]).toEqual([kept.at(0), kept.at(1)])
      expect([...shakeBrowser.shake128(of, 64)]).toEqual([...shakeNode.shake128(of, 64)])
    }),
    { numRuns: 50 },
  )
  for (const bad of ['', '0', 'zz'.repeat(32), `${'0'.repeat(63)}g`])
    for (const { nodeHash } of [hashBrowser, hashNode])
      expect(() => nodeHash(bad, '0'.repeat(64)), bad).toThrow(TypeError)
  for (const { hexToBytes } of [hashBrowser, hashNode]) expect(() => hexToBytes('0G')).toThrow(TypeError)
})

/** Whether a signature holds, by both; they must be of one mind. */
function verdict(type: KeyType, key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const [one, other] = [node, browser].map(each => each.isSignedBy(type, key, message, signature))
  expect(other).toBe(one)
  return one === true
}

const MESSAGE = utf8('what is signed\n')
const pairOf = (type: KeyType): { readonly key: Uint8Array; readonly private_key: KeyObject } => {
  const { privateKey: private_key } =
    type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ml-dsa-44')
  return { key: publicBytes(type, private_key), private_key }
}

describe.each(['ed25519', 'ml-dsa-44'] as const)('signatures of %s', type => {
  const { key, private_key } = pairOf(type)
  const signature = new Uint8Array(sign(null, MESSAGE, private_key))

  test('hold for their message and key, and for no other', () => {
    expect(verdict(type, key, MESSAGE, signature)).toBe(true)
    expect(verdict(type, key, utf8('another\n'), signature)).toBe(false)
    expect(verdict(type, pairOf(type).key, MESSAGE, signature)).toBe(false)
  })

  test('hold with no bit changed, in them or in the key', () => {
    const bit = fc.nat(signature.length * 8 - 1)
    const flipped = (bytes: Uint8Array, at: number) =>
      bytes.map((byte, i) => (i === at >> 3 ? byte ^ (1 << (at & 7)) : byte))
    // The hints of ML-DSA stand at its end, and are encoded strictly.
    const last = fc.integer({ min: (signature.length - 84) * 8, max: signature.length * 8 - 1 })
    fc.assert(
      fc.property(type === 'ed25519' ? bit : fc.oneof(bit, last), at => {
        expect(verdict(type, key, MESSAGE, flipped(signature, at))).toBe(false)
      }),
      { numRuns: 40 },
    )
    fc.assert(
      fc.property(fc.nat(key.length * 8 - 1), at => {
        const other = flipped(key, at)
        if (type !== 'ed25519' || isEd25519Key(other)) expect(verdict(type, other, MESSAGE, signature)).toBe(false)
      }),
      { numRuns: 20 },
    )
  })
})

describe('Ed25519', () => {
  const { Point } = ed25519
  const torsion = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
  const number = (bytes: Uint8Array) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  const text = (of: bigint) => Uint8Array.from({ length: 32 }, (_, i) => Number((of >> BigInt(8 * i)) & 255n))

  test('is looked at without the cofactor: what its owner signs with a part of small order holds where that goes away by itself', () => {
    const found = new Set<boolean>()
    for (let i = 0; i < 24; i++) {
      const [secret, nonce] = [12345n + BigInt(i), 67890n]
      const key = Point.BASE.multiply(secret).add(torsion).toBytes()
      const r = Point.BASE.multiply(nonce).toBytes()
      const message = utf8(`message ${i}\n`)
      const k = Point.Fn.create(number(createHash('sha512').update(r).update(key).update(message).digest()))
      const s = Point.Fn.create(nonce + k * secret)
      found.add(verdict('ed25519', key, message, Uint8Array.of(...r, ...text(s))))
    }
    expect([...found].sort()).toEqual([false, true])
  })

  test('has one spelling of S, and of R', () => {
    const { key, private_key } = pairOf('ed25519')
    const signature = new Uint8Array(sign(null, MESSAGE, private_key))
    const s = number(signature.subarray(32))
    expect(
      verdict('ed25519', key, MESSAGE, Uint8Array.of(...signature.subarray(0, 32), ...text(s + Point.Fn.ORDER))),
    ).toBe(false)
    // S is 0 and R what −[k]A is, or a spelling of it that isn't canonical: nothing but the equation says which.
    for (const r of [text(1n), text(2n ** 255n - 18n), text(0n), new Uint8Array(32).fill(255)])
      expect(verdict('ed25519', key, MESSAGE, Uint8Array.of(...r, ...text(0n)))).toBe(false)
  })

  test('keys that are no points sign nothing', () => {
    let none = 0
    for (let y = 2n; y < 30n; y++) {
      const key = text(y)
      if (!verdict('ed25519', key, MESSAGE, new Uint8Array(64))) none++
    }
    expect(none).toBe(28)
  })
})

describe('signatures of timestamp authorities', () => {
  const digests = ['sha256', 'sha384', 'sha512'] as const
  const parties = (['rsa', 'P-256', 'P-384'] as const).flatMap(kind =>
    digests.map(digest => party('TSA', { kind, digest })),
  )

  test('both take the same, and refuse the same', () => {
    for (const by of parties) {
      const { key } = parseCertificate(by.certificate)
      if (key === null) throw new Error('a key that isn’t known')
      const good = sign(by.digest, MESSAGE, by.private_key)
      const holds = (signature: Uint8Array, message = MESSAGE, digest = by.digest) => {
        const [one, other] = [stampNode, stampBrowser].map(each => each.isSigned(key, digest, message, signature))
        expect(other).toBe(one)
        return one
      }
      expect(stampBrowser.digestOf(by.digest, MESSAGE)).toEqual(new Uint8Array(stampNode.digestOf(by.digest, MESSAGE)))
      expect([holds(good), holds(good, utf8('another'))]).toEqual([true, false])
      for (const other of digests) expect(holds(good, MESSAGE, other)).toBe(other === by.digest)
      for (const at of [0, 1, 3, 5, 40, good.length - 1])
        expect(holds(good.with(at, (good[at] ?? 0) ^ 1)), `${by.kind} byte ${at}`).toBe(false)
      for (const bad of [
        good.subarray(1),
        Buffer.concat([good, Buffer.of(0)]),
        Buffer.concat([Buffer.of(0), good]),
        Buffer.of(),
      ])
        expect(holds(bad)).toBe(false)
    }
  })

  test('numbers of ECDSA: the other one of two that hold, larger ones, and zero', () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const by = party('TSA', { kind: 'P-256' })
    const { key } = parseCertificate(by.certificate)
    if (key === null) throw new Error('a key that isn’t known')
    const raw = sign('sha256', MESSAGE, { key: by.private_key, dsaEncoding: 'ieee-p1363' })
    const [r, s] = [raw.subarray(0, 32), raw.subarray(32)].map(each => BigInt(`0x${each.toString('hex')}`)) as [
      bigint,
      bigint,
    ]
    const integer = (n: bigint, zeros = 0) => {
      const hex = n.toString(16)
      const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
      return der(0x02, Buffer.concat([Buffer.alloc(zeros + ((bytes[0] ?? 0) >> 7)), bytes]))
    }
    const verdicts = (
      [
        [r, s],
        [r, order - s],
        [r + order, s],
        [r, s + order],
        [0n, s],
        [r, 0n],
      ] as const
    ).map(([a, b]) =>
      [stampNode, stampBrowser].map(each => each.isSigned(key, 'sha256', MESSAGE, der(0x30, integer(a), integer(b)))),
    )
    expect(verdicts).toEqual([
      [true, true],
      [true, true],
      [false, false],
      [false, false],
      [false, false],
      [false, false],
    ])
    for (const each of [stampNode, stampBrowser])
      expect(each.isSigned(key, 'sha256', MESSAGE, der(0x30, integer(r, 1), integer(s)))).toBe(false)
  })
})
