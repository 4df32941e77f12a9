import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyCharacter } from '../../test/support/any-character.ts'
import { isHash, sha256Hex } from '../model/sha256.ts'
import { bytesToHex, commitment, hexToBytes, leafHash, nodeHash, SALT_BYTES } from './hash.ts'

const sha256 = (...parts: (string | Uint8Array)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
const text = fc.string({ unit: anyCharacter })
const salt = fc.uint8Array({ minLength: SALT_BYTES, maxLength: SALT_BYTES })
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })

test('known answers', () => {
  expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(sha256Hex(new Uint8Array([97, 98, 99]))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
  expect(leafHash('')).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
})

test('leaf, node and commitment are SHA-256 of their bytes', () => {
  fc.assert(
    fc.property(text, salt, hash, hash, (body, random, left, right) => {
      expect(leafHash(body)).toBe(sha256(new Uint8Array([0]), body))
      expect(commitment(random, body)).toBe(sha256(new Uint8Array([2]), random, body))
      expect(nodeHash(bytesToHex(left), bytesToHex(right))).toBe(sha256(new Uint8Array([1]), left, right))
    }),
  )
})

test('texts of any length are committed to, also after longer ones', () => {
  const random = new Uint8Array(SALT_BYTES).fill(7)
  for (const length of [0, 1, 6_000, 20_000, 3_000_000, 10]) {
    const body = '€'.repeat(length)
    expect(commitment(random, body)).toBe(sha256(new Uint8Array([2]), random, body))
  }
})

test('bytes to hex and back', () => {
  fc.assert(
    fc.property(fc.uint8Array(), bytes => {
      expect(hexToBytes(bytesToHex(bytes))).toEqual(bytes)
    }),
  )
  expect(() => hexToBytes('AB')).toThrow(TypeError)
  expect(() => hexToBytes('abc')).toThrow(TypeError)
})

test('what is no hash or salt is refused', () => {
  expect(isHash('ab'.repeat(32))).toBe(true)
  expect(isHash('AB'.repeat(32))).toBe(false)
  expect(isHash(`${'ab'.repeat(32)}\n`)).toBe(false)
  expect(() => nodeHash('ab', 'ab'.repeat(32))).toThrow(TypeError)
  expect(() => commitment(new Uint8Array(15), '')).toThrow(TypeError)
})
