import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SALT_BYTES } from '../../format/hash.ts'
import type { EncodedEntry } from '../write-port.ts'
import { Packer, unpack } from './packing.ts'

const text = fc.string({ unit: 'grapheme' })
const number = fc.nat(Number.MAX_SAFE_INTEGER)
const ending = fc.record({
  token: number,
  fate: fc.constantFrom(1 as const, 4 as const),
  node: number,
  sink: number,
  group: number,
  error: fc.option(fc.record({ code: fc.stringMatching(/^[A-Z0-9_]{1,64}$/), value: number })),
})
const entry = fc
  .record({
    row: fc.option(number),
    batch: fc.option(number),
    before: text,
    after: text,
    values: fc.array(fc.record({ text, stored: text }), { maxLength: 5 }),
    first_value: number,
    ended: fc.array(fc.record({ ending, at: number }), { maxLength: 3 }),
    closes: fc.boolean(),
    changes: fc.record({
      stands: fc.array(fc.record({ token: number, node: number, is_new: fc.boolean() }), { maxLength: 3 }),
      gone: fc.array(number, { maxLength: 3 }),
    }),
    salt: fc.nat(255),
  })
  .map(({ values, ended, salt, ...rest }) => ({
    entry: {
      ...rest,
      texts: values.map(each => each.text),
      stored: values.map(each => each.stored),
      endings: ended.map(each => each.ending),
      recorded_us: ended.map(each => each.at),
    } satisfies EncodedEntry,
    salts: new Uint8Array(Math.max(1, values.length) * SALT_BYTES).fill(salt),
  }))

test('P1: commit after commit, what comes out is what went in, in blocks that are used again', () => {
  fc.assert(
    fc.property(fc.array(fc.array(entry, { maxLength: 4 }), { maxLength: 4 }), commits => {
      const packer = new Packer()
      for (const commit of commits) {
        for (const each of commit) packer.add(each.entry, each.salts)
        const packed = packer.take()
        expect([...unpack(packed)]).toEqual(commit)
        packer.reuse(packed)
      }
    }),
  )
})

test('what is cleared is forgotten', () => {
  const packer = new Packer()
  const [first, second] = fc.sample(entry, 2)
  packer.add(first!.entry, first!.salts)
  packer.clear()
  packer.add(second!.entry, second!.salts)
  expect([...unpack(packer.take())]).toEqual([second])
})

test('P2: texts larger than a block', () => {
  const packer = new Packer()
  const { entry: small, salts } = fc.sample(entry, 1)[0]!
  const large = { ...small, before: 'é€𝄞'.repeat(1_000_000) }
  for (const each of [small, large, small]) packer.add(each, salts)
  expect([...unpack(packer.take())].map(each => each.entry)).toEqual([small, large, small])
})
