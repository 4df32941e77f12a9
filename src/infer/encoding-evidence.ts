/**
 * What the bytes of a whole file say about its encoding, piece by piece: what is valid UTF-8 in it and what isn't. Memory is bounded: of lines
 * that are no UTF-8 a part is kept, for a guess.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import { byteOrderMark } from '../plugins/sources/encoding.ts'
import { likelyEncoding } from '../plugins/sources/likely-encoding.ts'

/** In bytes: a line that is longer is judged in parts. */
const MOST_HELD = 1024 * 1024
/** In bytes: enough for a guess. */
const MOST_KEPT = 4096
/** In bytes of the beginning: where texts in units of two bytes show. */
const WIDE_BYTES = 4096

const LF = 0x0a
const NOTHING: Buffer = Buffer.alloc(0)

export type EncodingGuess =
  /** Nothing else is possible, or a byte order mark says so. */
  | { readonly kind: 'certain'; readonly label: string; readonly mark: boolean }
  /** No line with other letters than those of ASCII is UTF-8. */
  | { readonly kind: 'guess'; readonly label: string; readonly bad_lines: number }
  /** Some lines are UTF-8 and some are not, or those that are not are like nothing that is known. */
  | { readonly kind: 'damaged'; readonly label: 'utf-8'; readonly bad_lines: number }

export class EncodingEvidence {
  /** Bytes so far. */
  size = 0
  /** Whether its beginning was looked at. */
  #begun = false
  #mark: string | null = null
  #wide: string | null = null
  #held = NOTHING
  /** Lines that are UTF-8 and have other letters than ASCII's; beyond a thousand they aren't counted. */
  #good_lines = 0
  #bad_lines = 0
  #kept = NOTHING

  push(bytes: Buffer): void {
    this.size += bytes.length
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    if (!this.#begun && this.#held.length < WIDE_BYTES) return
    this.#begin()
    let end = this.#held.lastIndexOf(LF) + 1
    if (end === 0 && this.#held.length > MOST_HELD) end = startOfLastCharacter(this.#held)
    this.#judge(this.#held.subarray(0, end))
    this.#held = this.#held.subarray(end)
  }

  guess(): EncodingGuess {
    this.#begin()
    this.#judge(this.#held)
    this.#held = NOTHING
    if (this.#mark !== null) return { kind: 'certain', label: this.#mark, mark: true }
    if (this.#wide !== null) return { kind: 'guess', label: this.#wide, bad_lines: 0 }
    const bad_lines = this.#bad_lines
    if (bad_lines === 0) return { kind: 'certain', label: 'utf-8', mark: false }
    const label = this.#good_lines >= bad_lines ? null : likelyEncoding(this.#kept)
    return label === null ? { kind: 'damaged', label: 'utf-8', bad_lines } : { kind: 'guess', label, bad_lines }
  }

  /** Whether there was nothing but ASCII; known once `guess` was asked for. */
  get ascii(): boolean {
    return this.#mark === null && this.#wide === null && this.#good_lines + this.#bad_lines === 0
  }

  #begin(): void {
    if (this.#begun) return
    this.#begun = true
    this.#mark = byteOrderMark(this.#held)?.encoding.name ?? null
    this.#wide = wideEncoding(this.#held.subarray(0, WIDE_BYTES))
  }

  #judge(lines: Buffer): void {
    if (this.#mark !== null || this.#wide !== null || isAscii(lines)) return
    const whole = isUtf8(lines)
    if (whole && this.#good_lines > 1000) return
    for (const line of linesOf(lines)) {
      if (isAscii(line)) continue
      if (whole || isUtf8(line)) this.#good_lines += 1
      else {
        this.#bad_lines += 1
        if (this.#kept.length < MOST_KEPT) this.#kept = Buffer.concat([this.#kept, line]).subarray(0, MOST_KEPT)
      }
    }
  }
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(LF, at)
    const next = end < 0 ? bytes.length : end + 1
    yield bytes.subarray(at, next)
    at = next
  }
}

/** So that no character is judged in two parts. */
function startOfLastCharacter(bytes: Buffer): number {
  for (let at = bytes.length - 1; at > bytes.length - 5; at--) {
    const byte = bytes[at] ?? 0
    if (byte < 0x80) return at + 1
    if (byte >= 0xc0) return at
  }
  return bytes.length
}

/** UTF-16 without a byte order mark: letters of ASCII have a NUL before or behind them. */
function wideEncoding(bytes: Buffer): string | null {
  let even = 0
  let odd = 0
  for (const [index, byte] of bytes.entries()) {
    if (byte !== 0) continue
    if (index % 2 === 0) even += 1
    else odd += 1
  }
  const many = bytes.length / 5
  if (odd > many && even < odd / 50) return 'utf-16le'
  return even > many && odd < even / 50 ? 'utf-16be' : null
}
