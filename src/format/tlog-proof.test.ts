import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkpointText } from './checkpoint.ts'
import { leafHash } from './hash.ts'
import { makeSigner } from './signing-key.ts'
import { parseTlogProof, tlogProofText } from './tlog-proof.ts'
import { checkInclusion, inclusionProof, rangeRoot } from './tree.ts'

const signer = makeSigner('custody', new Uint8Array(32).fill(1))
const LEAVES = Array.from({ length: 40 }, (_, i) => leafHash(`entry ${i}`))
const leafAt = (index: number) => LEAVES[index] as string
const rootOf = (size: number) => rangeRoot(leafAt, 0, size)

function proofOf(index: number, size: number) {
  const checkpoint = signer.sign(checkpointText({ origin: 'custody/l/0', size, root: rootOf(size) }))
  return { index, path: inclusionProof(index, size, leafAt), checkpoint }
}

const TEXT = tlogProofText(proofOf(2, 3))

test('the text is that of the standard', () => {
  const [first, index, sibling, empty, origin, size] = TEXT.split('\n')
  expect([first, index, empty, origin, size]).toEqual(['c2sp.org/tlog-proof@v1', 'index 2', '', 'custody/l/0', '3'])
  expect(Buffer.from(sibling as string, 'base64').toString('hex')).toBe(rangeRoot(leafAt, 0, 2))
})

test('a proof survives its text, and proves what it did', () => {
  const place = fc.integer({ min: 1, max: LEAVES.length }).chain(size => fc.tuple(fc.nat(size - 1), fc.constant(size)))
  fc.assert(
    fc.property(place, ([index, size]) => {
      const proof = proofOf(index, size)
      const read = parseTlogProof(tlogProofText(proof))
      expect(read).toEqual(proof)
      expect(checkInclusion(leafAt(index), index, size, read?.path ?? [], rootOf(size))).toBe(true)
    }),
  )
})

test.each([
  ['nothing', ''],
  ['another first line', TEXT.replace('@v1', '@v2')],
  ['extra data', TEXT.replace('index', 'extra AAAA\nindex')],
  ['no index', TEXT.replace('index 2\n', '')],
  ['a leading zero', TEXT.replace('index 2', 'index 02')],
  ['an index that no number holds', TEXT.replace('index 2', 'index 9999999999999999')],
  ['another spelling of a hash', TEXT.replace('=\n\n', '\n\n')],
  ['a hash that is cut', TEXT.replace(/\n[^\n]+\n\n/, '\nAAAA\n\n')],
  ['carriage returns', TEXT.replaceAll('\n', '\r\n')],
  ['no checkpoint', TEXT.slice(0, TEXT.indexOf('\n\n') + 2)],
  ['a second empty line', TEXT.replace('\n\n', '\n\n\n')],
  ['no end of line', TEXT.slice(0, -1)],
  ['a path that no tree has', TEXT.replace('\n\n', `\n${`${'A'.repeat(43)}=\n`.repeat(60)}\n`)],
])('%s is refused', (_, text) => {
  expect(parseTlogProof(text)).toBeNull()
})

test('what has no text is refused', () => {
  const proof = proofOf(2, 3)
  expect(() => tlogProofText({ ...proof, index: -1 })).toThrow(TypeError)
  expect(() => tlogProofText({ ...proof, path: ['ab'] })).toThrow(TypeError)
  expect(() => tlogProofText({ ...proof, checkpoint: '' })).toThrow(TypeError)
})
