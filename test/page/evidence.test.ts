/** Files that the page can't read: it says so in words of its own, whatever a browser's are. */
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { evidenceIn } from '../../src/page/evidence.ts'

const PACKED = gzipSync(`${'a line\n'.repeat(200)}ü\n`)
const DAMAGED = 'it was cut short or damaged on the way, or something stands behind it'

async function textOf(bytes: Uint8Array): Promise<string> {
  const evidence = await evidenceIn(new Blob([new Uint8Array(bytes)]))
  if (evidence.kind === 'proof') return evidence.text
  let text = ''
  for await (const piece of evidence.pieces) text += piece
  return text
}

test.each<[string, Uint8Array, string]>([
  ['cut', PACKED.subarray(0, -9), DAMAGED],
  ['damaged', PACKED.map((byte, i) => (i === PACKED.length - 6 ? byte ^ 1 : byte)), DAMAGED],
  ['with something behind it', Buffer.concat([PACKED, Buffer.from('x')]), DAMAGED],
  ['packed, and no text', gzipSync(Buffer.of(0xff, 0x0a)), 'it isn’t UTF-8'],
  ['packed otherwise', Buffer.of(0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 0), 'it isn’t packed as records are'],
  ['no text', Buffer.of(0xff, 0x0a), 'it isn’t UTF-8'],
])('%s', async (_what, bytes, why) => {
  await expect(textOf(bytes)).rejects.toMatchObject({
    ...{ code: 'CUSTODY_PROOF_UNREADABLE', message: `the file can’t be read: ${why}` },
  })
})

test('one that is whole is read, packed or not', async () => {
  expect(await textOf(PACKED)).toMatch(/^a line\n[\s\S]*ü\n$/)
  expect(await textOf(Buffer.from('{}\n'))).toBe('{}\n')
})
