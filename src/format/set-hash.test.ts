import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SetHash } from './set-hash.ts'

function hashOf(elements: Iterable<string>): SetHash {
  const hash = new SetHash()
  for (const each of elements) hash.add(each)
  return hash
}

test('a set has one hash, in whatever order its elements come, and others go again', () => {
  const elements = fc.uniqueArray(fc.string(), { maxLength: 6 })
  fc.assert(
    fc.property(elements, elements, (kept, more) => {
      const gone = more.filter(each => !kept.includes(each))
      const hash = hashOf([...gone, ...kept].reverse())
      for (const each of gone) hash.remove(each)
      expect([hash.count, hash.digest()]).toEqual([kept.length, hashOf(kept).digest()])
    }),
    { numRuns: 50 },
  )
})

test('sets that differ have hashes that differ', () => {
  const sets = [[], ['a'], ['b'], ['a', 'b'], ['ab'], ['a', 'ab']]
  expect(new Set(sets.map(each => hashOf(each).digest())).size).toBe(sets.length)
})

test('is what the format says: sums of SHAKE128, 16 bits each, and SHA-256 of these', () => {
  const sums = new Array<number>(1024).fill(0)
  for (const element of ['[1,2,null,3,4]', '[5,null,1,6,7]']) {
    const bytes = createHash('shake128', { outputLength: 2048 }).update(`\u0003${element}`).digest()
    for (let i = 0; i < 1024; i++) sums[i] = (sums[i]! + bytes[2 * i]! + 256 * bytes[2 * i + 1]!) % 65536
  }
  const bytes = Buffer.from(sums.flatMap(each => [each % 256, Math.floor(each / 256)]))
  const expected = createHash('sha256').update(bytes).digest('hex')
  expect(hashOf(['[5,null,1,6,7]', '[1,2,null,3,4]']).digest()).toBe(expected)
})

test('a copy goes its own way', () => {
  const hash = hashOf(['a'])
  const copy = hash.copy()
  hash.add('b')
  expect([copy.count, copy.digest()]).toEqual([1, hashOf(['a']).digest()])
})
