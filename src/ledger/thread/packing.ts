/**
 * Entries as three blocks of bytes, which go from thread to thread without being copied.
 *
 * P1. `unpack` gives what was packed, as long as texts have no lone surrogates: canonical JSON has none.
 * P2. Blocks that come back are filled again. They grow to what a commit takes, or a part of one that is large.
 */
import type { EndingFact } from '../../format/entry.ts'
import { SALT_BYTES } from '../../format/hash.ts'
import { NO_CHANGE } from '../open-tokens.ts'
import type { EncodedEntry, OpenChange } from '../write-port.ts'

/** Blocks are as long as they have grown, not as what is in them. */
export interface Packed {
  readonly entries: number
  /** UTF-8 of all texts, one after another. */
  readonly text: Uint8Array<ArrayBuffer>
  readonly text_bytes: number
  /** Lengths of texts in UTF-16 units, and all else that is a number. */
  readonly numbers: Float64Array<ArrayBuffer>
  readonly salts: Uint8Array<ArrayBuffer>
}

export interface Unpacked {
  readonly entry: EncodedEntry
  readonly salts: Uint8Array
}

const NONE = -1
/** Blocks of their own each time: those that are handed over are gone here, empty ones too. */
const empty = (): Packed => ({
  entries: 0,
  text: new Uint8Array(),
  text_bytes: 0,
  numbers: new Float64Array(),
  salts: new Uint8Array(),
})

/** Room at first; a commit of a thousand small rows needs about this. */
const TEXT_BYTES = 1024 * 1024
const NUMBERS = 32 * 1024
const SALTS_BYTES = 64 * 1024
/** A commit with more goes over in parts. */
const PART_BYTES = 4 * 1024 * 1024

export class Packer {
  #entries = 0
  #text: Buffer<ArrayBuffer>
  #text_at = 0
  #numbers: Packed['numbers']
  #number_at = 0
  #salts: Packed['salts']
  #salts_at = 0
  #spare: Packed | null = null

  constructor() {
    const { text, numbers, salts } = empty()
    this.#text = asBuffer(text)
    this.#numbers = numbers
    this.#salts = salts
  }

  add(entry: EncodedEntry, salts: Uint8Array): void {
    const { texts, stored, endings, changes } = entry
    const { stands, gone } = changes
    this.#reserve(11 + 2 * texts.length + 8 * endings.length + 3 * stands.length + gone.length, salts.length)
    this.#salts.set(salts, this.#salts_at)
    this.#salts_at += salts.length
    this.#put(entry.row ?? NONE)
    this.#put(entry.batch ?? NONE)
    this.#put(entry.first_value)
    this.#put(entry.closes ? 1 : 0)
    this.#put(texts.length)
    this.#put(endings.length)
    this.#put(stands.length)
    this.#put(gone.length)
    let all = entry.before + entry.after
    this.#put(entry.before.length)
    this.#put(entry.after.length)
    for (let i = 0; i < texts.length; i++) {
      all += texts[i]! + stored[i]!
      this.#put(texts[i]!.length)
      this.#put(stored[i]!.length)
    }
    for (let i = 0; i < endings.length; i++) {
      const { token, fate, node, sink, group, error } = endings[i]!
      this.#put(token)
      this.#put(fate)
      this.#put(node)
      this.#put(sink)
      this.#put(group)
      this.#put(error === null ? NONE : error.code.length)
      this.#put(error === null ? NONE : error.value)
      this.#put(entry.recorded_us[i]!)
      if (error !== null) all += error.code
    }
    for (let i = 0; i < stands.length; i++) {
      this.#put(stands[i]!.token)
      this.#put(stands[i]!.node)
      this.#put(stands[i]!.is_new ? 1 : 0)
    }
    for (let i = 0; i < gone.length; i++) this.#put(gone[i]!)
    this.#write(all)
    this.#entries++
  }

  /** So much was added that it should be taken, though the commit isn't complete. */
  get isLarge(): boolean {
    return this.#text_at >= PART_BYTES
  }

  /** All that was added since the last `take`. */
  take(): Packed {
    const packed = {
      entries: this.#entries,
      text: this.#text,
      text_bytes: this.#text_at,
      numbers: this.#numbers,
      salts: this.#salts,
    }
    const next = this.#spare ?? empty()
    this.#text = asBuffer(next.text)
    this.#numbers = next.numbers
    this.#salts = next.salts
    this.#spare = null
    this.clear()
    return packed
  }

  /** Takes blocks that have been unpacked. */
  reuse(blocks: Packed): void {
    this.#spare = blocks
  }

