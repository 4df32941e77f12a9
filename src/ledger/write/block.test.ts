import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Encoded, encodedIn } from '../../../test/support/encoded.ts'
import { SALT_BYTES } from '../../format/hash.ts'
import { BlockWriter } from './block.ts'

const text = fc.string({ unit: 'grapheme' })
const number = fc.nat(Number.MAX_SAFE_INTEGER)
const ending = fc.record({
  token: number,
  fate: fc.constantFrom(1 as const, 4 as const),
  node: number,
  sink: number,
  group: number,
  error: fc.option(fc.record({ code: fc.stringMatching(/^[A-Z0-9_]{1,64}$/), value: number })),
  recorded_us: number,
})
const entry = fc
  .record({
    row: fc.option(number),
    batch: fc.option(number),
    first_value: number,
    closes: fc.boolean(),
    body: text,
    texts: fc.array(text, { maxLength: 5 }),
    endings: fc.array(ending, { maxLength: 3 }),
    changes: fc.record({
      stands: fc.array(fc.record({ token: number, node: number, is_new: fc.boolean() }), { maxLength: 3 }),
      gone: fc.array(number, { maxLength: 3 }),
    }),
    salt: fc.nat(255),
  })
  .map(({ texts, salt, ...rest }): Encoded => {
    const salts = new Uint8Array(Math.max(1, texts.length) * SALT_BYTES).fill(salt)
    return { ...rest, texts, salts, payload: texts.length === 0 ? null : `[${texts.join(',')}]` }
  })

function begin(writer: BlockWriter, { body, texts }: Encoded): void {
  const to = writer.begin(texts.length)
  to.text(body)
  writer.endBody()
  if (texts.length > 0) {
    to.text('[')
    for (const [i, each] of texts.entries()) {
      if (i > 0) to.text(',')
      writer.value(i, each)
    }
    to.text(']')
  }
  writer.endPayload()
}

function write(writer: BlockWriter, each: Encoded): void {
  begin(writer, each)
  writer.close({ ...each, recorded_us: each.endings.map(({ recorded_us }) => recorded_us) }, each.salts)
}

test('BLOCK-1: commit after commit, what comes out is what went in, in blocks that are used again', () => {
  fc.assert(
    fc.property(fc.array(fc.array(entry, { maxLength: 4 }), { maxLength: 4 }), commits => {
      const writer = new BlockWriter()
      for (const commit of commits) {
        for (const each of commit) write(writer, each)
        const block = writer.take()
        expect(read(block)).toEqual(commit)
        writer.reuse(block)
      }
    }),
  )
})

/** Without commitments: these bodies have no room for them. */
function read(block: ReturnType<BlockWriter['take']>) {
  return encodedIn(block, false)
}

test('what is cleared, and what was begun only, is forgotten', () => {
  const writer = new BlockWriter()
  const [first, second] = fc.sample(entry, 2) as [Encoded, Encoded]
  write(writer, first)
  writer.clear()
  begin(writer, first)
  write(writer, second)
  expect(read(writer.take())).toEqual([second])
})

test('BLOCK-2: texts larger than a block', () => {
  const writer = new BlockWriter()
  const [small] = fc.sample(entry, 1) as [Encoded]
  const large = { ...small, body: 'é€𝄞'.repeat(1_000_000) }
  for (const each of [small, large, small]) write(writer, each)
  expect(read(writer.take())).toEqual([small, large, small])
})
