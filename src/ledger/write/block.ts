/**
 * Entries as blocks of bytes, from the moment they are encoded: the very bytes that are hashed and stored. They go from thread to
 * thread without being copied. What only the second stage knows, the commitments, has room in the body and is filled in.
 *
 * BLOCK-1. `BlockReader` gives what `BlockWriter` was given. An entry that was begun and not closed is forgotten.
 * BLOCK-2. Blocks that come back are filled again. They grow to what a commit takes, or a part of one that is large.
 */
import type { EndingFact } from '../../format/entry.ts'
import { SALT_BYTES } from '../../format/hash.ts'
import { ByteText } from '../../model/byte-text.ts'
import type { NewEntry, NewPayload, OpenChange } from '../write-port.ts'
import { NO_CHANGE } from './open-tokens.ts'

/** Its parts are as long as they have grown, not as what is in them. */
export interface Block {
  readonly entries: number
  /** For each entry a NUL, its body, its payload, and texts of values that the payload doesn't hold in full. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Lengths, and all else that is a number. */
  readonly numbers: Float64Array<ArrayBuffer>
  readonly salts: Uint8Array<ArrayBuffer>
  /** Codes of errors that endings name. */
  readonly codes: readonly string[]
}

/** All of an entry that isn't in its bytes. */
export interface EntryFacts {
  readonly row: number | null
  readonly batch: number | null
  readonly first_value: number
  /** Nothing more can happen to its subject. */
  readonly closes: boolean
  readonly endings: readonly EndingFact[]
  /** Time of the endings: `recorded_us[i]` belongs to `endings[i]`. */
  readonly recorded_us: readonly number[]
  readonly changes: OpenChange
}

export interface TimedEnding extends EndingFact {
  readonly recorded_us: number
}

const NONE = -1
/** Numbers of an entry before its lists. */
const FIXED = 12
/** Numbers of an ending, and which of them is its error. */
const ENDING = 8
const ENDING_ERROR = 6
const NUL = 0
/** Digits of a commitment. */
const HEX_BYTES = 64
const NUMBERS = 1024
const SALTS_BYTES = 1024
/** A commit with more goes over in parts. */
const PART_BYTES = 4 * 1024 * 1024

/** Parts of their own each time: those that are handed over are gone here, empty ones too. */
const empty = (): Block => ({
  entries: 0,
  bytes: new Uint8Array(),
  numbers: new Float64Array(),
  salts: new Uint8Array(),
  codes: [],
})

export class BlockWriter {
  #text = new ByteText(empty().bytes)
  #numbers = empty().numbers
  #salts = empty().salts
  #codes: string[] = []
  #entries = 0
  #spare: Block | null = null
  /** Ends of what is complete. */
  #text_end = 0
  #numbers_end = 0
  #salts_end = 0
  /** Where the next number of the entry under way goes, and of its parts how far they are from its beginning. */
  #number_at = 0
  #values = 0
  #commitments_at = 0
  #body_end = 0
  #payload_end = 0

  /** Begins an entry with that many values. Its body is to be written. */
  begin(values: number): ByteText {
    this.#text.at = this.#text_end
    this.#text.byte(NUL)
    this.#number_at = this.#numbers_end
    this.#reserveNumbers(FIXED + 2 * values)
    this.#values = values
    this.#commitments_at = 0
    return this.#text
  }

  /** Leaves room for the commitments, with quotes and commas. */
  commitments(): void {
    this.#commitments_at = this.#written
    for (let i = 0; i < this.#values; i++) {
      this.#text.text(i === 0 ? '"' : ',"')
      this.#text.room(HEX_BYTES)
      this.#text.text('"')
    }
  }

  /** The body is written, and the payload follows. */
  endBody(): void {
    this.#body_end = this.#written
  }

  /** The payload is written; texts of values may follow. */
  endPayload(): void {
    this.#payload_end = this.#written
  }

  /** Writes the text that is committed to for value `place`, from 0. */
  value(place: number, text: string): void {
    const start = this.#written
    this.#text.text(text)
    const at = this.#numbers_end + FIXED + 2 * place
    this.#numbers[at] = start
    this.#numbers[at + 1] = this.#written - start
  }

