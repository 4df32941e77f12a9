/**
 * In which entries of a segment something is: ascending numbers, in the form that takes the fewest bytes. The first byte says which: gaps
 * between them, runs of neighbours, or a bit for each entry.
 */
import { ByteReader, type ByteWriter } from './bytes.ts'

const GAPS = 0
const RUNS = 1
const BITS = 2

/** `numbers`: ascending, each once, below `most`. */
export function writePostings(to: ByteWriter, numbers: ArrayLike<number>, most: number): void {
  const bits = Math.ceil(most / 8) + 1
  const start = to.length
  const runs = runsIn(numbers)
  // A run takes two numbers at least.
  if (runs * 2 < Math.min(numbers.length, bits)) writeRuns(to, numbers)
  else if (numbers.length < bits) writeGaps(to, numbers)
  if (to.length > start && to.length - start <= bits) return
  to.truncate(start)
  to.number(BITS)
  const bytes = new Uint8Array(bits - 1)
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] ?? 0
    bytes[number >>> 3] = (bytes[number >>> 3] ?? 0) | (1 << (number & 7))
  }
  to.bytes(bytes)
}

function runsIn(numbers: ArrayLike<number>): number {
  let runs = 0
  for (let i = 0; i < numbers.length; i++) if (i === 0 || numbers[i] !== (numbers[i - 1] ?? 0) + 1) runs++
  return runs
}

function writeGaps(to: ByteWriter, numbers: ArrayLike<number>): void {
  to.number(GAPS)
  let before = -1
  for (let i = 0; i < numbers.length; i++) {
    to.number((numbers[i] ?? 0) - before - 1)
    before = numbers[i] ?? 0
  }
}

function writeRuns(to: ByteWriter, numbers: ArrayLike<number>): void {
  to.number(RUNS)
  let end = 0
  for (let i = 0; i < numbers.length; ) {
    const first = numbers[i] ?? 0
    let length = 1
    while (i + length < numbers.length && numbers[i + length] === first + length) length++
    to.number(first - end)
    to.number(length - 1)
    end = first + length
    i += length
  }
}

/** A set of entries of a segment. */
export type EntrySet = Uint32Array

export function entrySet(most: number): EntrySet {
  return new Uint32Array(Math.ceil(most / 32))
}

/** Adds what was written. Whatever the bytes are, nothing is added from `most` on. */
export function readPostings(bytes: Uint8Array, into: EntrySet, most: number): void {
  const reader = new ByteReader(bytes.subarray(1))
  const form = bytes[0]
  if (form === BITS) {
    const end = Math.min(bytes.length - 1, into.length * 4)
    for (let i = 0; i < end; i++) into[i >>> 2] = (into[i >>> 2] ?? 0) | ((bytes[i + 1] ?? 0) << ((i & 3) * 8))
  } else if (form === GAPS)
    for (let at = -1; !reader.isAtEnd; ) {
      at += reader.number() + 1
      if (at >= most) return
      addTo(into, at)
    }
  else if (form === RUNS)
    for (let at = 0; !reader.isAtEnd; ) {
      const first = at + reader.number()
      at = first + reader.number() + 1
      fill(into, first, Math.min(at, most))
      if (at >= most) return
    }
}

/** Sets a bit. */
export function addTo(set: Uint32Array, number: number): void {
  set[number >>> 5] = (set[number >>> 5] ?? 0) | (1 << (number & 31))
}

/** From `first` up to but without `end`. */
function fill(into: EntrySet, first: number, end: number): void {
  let at = first
  for (; at < end && (at & 31) > 0; at++) addTo(into, at)
  for (; at + 32 <= end; at += 32) into[at >>> 5] = 0xffffffff
  for (; at < end; at++) addTo(into, at)
}

export function eachEntry(set: EntrySet, tell: (entry: number) => void): void {
  for (let i = 0; i < set.length; i++)
    for (let word = set[i] ?? 0; word !== 0; word &= word - 1) tell(i * 32 + (31 - Math.clz32(word & -word)))
}
