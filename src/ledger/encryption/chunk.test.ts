import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyCharacter } from '../../../test/support/any-character.ts'
import { SALT_BYTES } from '../../format/hash.ts'
import type { SealedChunk } from '../read-port.ts'
import type { NewPayload } from '../write-port.ts'
import { type ChunkPlace, openChunk, rewrap, sealAll, sealChunk } from './chunk.ts'
import { readExtents } from './extents.ts'
import { ledgerKeyOf } from './ledger-key.ts'

const PLACE: ChunkPlace = { ledger: '0193f000-0000-7000-8000-000000000001', log: 3 }
const KEY = ledgerKeyOf(Buffer.alloc(32, 7))
const OTHER = ledgerKeyOf(Buffer.alloc(32, 8))

const text = fc.string({ unit: anyCharacter, maxLength: 40 }).filter(each => each.isWellFormed())
/** Payloads of entries in order, some of which have none in between. */
const payloads = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), values: fc.integer({ min: 1, max: 4 }), text }), {
    minLength: 1,
    maxLength: 20,
  })
  .map(list => {
    let seq = -1
    return list.map((each): NewPayload => {
      seq += each.gap
      return { seq, salts: Buffer.alloc(each.values * SALT_BYTES, seq + 1), body: Buffer.from(each.text) }
    })
  })

const plain = (all: readonly NewPayload[]) =>
  all.map(({ seq, salts, body }) => ({ seq, salts: Buffer.from(salts), body: Buffer.from(body).toString() }))
const opened = (chunk: SealedChunk, place = PLACE, key = KEY) =>
  openChunk(chunk, place, key)?.map(each => ({ ...each, salts: Buffer.from(each.salts) })) ?? null

describe('a chunk', () => {
  test('opens to what was sealed', () => {
    fc.assert(
      fc.property(payloads, all => {
        expect(opened(sealChunk(all, PLACE, KEY))).toEqual(plain(all))
      }),
    )
  })

  test('is refused when any bit of it was flipped', () => {
    fc.assert(
      fc.property(payloads, fc.constantFrom('data_key' as const, 'message' as const), fc.nat(), (all, part, at) => {
        const chunk = sealChunk(all, PLACE, KEY)
        const bytes = Buffer.from(chunk[part])
        const bit = at % (8 * bytes.length)
        bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        expect(opened({ ...chunk, [part]: bytes })).toBeNull()
      }),
    )
  })

  test('is refused when it was cut', () => {
    const chunk = sealChunk([{ seq: 1, salts: Buffer.alloc(16), body: Buffer.from('[[1]]') }], PLACE, KEY)
    for (let length = 0; length < chunk.message.length; length++)
      expect(opened({ ...chunk, message: chunk.message.subarray(0, length) })).toBeNull()
    for (let length = 0; length < chunk.data_key.length; length++)
      expect(opened({ ...chunk, data_key: chunk.data_key.subarray(0, length) })).toBeNull()
  })

  test('SEALED-CHUNK-2: is refused in another ledger, log or place, and for other entries', () => {
    fc.assert(
      fc.property(payloads, all => {
        const chunk = sealChunk(all, PLACE, KEY)
        expect(opened(chunk, { ...PLACE, ledger: '0193f000-0000-7000-8000-000000000002' })).toBeNull()
        expect(opened(chunk, { ...PLACE, log: 33 })).toBeNull()
        const moved = all.map(each => ({ ...each, seq: each.seq + 1 }))
        const elsewhere = sealChunk(moved, PLACE, KEY)
        expect(opened({ ...chunk, first: elsewhere.first, last: elsewhere.last })).toBeNull()
        expect(opened({ ...elsewhere, message: chunk.message, data_key: chunk.data_key })).toBeNull()
        // Nor do its parts go together with those of another.
        const again = sealChunk(all, PLACE, KEY)
        expect(opened({ ...chunk, data_key: again.data_key })).toBeNull()
      }),
    )
  })

  test('doesn’t open with another key', () => {
    const chunk = sealChunk([{ seq: 1, salts: Buffer.alloc(16), body: Buffer.from('[[1]]') }], PLACE, KEY)
    expect(opened(chunk, PLACE, OTHER)).toBeNull()
  })

  test('SEALED-CHUNK-1: never has the data key of another, and shows nothing of what is in it', () => {
    const all: NewPayload[] = [{ seq: 5, salts: Buffer.alloc(16, 0xaa), body: Buffer.from('[["a canary in here"]]') }]
    const [one, two] = [sealChunk(all, PLACE, KEY), sealChunk(all, PLACE, KEY)]
    expect(Buffer.from(one.message).equals(two.message)).toBe(false)
    const bytes = Buffer.concat([one.message, one.data_key])
    expect(bytes.includes('canary')).toBe(false)
    expect(bytes.includes(Buffer.alloc(16, 0xaa))).toBe(false)
  })

  test('SEALED-CHUNK-3: opens with another ledger key once its data key is wrapped anew, and not with the former one', () => {
    fc.assert(
      fc.property(payloads, all => {
        const chunk = sealChunk(all, PLACE, KEY)
        const anew = rewrap(chunk, PLACE, KEY, OTHER)
        expect(anew).not.toBeNull()
        const rewrapped = { ...chunk, ...anew }
        expect(rewrapped.message).toBe(chunk.message)
        expect(opened(rewrapped, PLACE, OTHER)).toEqual(plain(all))
        expect(opened(rewrapped)).toBeNull()
        expect(rewrap(chunk, PLACE, OTHER, KEY)).toBeNull()
      }),
    )
  })
})

test('payloads are sealed 64 at a time, or fewer where they are large', () => {
  const many = Array.from({ length: 130 }, (_, i) => ({ seq: i, salts: Buffer.alloc(16), body: Buffer.from('[[1]]') }))
  expect([...sealAll(many, PLACE, KEY)].map(each => [each.first, each.last])).toEqual([
    [0, 63],
    [64, 127],
    [128, 129],
  ])
  const large = many.slice(0, 4).map(each => ({ ...each, body: Buffer.alloc(150_000, 0x20) }))
  expect([...sealAll(large, PLACE, KEY)].map(each => each.entries)).toEqual([
    '[[0,0,1]]',
    '[[1,1,1]]',
    '[[2,2,1]]',
    '[[3,3,1]]',
  ])
})

test.each([
  '',
  '{}',
  '[]',
  '[[1,2]]',
  '[[2,1,1]]',
  '[[1,2,0]]',
  '[[1,2,1],[2,3,1]]',
  '[[1,1,1],[2,2,1]]',
  '[[1,1,1.5]]',
  '[[-1,1,1]]',
  '[[0,100000,1]]',
  '[[1,1,99999999]]',
  ' [[1,1,1]]',
])('%j doesn’t say which entries a chunk has', bad => {
  expect(readExtents(bad)).toBeNull()
})
