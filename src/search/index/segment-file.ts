/**
 * A segment of an index, as a file: which entries of which log it is of, and what they have. It is written once, under another name, and is there
 * as a whole or not at all.
 *
 * SEGMENT-FILE-1. What isn't as the file's own checksums say isn't used.
 *
 * Form: magic, length and checksum of the head (4 bytes each), the head as JSON, then the sections that it lists, in its order. Numbers are in
 * the machine's order, which the head names.
 */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { endianness } from 'node:os'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { parseJson } from '../../model/json.ts'
import { isMissing } from './missing.ts'

/** Entries of a segment: their numbers have 16 bits. */
const MOST_ENTRIES = 65_536
/** So many neighbours are known together at most, as a power of two. */
export const MOST_COARSE = 12

/** What a segment is of. */
export interface SegmentPlace {
  /** The ledger's id. */
  readonly ledger: string
  readonly run: string
  /** Of the entries of the run's log: from this one up to but without the other. */
  readonly from: number
  readonly end: number
  /** Leaf hash of the last of them. */
  readonly last_leaf: string
  /** How many entries log 0 had when they were read. */
  readonly zero: number
  /** The highest row that it, or a segment before it, has entries of. */
  readonly last_row: number
}

/** Keys in ascending order; where the postings of each end. */
export interface Dictionary<Keys, Ends = Uint32Array> {
  readonly keys: Keys
  readonly ends: Ends
  readonly bytes: Uint8Array
}

export interface SegmentContent {
  readonly entries: number
  /** Grams are known of 2^coarse neighbouring entries together. */
  readonly coarse: number
  readonly facets: Dictionary<readonly string[], readonly number[]>
  readonly values: Dictionary<Float64Array>
  readonly grams: Dictionary<Uint32Array>
  /** Columns, an element for each entry (bytes.ts). */
  readonly rows: Uint8Array
  readonly times: Uint8Array
  readonly durations: Uint8Array
  /** Empty where nothing cost anything. */
  readonly costs: Uint8Array
}

const SECTIONS = [
  ...(['grams', 'gram_keys', 'gram_ends', 'values', 'value_keys', 'value_ends'] as const),
  ...(['facets', 'rows', 'times', 'durations', 'costs'] as const),
]
export type SectionName = (typeof SECTIONS)[number]

const whole = z.int().min(0)
const Head = z.object({
  endianness: z.literal(endianness()),
  ledger: z.string(),
  run: z.string(),
  from: whole,
  end: whole,
  last_leaf: z.string(),
  zero: whole,
  last_row: whole,
  entries: whole.max(MOST_ENTRIES),
  coarse: whole.max(MOST_COARSE),
  /** Term, and where its postings end. */
  facets: z.array(z.tuple([z.string(), whole])),
  /** Length and checksum of each. */
  sections: z.array(z.tuple([z.enum(SECTIONS), whole, whole])),
})
type Head = z.infer<typeof Head>

const MAGIC = Buffer.from('CUSTODY-INDEX-1\n')
const FRONT_BYTES = MAGIC.length + 8

/** Durable when it returns. */
export function writeSegment(path: string, place: SegmentPlace, content: SegmentContent): void {
  const { facets, grams, values, entries, coarse } = content
  const sections: { readonly [name in SectionName]: Uint8Array } = {
    ...content,
    ...{ grams: grams.bytes, gram_keys: bytesOf(grams.keys), gram_ends: bytesOf(grams.ends) },
    ...{ values: values.bytes, value_keys: bytesOf(values.keys), value_ends: bytesOf(values.ends) },
    facets: facets.bytes,
  }
  const head: Head = {
    ...place,
    endianness: endianness(),
    entries,
    coarse,
    facets: facets.keys.map((term, i) => [term, facets.ends[i] ?? 0]),
    sections: SECTIONS.map(name => [name, sections[name].length, crc32(sections[name])]),
  }
  const text = Buffer.from(JSON.stringify(head))
  const front = Buffer.alloc(FRONT_BYTES)
  MAGIC.copy(front)
  front.writeUInt32LE(text.length, MAGIC.length)
  front.writeUInt32LE(crc32(text), MAGIC.length + 4)
  const file = openSync(path, 'wx', 0o600)
  try {
    for (const bytes of [front, text, ...SECTIONS.map(name => sections[name])]) writeWhole(file, bytes)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}

/** A file that is open for reading. */
export class SegmentFile {
  readonly #file: number
  readonly head: Head
  readonly #sections: ReadonlyMap<SectionName, { readonly at: number; readonly length: number; readonly sum: number }>

  private constructor(file: number, head: Head, start: number) {
    this.#file = file
    this.head = head
    let at = start
    this.#sections = new Map(
      head.sections.map(([name, length, sum]) => {
        at += length
        return [name, { at: at - length, length, sum }]
      }),
    )
  }

  /** null if it isn't there, or isn't a whole segment. */
  static open(path: string): SegmentFile | null {
    const file = openedFile(path)
    if (file === null) return null
    const opened = headOf(file)
    if (opened !== null) return new SegmentFile(file, ...opened)
    closeSync(file)
    return null
  }

  /** As a whole; null if it was damaged. */
  section(name: SectionName): Uint8Array | null {
    const { at, length, sum } = this.#sections.get(name) ?? { at: 0, length: 0, sum: 0 }
    const bytes = readAt(this.#file, at, length)
    return bytes.length === length && crc32(bytes) === sum ? bytes : null
  }

  /** From `start` up to `end` of a section. */
  part(name: SectionName, start: number, end: number): Uint8Array {
    const { at, length } = this.#sections.get(name) ?? { at: 0, length: 0 }
    const last = Math.min(end, length)
    return readAt(this.#file, at + start, Math.max(0, last - start))
  }

  get isSound(): boolean {
    return SECTIONS.every(name => this.section(name) !== null)
  }

  close(): void {
    closeSync(this.#file)
  }
}

function openedFile(path: string): number | null {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

function headOf(file: number): readonly [head: Head, start: number] | null {
  const front = readAt(file, 0, FRONT_BYTES)
  if (front.length < FRONT_BYTES || !front.subarray(0, MAGIC.length).equals(MAGIC)) return null
  const size = fstatSync(file).size
  const length = front.readUInt32LE(MAGIC.length)
  if (FRONT_BYTES + length > size) return null
  const text = readAt(file, FRONT_BYTES, length)
  if (text.length < length || crc32(text) !== front.readUInt32LE(MAGIC.length + 4)) return null
  const { data: head } = Head.safeParse(jsonOf(text.toString()))
  if (head === undefined) return null
  const end = head.sections.reduce((sum, [, bytes]) => sum + bytes, FRONT_BYTES + length)
  return end === size ? [head, FRONT_BYTES + length] : null
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** Fewer where the file has no more. */
function readAt(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let read = 0
  while (read < length) {
    const more = readSync(file, bytes, read, length - read, at + read)
    if (more === 0) break
    read += more
  }
  return bytes.subarray(0, read)
}