  /** Forgets what was added since the last `take`. */
  clear(): void {
    this.#entries = 0
    this.#text_at = 0
    this.#number_at = 0
    this.#salts_at = 0
  }

  #put(value: number): void {
    this.#numbers[this.#number_at++] = value
  }

  #reserve(numbers: number, salts_bytes: number): void {
    if (this.#number_at + numbers > this.#numbers.length) {
      const larger = new Float64Array(Math.max(NUMBERS, 2 * (this.#number_at + numbers)))
      larger.set(this.#numbers)
      this.#numbers = larger
    }
    if (this.#salts_at + salts_bytes > this.#salts.length) {
      const larger = new Uint8Array(Math.max(SALTS_BYTES, 2 * (this.#salts_at + salts_bytes)))
      larger.set(this.#salts)
      this.#salts = larger
    }
  }

  #write(text: string): void {
    // A UTF-16 unit takes at most three bytes.
    const needed = this.#text_at + 3 * text.length
    if (needed > this.#text.length) {
      const larger = new Uint8Array(Math.max(TEXT_BYTES, 2 * needed))
      larger.set(this.#text)
      this.#text = asBuffer(larger)
    }
    this.#text_at += this.#text.write(text, this.#text_at, 'utf8')
  }
}

/** What `postMessage` is to hand over instead of copying it. */
export function blocksOf({ text, numbers, salts }: Packed): ArrayBuffer[] {
  return [text.buffer, numbers.buffer, salts.buffer]
}

export function* unpack(packed: Packed): Generator<Unpacked> {
  const from = new Unpacker(packed)
  for (let i = 0; i < packed.entries; i++) yield from.next()
}

class Unpacker {
  readonly #text: string
  #text_at = 0
  readonly #numbers: Float64Array
  #number_at = 0
  readonly #salts: Uint8Array
  #salts_at = 0

  constructor({ text, text_bytes, numbers, salts }: Packed) {
    this.#text = asBuffer(text).toString('utf8', 0, text_bytes)
    this.#numbers = numbers
    this.#salts = salts
  }

  next(): Unpacked {
    const row = orNull(this.#number())
    const batch = orNull(this.#number())
    const first_value = this.#number()
    const closes = this.#number() === 1
    const values = this.#number()
    const ended = this.#number()
    const standing = this.#number()
    const left = this.#number()
    const [before_units, after_units] = [this.#number(), this.#number()]
    const before = this.#cut(before_units)
    const after = this.#cut(after_units)
    const texts: string[] = []
    const stored: string[] = []
    for (let i = 0; i < values; i++) {
      texts.push(this.#cut(this.#number()))
      stored.push(this.#cut(this.#number()))
    }
    const endings: EndingFact[] = []
    const recorded_us: number[] = []
    for (let i = 0; i < ended; i++) {
      endings.push(this.#ending())
      recorded_us.push(this.#number())
    }
    const changes = standing + left === 0 ? NO_CHANGE : this.#changes(standing, left)
    const entry = { row, batch, before, after, texts, stored, first_value, endings, recorded_us, closes, changes }
    return { entry, salts: this.#salt(Math.max(1, values) * SALT_BYTES) }
  }

  #changes(standing: number, left: number): OpenChange {
    const stands: OpenChange['stands'][number][] = []
    for (let i = 0; i < standing; i++)
      stands.push({ token: this.#number(), node: this.#number(), is_new: this.#number() === 1 })
    const gone: number[] = []
    for (let i = 0; i < left; i++) gone.push(this.#number())
    return { stands, gone }
  }

  #ending(): EndingFact {
    const token = this.#number()
    const fate = this.#number() as EndingFact['fate']
    const node = this.#number()
    const sink = this.#number()
    const group = this.#number()
    const code_units = this.#number()
    const value = this.#number()
    return {
      token,
      fate,
      node,
      sink,
      group,
      error: code_units === NONE ? null : { code: this.#cut(code_units), value },
    }
  }

  #number(): number {
    return this.#numbers[this.#number_at++]!
  }

  #cut(units: number): string {
    const start = this.#text_at
    this.#text_at += units
    return this.#text.slice(start, this.#text_at)
  }

  #salt(bytes: number): Uint8Array {
    const start = this.#salts_at
    this.#salts_at += bytes
    return this.#salts.subarray(start, this.#salts_at)
  }
}

function orNull(value: number): number | null {
  return value === NONE ? null : value
}

function asBuffer(bytes: Uint8Array<ArrayBuffer>): Buffer<ArrayBuffer> {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