  /** The entry is complete. */
  close(facts: EntryFacts, salts: Uint8Array): void {
    const { endings, recorded_us, changes } = facts
    const { stands, gone } = changes
    this.#reserveNumbers(FIXED + 2 * this.#values + ENDING * endings.length + 3 * stands.length + gone.length)
    this.#put(facts.row ?? NONE)
    this.#put(facts.batch ?? NONE)
    this.#put(facts.first_value)
    this.#put(facts.closes ? 1 : 0)
    this.#put(this.#commitments_at)
    this.#put(this.#body_end)
    this.#put(this.#payload_end)
    this.#put(this.#written)
    this.#put(this.#values)
    this.#put(endings.length)
    this.#put(stands.length)
    this.#put(gone.length)
    this.#number_at += 2 * this.#values
    for (let i = 0; i < endings.length; i++) this.#putEnding(endings[i]!, recorded_us[i]!)
    for (let i = 0; i < stands.length; i++) {
      this.#put(stands[i]!.token)
      this.#put(stands[i]!.node)
      this.#put(stands[i]!.is_new ? 1 : 0)
    }
    for (let i = 0; i < gone.length; i++) this.#put(gone[i]!)
    this.#putSalts(salts)
    this.#text_end = this.#text.at
    this.#numbers_end = this.#number_at
    this.#entries++
  }

  /** Enough was added that it should be taken, though the commit isn't complete. */
  get isLarge(): boolean {
    return this.#text_end >= PART_BYTES
  }

  /** All that was added since the last `take`. */
  take(): Block {
    const block = {
      entries: this.#entries,
      bytes: this.#text.bytes,
      numbers: this.#numbers,
      salts: this.#salts,
      codes: this.#codes,
    }
    const next = this.#spare ?? empty()
    this.#text = new ByteText(next.bytes)
    this.#numbers = next.numbers
    this.#salts = next.salts
    this.#spare = null
    this.clear()
    return block
  }

  /** Takes a block that was read. */
  reuse(block: Block): void {
    this.#spare = block
  }

  /** Forgets what was added since the last `take`. */
  clear(): void {
    this.#entries = 0
    this.#text_end = 0
    this.#numbers_end = 0
    this.#salts_end = 0
    this.#codes = []
  }

  /** Bytes of the entry under way. */
  get #written(): number {
    return this.#text.at - this.#text_end
  }

  #putEnding({ token, fate, node, sink, group, error }: EndingFact, recorded_us: number): void {
    this.#put(token)
    this.#put(fate)
    this.#put(node)
    this.#put(sink)
    this.#put(group)
    this.#put(error === null ? NONE : this.#codeOf(error.code))
    this.#put(error === null ? NONE : error.value)
    this.#put(recorded_us)
  }

  /** A commit has few codes, if any. */
  #codeOf(code: string): number {
    const known = this.#codes.indexOf(code)
    return known >= 0 ? known : this.#codes.push(code) - 1
  }

  #put(value: number): void {
    this.#numbers[this.#number_at++] = value
  }

  #putSalts(salts: Uint8Array): void {
    const end = this.#salts_end + salts.length
    if (end > this.#salts.length) {
      const larger = new Uint8Array(Math.max(SALTS_BYTES, 2 * end))
      larger.set(this.#salts)
      this.#salts = larger
    }
    this.#salts.set(salts, this.#salts_end)
    this.#salts_end = end
  }

  #reserveNumbers(count: number): void {
    const end = this.#numbers_end + count
    if (end <= this.#numbers.length) return
    const larger = new Float64Array(Math.max(NUMBERS, 2 * end))
    larger.set(this.#numbers)
    this.#numbers = larger
  }
}

/** What `postMessage` is to hand over instead of copying it. */
export function partsOf({ bytes, numbers, salts }: Block): ArrayBuffer[] {
  return [bytes.buffer, numbers.buffer, salts.buffer]
}

/** Reads one entry after another; all else is about the one that `next` reached. */
export class BlockReader {
  row: number | null = null
  batch: number | null = null
  first_value = 0
  closes = false
  /** How many values and endings it has, and whether it changes the table of open tokens. */
  values = 0
  endings = 0
  readonly #bytes: Buffer<ArrayBuffer>
  readonly #numbers: Float64Array<ArrayBuffer>
  readonly #salts: Uint8Array<ArrayBuffer>
  readonly #codes: readonly string[]
  #left: number
  #start = 0
  #end = 0
  #commitments_at = 0
  #body_end = 0
  #payload_end = 0
  #number_at = 0
  #values_at = 0
  #salts_at = 0
  #salts_end = 0
  #stands = 0
  #gone = 0

  constructor({ entries, bytes, numbers, salts, codes }: Block) {
    this.#left = entries
    this.#bytes = Buffer.from(bytes.buffer)
    this.#numbers = numbers
    this.#salts = salts
    this.#codes = codes
  }

