import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Hash, sha256Hex } from '../model/sha256.ts'
import { leafHash, nodeHash } from './hash.ts'
import {
  checkConsistency,
  checkInclusion,
  consistencyProof,
  EMPTY_ROOT,
  Frontier,
  inclusionProof,
  rangeRoot,
  treeBefore,
  WholeTree,
} from './tree.ts'

/** The reference tree of Certificate Transparency's own tests. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  hex => leafHash(Buffer.from(hex, 'hex').toString('latin1')),
)
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const at = (index: number): Hash => LEAVES[index]!

describe('the reference tree', () => {
  test('roots', () => {
    expect(EMPTY_ROOT).toBe(ROOTS[0])
    const tree = new Frontier()
    expect(tree.root()).toBe(ROOTS[0])
    for (let size = 1; size <= 8; size++) {
      tree.append(at(size - 1))
      expect([tree.size, tree.root()]).toEqual([size, ROOTS[size]])
    }
  })
  test.each([
    [0, 1, []],
    [
      0,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      5,
      8,
      [
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
    [
      1,
      5,
      [
        '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
  ])('leaf %i in %i', (index, size, proof) => {
    expect(inclusionProof(index, size, at)).toEqual(proof)
    expect(checkInclusion(at(index), index, size, proof, ROOTS[size]!)).toBe(true)
  })
  test.each([
    [1, 1, []],
    [0, 5, []],
    [
      1,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      6,
      8,
      [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [
      2,
      5,
      [
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
  ])('%i leaves within %i', (old_size, size, proof) => {
    expect(consistencyProof(old_size, size, at)).toEqual(proof)
    expect(checkConsistency(old_size, ROOTS[old_size]!, size, ROOTS[size]!, proof)).toBe(true)
  })
})

/** MTH of RFC 6962, 2.1, as it stands there. */
function treeHash(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return sha256Hex('')
  if (leaves.length === 1) return leaves[0]!
  let power = 1
  while (power * 2 < leaves.length) power *= 2
  return nodeHash(treeHash(leaves.slice(0, power)), treeHash(leaves.slice(power)))
}

const numbered = (size: number): Hash[] => Array.from({ length: size }, (_, i) => leafHash(`${i}`))
const flip = (hash: Hash): Hash => (hash[0] === '0' ? '1' : '0') + hash.slice(1)

describe('properties', () => {
  test('a frontier gives the root by definition, and continues from its state', () => {
    fc.assert(
      fc.property(fc.nat(70), fc.nat(70), (before, after) => {
        const leaves = numbered(before + after)
        const first = new Frontier()
        for (const leaf of leaves.slice(0, before)) first.append(leaf)
        const tree = Frontier.from(JSON.parse(JSON.stringify(first.state())))
        for (const leaf of leaves.slice(before)) tree.append(leaf)
        expect(tree.root()).toBe(treeHash(leaves))
        expect(tree.size).toBe(leaves.length)
        expect(rangeRoot(i => leaves[i]!, before, leaves.length)).toBe(treeHash(leaves.slice(before)))
      }),
    )
  })
  test('each leaf of each tree has a proof, which shows that leaf at that place only', () => {
    const leaves = numbered(20)
    for (let size = 1; size <= 20; size++) {
      const root = treeHash(leaves.slice(0, size))
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(index, size, i => leaves[i]!)
        expect(checkInclusion(leaves[index]!, index, size, proof, root)).toBe(true)
        expect(checkInclusion(flip(leaves[index]!), index, size, proof, root)).toBe(false)
        expect(checkInclusion(leaves[index]!, index, size, [...proof, root], root)).toBe(false)
        if (proof.length > 0) {
          expect(checkInclusion(leaves[index]!, index, size, proof.slice(1), root)).toBe(false)
          expect(checkInclusion(leaves[index]!, index, size, proof.with(0, flip(proof[0]!)), root)).toBe(false)
        }
        for (let other = 0; other < size; other++) {
          if (other !== index) expect(checkInclusion(leaves[index]!, other, size, proof, root)).toBe(false)
        }
      }
    }
  })
  test('a whole tree has the same proofs, and they have the tree before a leaf', () => {
    for (let size = 1; size <= 18; size++) {
      const leaves = numbered(size)
      const tree = new WholeTree(leaves)
      expect(tree.root).toBe(treeHash(leaves))
      for (let index = 0; index < size; index++) {
        const proof = tree.inclusion(index)
        expect(proof).toEqual(inclusionProof(index, size, i => leaves[i]!))
        expect(Frontier.from(treeBefore(index, size, proof)).root()).toBe(treeHash(leaves.slice(0, index)))
      }
    }
    expect(new WholeTree([]).root).toBe(EMPTY_ROOT)
  })
  test('each tree has a proof that it is the beginning of each later one, which shows nothing else', () => {
    const leaves = numbered(18)
    const roots = Array.from({ length: 19 }, (_, size) => treeHash(leaves.slice(0, size)))
    for (let size = 0; size <= 18; size++) {
      for (let old = 0; old <= size; old++) {
        const proof = consistencyProof(old, size, i => leaves[i]!)
        expect(checkConsistency(old, roots[old]!, size, roots[size]!, proof)).toBe(true)
        expect(checkConsistency(old, flip(roots[old]!), size, roots[size]!, proof)).toBe(false)
        expect(checkConsistency(old, roots[old]!, size, flip(roots[size]!), proof)).toBe(old === 0 && size > 0)
        expect(checkConsistency(old, roots[old]!, size, roots[size]!, [...proof, roots[1]!])).toBe(false)
        if (proof.length > 0) {
          expect(checkConsistency(old, roots[old]!, size, roots[size]!, proof.slice(1))).toBe(false)
          expect(checkConsistency(old, roots[old]!, size, roots[size]!, proof.with(-1, flip(proof.at(-1)!)))).toBe(
            false,
          )
        }
      }
    }
  })
})

test('what is malformed is refused', () => {
  const root = ROOTS[8]!
  expect(checkInclusion(at(0), -1, 8, [], root)).toBe(false)
  expect(checkInclusion(at(0), 8, 8, [], root)).toBe(false)
  expect(checkInclusion(at(0), 0, 8, ['no hash'], root)).toBe(false)
  expect(checkConsistency(9, root, 8, root, [])).toBe(false)
  expect(checkConsistency(6, ROOTS[6]!, 8, root, [])).toBe(false)
  expect(checkConsistency(6, ROOTS[6]!, 8, root, ['no hash'])).toBe(false)
  expect(() => inclusionProof(8, 8, at)).toThrow(RangeError)
  expect(() => consistencyProof(9, 8, at)).toThrow(RangeError)
  expect(() => Frontier.from({ size: 3, nodes: [root] })).toThrow(TypeError)
  expect(() => Frontier.from({ size: 1, nodes: ['no hash'] })).toThrow(TypeError)
  expect(() => Frontier.from({ size: -1, nodes: [] })).toThrow(TypeError)
})
