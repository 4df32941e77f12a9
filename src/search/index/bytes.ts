/** Bytes that are written one number after the other, and read again: whole numbers from 0, seven bits a byte, the lowest first. */

export class ByteWriter {
  #bytes: Uint8Array
  #length = 0

  constructor(room = 1024) {
    this.#bytes = new Uint8Array(room)
  }

  get length(): number {
    return this.#length
  }

  number(value: number): void {
    this.#make(8)
    let rest = value
    // Above 31 bits operators for bits lose the upper ones.
    while (rest > 0x7fffffff) {
      this.#bytes[this.#length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }

  /** A whole number that may be below 0. */
  signed(value: number): void {
    this.number(value < 0 ? -2 * value - 1 : 2 * value)
  }

  bytes(added: Uint8Array): void {
    this.#make(added.length)
    this.#bytes.set(added, this.#length)
    this.#length += added.length
  }

  /** What was written; valid until more is. */
  view(from = 0): Uint8Array {
    return this.#bytes.subarray(from, this.#length)
  }

  truncate(length: number): void {
    this.#length = length
  }

  #make(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    bytes.set(this.#bytes)
    this.#bytes = bytes
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** Behind the end there are zeros. */
  number(): number {
    let byte = this.#bytes[this.#at++] ?? 0
    if (byte < 128) return byte
    let value = byte & 127
    for (let unit = 128; byte >= 128; unit *= 128) {
      byte = this.#bytes[this.#at++] ?? 0
      value += (byte & 127) * unit
    }
    return value
  }

  signed(): number {
    const value = this.number()
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2
  }
}