  /** False if there is none. Endings and changes of the one before are to be read by then. */
  next(): boolean {
    if (this.#left-- === 0) return false
    this.#start = this.#end
    this.row = orNull(this.#number())
    this.batch = orNull(this.#number())
    this.first_value = this.#number()
    this.closes = this.#number() === 1
    this.#commitments_at = this.#start + this.#number()
    this.#body_end = this.#start + this.#number()
    this.#payload_end = this.#start + this.#number()
    this.#end = this.#start + this.#number()
    this.values = this.#number()
    this.endings = this.#number()
    this.#stands = this.#number()
    this.#gone = this.#number()
    this.#values_at = this.#number_at
    this.#number_at += 2 * this.values
    this.#salts_at = this.#salts_end
    this.#salts_end += Math.max(1, this.values) * SALT_BYTES
    return true
  }

  /** Its body with a NUL before it, as it is hashed. */
  leaf(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(this.#start, this.#body_end)
  }

  body(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(this.#start + 1, this.#body_end)
  }

  payload(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(this.#body_end, this.#payload_end)
  }

  /** The salts of all its values; for an entry without values, its nonce. */
  salts(): Uint8Array<ArrayBuffer> {
    return this.#salts.subarray(this.#salts_at, this.#salts_end)
  }

  /** The canonical text of value `place`, from 0. */
  value(place: number): Buffer<ArrayBuffer> {
    const at = this.#values_at + 2 * place
    const start = this.#start + this.#numbers[at]!
    return this.#bytes.subarray(start, start + this.#numbers[at + 1]!)
  }

  salt(place: number): Uint8Array<ArrayBuffer> {
    const at = this.#salts_at + place * SALT_BYTES
    return this.#salts.subarray(at, at + SALT_BYTES)
  }

  /** Fills in a commitment, in hex. */
  commit(place: number, hex: string): void {
    this.#bytes.write(hex, this.#commitmentAt(place), HEX_BYTES, 'latin1')
  }

  /** What was filled in. */
  commitment(place: number): string {
    const at = this.#commitmentAt(place)
    return this.#bytes.toString('latin1', at, at + HEX_BYTES)
  }

  /** The next of its endings. */
  ending(): TimedEnding {
    const token = this.#number()
    const fate = this.#number() as EndingFact['fate']
    const node = this.#number()
    const sink = this.#number()
    const group = this.#number()
    const code = this.#number()
    const value = this.#number()
    const recorded_us = this.#number()
    const error = code === NONE ? null : { code: this.#codes[code]!, value }
    return { token, fate, node, sink, group, error, recorded_us }
  }

  /** The number of the value that is the error of the next of its endings, which is passed over; null: it has none. */
  passEnding(): number | null {
    const value = this.#numbers[this.#number_at + ENDING_ERROR]!
    this.#number_at += ENDING
    return orNull(value)
  }

  /** Behind its endings. */
  changes(): OpenChange {
    if (this.#stands + this.#gone === 0) return NO_CHANGE
    const stands: OpenChange['stands'][number][] = []
    for (let i = 0; i < this.#stands; i++)
      stands.push({ token: this.#number(), node: this.#number(), is_new: this.#number() === 1 })
    const gone: number[] = []
    for (let i = 0; i < this.#gone; i++) gone.push(this.#number())
    return { stands, gone }
  }

  /** Passes over its endings and changes. */
  skip(): void {
    this.#number_at = this.#values_at + 2 * this.values + ENDING * this.endings + 3 * this.#stands + this.#gone
  }

  #commitmentAt(place: number): number {
    return this.#commitments_at + 1 + place * (HEX_BYTES + '"",'.length)
  }

  #number(): number {
    return this.#numbers[this.#number_at++]!
  }
}

/**
 * Entries of blocks, the first of them `first`, each made when it is asked for: all those of a commit at once would be copied by the
 * collector again and again. Commitments have to be filled in before.
 */
export class BlockEntries implements Iterable<NewEntry> {
  readonly #blocks: readonly Block[]
  readonly #first: number

  constructor(blocks: readonly Block[], first: number) {
    this.#blocks = blocks
    this.#first = first
  }

  *[Symbol.iterator](): Iterator<NewEntry> {
    let seq = this.#first
    for (const block of this.#blocks) {
      const entry = new BlockReader(block)
      while (entry.next()) {
        yield { seq, row: entry.row, batch: entry.batch, body: entry.body() }
        entry.skip()
        seq++
      }
    }
  }

  /** The payloads of entries that have values. */
  *payloads(): Generator<NewPayload> {
    let seq = this.#first
    for (const block of this.#blocks) {
      const entry = new BlockReader(block)
      while (entry.next()) {
        if (entry.values > 0) yield { seq, salts: entry.salts(), body: entry.payload() }
        entry.skip()
        seq++
      }
    }
  }
}

function orNull(value: number): number | null {
  return value === NONE ? null : value
}
