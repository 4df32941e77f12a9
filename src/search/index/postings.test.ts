/** What is written is what is read, whatever the numbers, and in no more bytes than a bit for each. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteReader, ByteWriter } from './bytes.ts'
import { eachEntry, entrySet, readPostings, writePostings } from './postings.ts'
import { RowSet } from './row-set.ts'

const MOST = 500
const numbers = fc
  .oneof(
    fc.uniqueArray(fc.nat(MOST - 1), { maxLength: 20 }),
    fc.uniqueArray(fc.nat(MOST - 1), { maxLength: MOST }),
    // Runs of neighbours.
    fc.tuple(fc.nat(MOST - 1), fc.nat(200)).map(([at, length]) => range(at, Math.min(MOST, at + length))),
  )
  .map(each => each.toSorted((a, b) => a - b))

function range(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, i) => from + i)
}

test('postings', () => {
  fc.assert(
    fc.property(numbers, wanted => {
      const to = new ByteWriter(1)
      writePostings(to, wanted, MOST)
      expect(to.length).toBeLessThanOrEqual(MOST / 8 + 2)
      const set = entrySet(MOST)
      readPostings(to.view(), set, MOST)
      const read: number[] = []
      eachEntry(set, entry => read.push(entry))
      expect(read).toEqual(wanted)
    }),
  )
})

test('whatever the bytes are, no number is read that can’t be', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
      const set = entrySet(MOST)
      readPostings(bytes, set, MOST)
      expect(set.length).toBe(Math.ceil(MOST / 32))
    }),
  )
})

test('numbers of bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeInteger()), wanted => {
      const to = new ByteWriter(1)
      for (const each of wanted) to.signed(Math.trunc(each / 2))
      const reader = new ByteReader(to.view())
      expect(wanted.map(() => reader.signed())).toEqual(wanted.map(each => Math.trunc(each / 2) + 0))
      expect(reader.isAtEnd).toBe(true)
    }),
  )
})

test('a set of rows counts, finds the next and the n-th as a list does', () => {
  const rows = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 200 })
  fc.assert(
    fc.property(rows, fc.integer({ min: 0, max: 210 }), fc.nat(50), (some, after, skip) => {
      const set = new RowSet(200)
      for (const row of some) set.add(row)
      const behind = some.filter(row => row > after).sort((a, b) => a - b)
      expect(set.count).toBe(some.length)
      expect(set.countThrough(after)).toBe(some.length - behind.length)
      expect(set.next(after)).toBe(behind[0] ?? null)
      expect(set.nextAfter(after, skip)).toBe(behind[skip] ?? null)
    }),
  )
  const all = RowSet.all(70)
  expect([all.count, all.has(70), all.has(71), all.has(0), all.next(70)]).toEqual([70, true, false, false, null])
})
