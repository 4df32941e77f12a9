/**
 * The part of an input that is being looked at, as a structural view (see encoding.ts), with a way back to bytes.
 *
 * TEXT-WINDOW-1. `offsetOf(index)` is the byte offset in the input of `text[index]`; byte order marks count.
 * TEXT-WINDOW-2. `grow` drops what stands before `at` and adds at least as much as it keeps, so that looking again at what was
 *     incomplete costs linear time in all.
 */
import { isAscii } from 'node:buffer'
import { counted, grouped } from '../../model/number-text.ts'
import { type ByteReader, inputName, joined, sourceChanged } from './byte-reader.ts'
import { byteOrderMark, type Encoding } from './encoding.ts'

const NOTHING: Buffer = Buffer.alloc(0)
const HALF_PAIR = '\uD800'

export class TextWindow {
  /** The structural view. Changes only in `grow` and `skipTo`. */
  text = ''
  /** Index in `text` of the first unit that nobody has taken yet. */
  at = 0
  /** True: nothing comes after `text`. */
  ended = false
  /** Counts the changes of `text`. */
  version = 0
  /** True: `text` is what its bytes mean, so that parts of it need no decoding. */
  plain = true
  readonly encoding: Encoding
  /** The encoding that was asked for; a byte order mark may name another one. */
  readonly declared: Encoding
  readonly #bytes: Pick<ByteReader, 'read' | 'hashUpTo' | 'place'>
  #held: Buffer = NOTHING
  #base = 0

  private constructor(
    bytes: Pick<ByteReader, 'read' | 'hashUpTo' | 'place'>,
    encoding: Encoding,
    declared: Encoding,
    held: Buffer,
    base: number,
    ended = false,
  ) {
    this.ended = ended
    this.#bytes = bytes
    this.encoding = encoding
    this.declared = declared
    this.#held = held
    this.#base = base
    this.#look()
  }

  /** Begins at the start of the input, behind a byte order mark if there is one. */
  static async open(bytes: ByteReader, encoding: Encoding): Promise<TextWindow> {
    let first = NOTHING
    while (first.length < 3) {
      const more = await bytes.read()
      if (more === null) break
      first = first.length === 0 ? asBuffer(more) : Buffer.concat([first, more])
    }
    const mark = byteOrderMark(first)
    if (mark === null) return new TextWindow(bytes, encoding, encoding, first, 0)
    return new TextWindow(bytes, mark.encoding, encoding, first.subarray(mark.size), mark.size)
  }

  /** Begins where `bytes` does, in the midst of an input whose beginning `window` has shown. */
  static within(bytes: ByteReader, { encoding, declared }: TextWindow): TextWindow {
    return new TextWindow(bytes, encoding, declared, NOTHING, bytes.size)
  }

  /** The beginning of an input, and nothing more: that much was read already. `whole`: nothing follows. */
  static over(place: ByteReader['place'], held: Buffer, encoding: Encoding, whole: boolean): TextWindow {
    const mark = byteOrderMark(held) ?? { encoding, size: 0 }
    const nothing = { place, read: async () => null, hashUpTo: () => '' }
    return new TextWindow(nothing, mark.encoding, encoding, held.subarray(mark.size), mark.size, whole)
  }

  /** Bytes that the window holds from its beginning on, `most` of them at most. */
  bytes(most: number): Buffer {
    return this.#held.subarray(0, most)
  }

  /** Bytes of the units between two indexes. */
  bytesOf(start: number, end: number): Buffer {
    const { unit } = this.encoding
    return this.#held.subarray(start * unit, end * unit)
  }

  /** Byte offset in the input. */
  offsetOf(index: number): number {
    return this.#base + Math.min(index * this.encoding.unit, this.#held.length)
  }

  /** Byte offset of the end of what is in the window. */
  get end(): number {
    return this.#base + this.#held.length
  }

  /** The text between two indexes, or null if its bytes aren't valid in the encoding. */
  decode(start: number, end: number): string | null {
    if (this.plain) return this.text.slice(start, end)
    const { unit } = this.encoding
    return this.encoding.decode(this.#held, start * unit, end * unit)
  }

  /** The same for people: U+FFFD for what isn't valid. */
  decodeLossy(start: number, end: number): string {
    if (this.plain) return this.text.slice(start, end)
    const { unit } = this.encoding
    return this.encoding.decodeLossy(this.#held, start * unit, end * unit)
  }

  /** Drops what stands before `at`, and reads more. `ended` says whether nothing more came. */
  async grow(): Promise<void> {
    const skipped = this.at * this.encoding.unit
    const kept = this.#held.subarray(skipped)
    const parts: Uint8Array[] = []
    let added = 0
    do {
      const more = await this.#bytes.read()
      if (more === null) {
        this.ended = true
        break
      }
      parts.push(more)
      added += more.length
    } while (added < kept.length)
    this.#base += Math.min(skipped, this.#held.length)
    const [first] = parts
    if (first === undefined) this.#held = kept
    else if (kept.length === 0) this.#held = asBuffer(first)
    else this.#held = parts.length === 1 ? joined(kept, first) : Buffer.concat([kept, ...parts])
    this.#look()
  }

  /**
   * Goes to a byte offset at or behind the window's beginning; what stands before it is read (and hashed), not looked at.
   * @throws CustodyError CUSTODY_SOURCE_CHANGED if the input ends before.
   */
  async skipTo(offset: number): Promise<void> {
    while (this.end < offset) {
      this.#base = this.end
      this.#bytes.hashUpTo(this.#base)
      const more = await this.#bytes.read()
      if (more === null) {
        const { place } = this.#bytes
        throw sourceChanged(
          place,
          `${inputName(place)} has ${counted(this.#base, 'byte')}, but ${grouped(offset)} of it were read before`,
        )
      }
      this.#held = asBuffer(more)
    }
    this.#held = this.#held.subarray(offset - this.#base)
    this.#base = offset
    this.#look()
  }

  #look(): void {
    const held = this.#held
    const odd = held.length % this.encoding.unit !== 0
    this.at = 0
    this.version += 1
    this.text = this.encoding.view(held)
    // A last odd byte of UTF-16 has no unit of its own; half a pair stands for it, so that no scanner overlooks it.
    if (odd && this.ended) this.text += HALF_PAIR
    this.plain = this.encoding.unit === 1 ? isAscii(held) : !odd && this.text.isWellFormed()
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
