/**
 * UTF-8 that grows at its end. Numbers and short texts are written here byte by byte: a text of fifty small pieces that is put
 * together first costs more in garbage than in work.
 */

const ZERO = 0x30
const MINUS = 0x2d
const COMMA = 0x2c
/** Length of a whole number, with a sign and a comma. */
const MOST_BYTES = 18
const BILLION = 1e9
const FIRST_BYTES = 16 * 1024
/** From here on a call of the native encoder is quicker than a loop. */
const LONG = 32
const MANY = 64 * 1024
const MOST_KEPT_BYTES = 8 * 1024 * 1024

export class ByteText {
  #bytes: Buffer<ArrayBuffer>
  /** Where the next byte goes. */
  at = 0

  /** Continues writing into bytes that have a buffer of their own. */
  constructor(bytes: Uint8Array<ArrayBuffer> = new Uint8Array()) {
    this.#bytes = Buffer.from(bytes.buffer)
  }

  /** All there is, with room for more. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes
  }

  /** What is written, until more is. */
  get written(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(0, this.at)
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.at++] = value
  }

  /** A number as JSON has it. */
  number(value: number): void {
    this.#reserve(MOST_BYTES)
    this.#number(value)
  }

  /** Another number of a list. */
  next(value: number): void {
    this.#reserve(MOST_BYTES)
    this.#bytes[this.at++] = COMMA
    this.#number(value)
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  text(text: string): void {
    if (text.length < LONG && this.#ascii(text)) return
    // A UTF-16 unit takes at most three bytes.
    this.#reserve(text.length < MANY ? 3 * text.length : Buffer.byteLength(text))
    this.at += this.#bytes.write(text, this.at, 'utf8')
  }

  /** Begins again; what is much larger than usual isn't kept. */
  clear(): void {
    this.at = 0
    if (this.#bytes.length > MOST_KEPT_BYTES) this.#bytes = Buffer.alloc(0)
  }

  /** Bytes that are to be filled in later. */
  room(size: number): void {
    this.#reserve(size)
    this.at += size
  }

  /** False if the text has other letters; then nothing is written. */
  #ascii(text: string): boolean {
    const { length } = text
    this.#reserve(length)
    const bytes = this.#bytes
    const { at } = this
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) return false
      bytes[at + i] = unit
    }
    this.at = at + length
    return true
  }

  /** Most have one digit. */
  #number(value: number): void {
    const small = value | 0
    if (small !== value || small < 0) this.#large(value)
    else if (small < 10) this.#bytes[this.at++] = ZERO + small
    else this.#digits(small, digitsOf(small))
  }

  #large(value: number): void {
    if (!Number.isSafeInteger(value)) return this.text(`${value}`)
    if (value < 0) this.#bytes[this.at++] = MINUS
    const size = Math.abs(value)
    const high = Math.floor(size / BILLION)
    const low = size - high * BILLION
    if (high === 0) return this.#digits(low, digitsOf(low))
    this.#digits(high, digitsOf(high))
    this.#digits(low, DIGITS_BELOW_BILLION)
  }

  /** Writes a whole number below 2^31 with that many digits. */
  #digits(value: number, count: number): void {
    const bytes = this.#bytes
    const start = this.at
    let rest = value | 0
    for (let i = start + count - 1; i >= start; i--) {
      const next = (rest / 10) | 0
      bytes[i] = ZERO + rest - next * 10
      rest = next
    }
    this.at = start + count
  }

  #reserve(size: number): void {
    if (this.at + size > this.#bytes.length) this.#grow(size)
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * (this.at + size)))
    larger.set(this.#bytes.subarray(0, this.at))
    this.#bytes = larger
  }
}

/** Digits of such a number, with the zeros that it may begin with. */
const DIGITS_BELOW_BILLION = 9

/** Number of digits of a whole number from 10 on, or of one digit. */
function digitsOf(value: number): number {
  if (value < 10) return 1
  let count = 2
  for (let bound = 100; value >= bound; bound *= 10) count++
  return count
}
