import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemorySpillFile, memorySpill } from '../../../../test/support/memory-spill.ts'
import { CustodyError } from '../../../model/error.ts'
import { IN_MEMORY, type Spill } from '../../ports/spill.ts'
import { Sorter, type SortRecord } from './sorter.ts'

/** Bytes of a number, so that no two are the same. */
const record = (number: number, body = `row ${number} ä😀`): SortRecord => ({
  key: String.fromCharCode(number >> 8, number & 255),
  body,
})

function sortedBy(spill: Spill, records: readonly SortRecord[], most_merged?: number): SortRecord[] {
  const sorter = new Sorter(spill, most_merged)
  for (const each of records) sorter.add(each)
  expect(sorter.size).toBe(records.length)
  let prepared = 0
  while (!sorter.prepare()) expect(++prepared).toBeLessThan(10_000)
  const all: SortRecord[] = []
  for (let next = sorter.next(); next !== null; next = sorter.next()) all.push(next)
  expect(sorter.size).toBe(0)
  expect(sorter.next()).toBeNull()
  return all
}

test('gives all records in order, whatever fits into memory, and lets go of all files', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(65_535), { maxLength: 300 }),
      fc.constantFrom(1, 300, 3_000, 100_000),
      fc.constantFrom(2, 3, 64),
      (numbers, memory_bytes, most_merged) => {
        const spill = memorySpill(memory_bytes)
        const expected = numbers.toSorted((a, b) => a - b).map(number => record(number))
        expect(
          sortedBy(
            spill,
            numbers.map(number => record(number)),
            most_merged,
          ),
        ).toEqual(expected)
        expect(spill.files.every(file => file.closed)).toBe(true)
      },
    ),
    { numRuns: 60 },
  )
})

test('RUN-FILE-1: nothing of a record stands in a file in plain', () => {
  const spill = memorySpill(300)
  const sorter = new Sorter(spill)
  for (let number = 0; number < 200; number++) sorter.add(record(number, `a canary ${number}`))
  while (!sorter.prepare());
  expect(spill.files.length).toBeGreaterThan(0)
  for (const { bytes } of spill.files) expect(bytes.includes('canary')).toBe(false)
  sorter.close()
})

test('records larger than a block, and larger than memory', () => {
  const records = [3, 1, 2].map(number => record(number, 'x'.repeat(200_000 + number)))
  expect(sortedBy(memorySpill(1_000), records).map(({ body }) => body.length)).toEqual([200_001, 200_002, 200_003])
})

test('without files all of it stays in memory', () => {
  expect(sortedBy(IN_MEMORY, [record(2), record(1)])).toEqual([record(1), record(2)])
})

test('nothing can be added behind the end (SORTER-1)', () => {
  const sorter = new Sorter(IN_MEMORY)
  sorter.prepare()
  expect(() => sorter.add(record(1))).toThrow(expect.objectContaining({ code: 'CUSTODY_ENGINE_DEFECT' }))
})

describe('what stands in files is used only if it is what was written (RUN-FILE-1)', () => {
  const filled = () => {
    const spill = memorySpill(1)
    const sorter = new Sorter(spill)
    for (const number of [1, 2]) sorter.add(record(number))
    return { sorter, files: spill.files as MemorySpillFile[] }
  }
  const drain = (sorter: Sorter) => {
    while (!sorter.prepare());
    while (sorter.next() !== null);
  }

  test('any byte that is another is found', () => {
    const { files } = filled()
    for (let at = 0; at < (files[0]?.bytes.length ?? 0); at++) {
      const { sorter, files: own } = filled()
      const bytes = own[0]?.bytes as Buffer
      bytes[at] = (bytes[at] ?? 0) ^ 1
      expect(() => drain(sorter), `byte ${at}`).toThrow(expect.objectContaining({ code: 'CUSTODY_SPILL' }))
    }
  })

  test('so is a file that stands in the place of another', () => {
    const { sorter, files } = filled()
    const [one, other] = files as [MemorySpillFile, MemorySpillFile]
    ;[one.bytes, other.bytes] = [other.bytes, one.bytes]
    expect(() => drain(sorter)).toThrow(expect.objectContaining({ code: 'CUSTODY_SPILL' }))
  })
})

test('a disk that is full leaves no file open', () => {
  class FullFile extends MemorySpillFile {
    override append(): void {
      throw new CustodyError('CUSTODY_SPILL', 'the disk is full')
    }
  }
  const file = new FullFile()
  const sorter = new Sorter({ memory_bytes: 1, create: () => file })
  expect(() => sorter.add(record(1))).toThrow('the disk is full')
  expect(file.closed).toBe(true)
})
