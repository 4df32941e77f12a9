import { expect, test } from 'vitest'
import type { Chunks } from '../sources/byte-reader.ts'
import { SharedStrings } from './shared-strings.ts'

/** A list of texts, in pieces of a few bytes. */
function chunksOf(texts: readonly string[], size = 7): Chunks {
  const bytes = Buffer.from(`<sst>${texts.map(text => `<si><t>${text}</t></si>`).join('')}</sst>`)
  let at = 0
  return {
    async next() {
      const piece = bytes.subarray(at, at + size)
      at += size
      return piece.length === 0 ? null : piece
    },
    close: async () => undefined,
  }
}

const TEXTS = Array.from({ length: 500 }, (_, i) => `text ${i} é😀`.repeat(i % 3))

test('texts are the same, whether they are held or in a file', async () => {
  for (const most_units of [0, 1000, 1_000_000]) {
    const strings = await SharedStrings.read(chunksOf(TEXTS), most_units)
    expect(TEXTS.map((_, i) => strings.get(i))).toEqual(TEXTS)
    expect([-1, 500, 0.5, Number.NaN].map(i => strings.get(i))).toEqual([null, null, null, null])
    strings.close()
  }
})

test('a list without end is an error, however short its texts are', async () => {
  const many = Array.from({ length: 60 }, () => '')
  await expect(SharedStrings.read(chunksOf(many), 160, 50)).rejects.toThrow('it has more than 50 texts')
  const strings = await SharedStrings.read(chunksOf(many), 160, 60)
  expect(strings.get(59)).toBe('')
  strings.close()
})
