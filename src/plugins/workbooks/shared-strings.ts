/**
 * The texts of a workbook's cells, which stand in a list of their own. A gigabyte of them isn't held: behind the first part they are in a
 * private file, and are read from there.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Chunks } from '../sources/byte-reader.ts'
import { cellText, MOST_UNITS, XmlError, xmlReader } from './xml.ts'

/** Units of text that are held. */
const HELD_UNITS = 32 * 1024 * 1024
/** Of those read from the file, how many are remembered. */
const REMEMBERED = 10_000
/** What each takes that is held, beside its text. */
const UNITS_EACH = 16
/** More than any program has written into one workbook: where each ends takes 8 bytes of memory. */
const MOST_TEXTS = 32 * 1024 * 1024
const BUFFER_BYTES = 1024 * 1024

export class SharedStrings {
  readonly #held: string[] = []
  #spilled: SpilledTexts | null = null
  #units = 0
  readonly #most_units: number
  readonly #most_texts: number

  private constructor(most_units: number, most_texts: number) {
    this.#most_units = most_units
    this.#most_texts = most_texts
  }

  /** Reads all of them. @param most_units of text that are held. @throws XmlError, and what the reading throws. */
  static async read(chunks: Chunks, most_units = HELD_UNITS, most_texts = MOST_TEXTS): Promise<SharedStrings> {
    const strings = new SharedStrings(most_units, most_texts)
    let text = ''
    let depth = 0
    let taken = false
    const reader = await xmlReader({
      open(name) {
        if (name === 'si') text = ''
        else if (name === 'rPh') depth += 1
        else if (name === 't') taken = depth === 0
      },
      text(piece) {
        if (taken) text += piece
        if (text.length > MOST_UNITS) throw new XmlError('a text is longer than any cell’s')
      },
      close(name) {
        if (name === 'si') strings.#add(cellText(text))
        else if (name === 'rPh') depth -= 1
        else if (name === 't') taken = false
      },
    })
    try {
      for (let piece = await chunks.next(); piece !== null; piece = await chunks.next()) reader.write(piece)
      reader.end()
      strings.#spilled?.flush()
      return strings
    } catch (error) {
      strings.close()
      throw error
    } finally {
      await chunks.close()
    }
  }

  static none(): SharedStrings {
    return new SharedStrings(0, 0)
  }

  /** Null: there is none with this number. */
  get(index: number): string | null {
    return index < this.#held.length
      ? (this.#held[index] ?? null)
      : (this.#spilled?.get(index - this.#held.length) ?? null)
  }

  close(): void {
    this.#spilled?.close()
    this.#spilled = null
  }

  #add(text: string): void {
    this.#units += text.length + UNITS_EACH
    if (this.#units <= this.#most_units) {
      this.#held.push(text)
      return
    }
    this.#spilled ??= new SpilledTexts()
    if (this.#held.length + this.#spilled.count === this.#most_texts)
      throw new XmlError(`it has more than ${this.#most_texts} texts`)
    this.#spilled.add(text)
  }
}

class SpilledTexts {
  readonly #folder: string
  readonly #file: number
  /** Where each ends. */
  #ends = new Float64Array(BUFFER_BYTES)
  #count = 0
  #bytes = 0
  #waiting: Buffer[] = []
  #waiting_bytes = 0
  readonly #remembered = new Map<number, string>()

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'custody-'))
    this.#file = openSync(join(this.#folder, 'texts'), 'wx+', 0o600)
    if (process.platform !== 'win32') this.#remove()
  }

  get count(): number {
    return this.#count
  }

  add(text: string): void {
    const bytes = Buffer.from(text)
    this.#waiting.push(bytes)
    this.#waiting_bytes += bytes.length
    this.#bytes += bytes.length
    if (this.#count === this.#ends.length) {
      const more = new Float64Array(2 * this.#count)
      more.set(this.#ends)
      this.#ends = more
    }
    this.#ends[this.#count++] = this.#bytes
    if (this.#waiting_bytes >= BUFFER_BYTES) this.flush()
  }

  flush(): void {
    const bytes = Buffer.concat(this.#waiting)
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
    this.#waiting = []
    this.#waiting_bytes = 0
  }

  get(index: number): string | null {
    if (!Number.isInteger(index) || index < 0 || index >= this.#count) return null
    const known = this.#remembered.get(index)
    if (known !== undefined) return known
    const from = this.#ends[index - 1] ?? 0
    const bytes = Buffer.alloc((this.#ends[index] ?? from) - from)
    for (let at = 0, count = -1; at < bytes.length && count !== 0; at += count)
      count = readSync(this.#file, bytes, at, bytes.length - at, from + at)
    const text = bytes.toString()
    if (this.#remembered.size >= REMEMBERED) this.#remembered.clear()
    this.#remembered.set(index, text)
    return text
  }

  close(): void {
    closeSync(this.#file)
    this.#remove()
  }

  #remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
