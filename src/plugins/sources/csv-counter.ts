/**
 * Finds the records of a CSV text, and makes nothing of them.
 *
 * CSV-COUNTER-1. A record is passed by its bytes if they are one of the usual kind: quotes stand around whole cells, and all of it is in the
 *     window. Whatever else comes is left to CsvScanner, which decides what it is.
 */
import { type CsvScanner, type CsvSyntax, find, NEVER, type Step } from './csv-scanner.ts'
import type { Position } from './one-file.ts'
import type { RecordCounter } from './record-ranges.ts'
import type { TextWindow } from './text-window.ts'

const LF = 0x0a
const CR = 0x0d

/** A window, and what means something in it. */
interface Usual {
  readonly text: string
  /** The same. */
  readonly bytes: Uint8Array
  readonly delimiter: number
  readonly quote: string | null
}

/** How many cells a record has; null where no record has shown it yet. */
export type Columns = number | null

export class CsvCounter implements RecordCounter {
  records = 0
  readonly #scanner: CsvScanner
  readonly #syntax: CsvSyntax
  readonly #unclosed: (line: number) => Error
  /** Whether the number of columns is learned from the first record that can be read. */
  readonly #learns: boolean
  #columns: Columns
  /** Whether the scanner is within what it takes. */
  #scanning = false
  // Where `#passUsual` has come to: behind a record that ends at #end.
  #end = 0
  #after = 0
  #lines = 0
  // Next place of each in the window, at or behind where a record was looked for; NEVER if there is none.
  #next_lf = -1
  #next_cr = -1
  #next_quote = -1

  /** @param unclosed what is thrown where the record that begins at a line never ends */
  constructor(scanner: CsvScanner, syntax: CsvSyntax, columns: Columns, unclosed: (line: number) => Error) {
    this.#scanner = scanner
    this.#syntax = syntax
    this.#columns = columns
    this.#learns = columns === null
    this.#unclosed = unclosed
  }

  pass(window: TextWindow, until: number, most: number): boolean {
    const usual = this.#usualIn(window)
    for (;;) {
      const mayPass = usual !== null && !this.#scanning && this.#columns !== null
      const found = mayPass && this.#passUsual(usual, window.at) ? this.#takeUsual(window) : this.#scan(window)
      if (found === 'more') return false
      if (found === 'nothing') continue
      this.records += 1
      if (window.at > until || this.records >= most) return true
    }
  }

  position(window: TextWindow): Position {
    const at = { offset: window.offsetOf(window.at), line: this.#scanner.line }
    return this.#learns && this.#columns !== null ? { ...at, columns: this.#columns } : at
  }

  #scan(window: TextWindow): 'more' | 'record' | 'nothing' {
    const step = this.#scanner.next(window)
    this.#scanning = step === 'more'
    if (step === 'record') this.#columns ??= this.#scanner.cells.length
    if (step === 'unclosed') throw this.#unclosed(this.#scanner.found_line)
    if (step === 'blank') return this.#blank
    return FOUND[step]
  }

  /** A blank line is a record where there is one column. */
  get #blank(): 'record' | 'nothing' {
    return this.#columns === 1 ? 'record' : 'nothing'
  }

  #takeUsual(window: TextWindow): 'record' | 'nothing' {
    const blank = this.#end === window.at
    window.at = this.#after
    this.#scanner.line += this.#lines
    return blank ? this.#blank : 'record'
  }

  /** What a record can be passed by; null where that isn't possible. */
  #usualIn(window: TextWindow): Usual | null {
    const { encoding, text } = window
    const { delimiter, quote, lazy, comment } = this.#syntax
    const marks = [delimiter, ...(quote === null ? [] : [quote])].map(each => encoding.inView(each) ?? each)
    if (encoding.unit !== 1 || lazy || comment !== null || marks.some(each => each.length !== 1)) return null
    const [first = '', second = null] = marks
    this.#next_lf = this.#next_cr = this.#next_quote = -1
    return { text, bytes: window.bytes(text.length), delimiter: first.charCodeAt(0), quote: second }
  }

  /** Whether a record of the usual kind, or a blank line, stands at `start`. */
  #passUsual(usual: Usual, start: number): boolean {
    const end = this.#lineEnd(usual, start)
    this.#lines = 1
    return this.#next_quote < end ? this.#passQuoted(usual, start) : this.#endAt(usual.bytes, start, end)
  }

  /** Where the first line break stands from `from` on; #next_quote is then where the first quote does. */
  #lineEnd({ text, quote }: Usual, from: number): number {
    if (this.#next_lf < from) this.#next_lf = find(text, '\n', from)
    if (this.#next_cr < from) this.#next_cr = find(text, '\r', from)
    if (this.#next_quote < from) this.#next_quote = quote === null ? NEVER : find(text, quote, from)
    return Math.min(this.#next_lf, this.#next_cr)
  }

  /** A record that begins at `start`, and has its first quote at #next_quote. */
  #passQuoted(usual: Usual, start: number): boolean {
    const { bytes, delimiter } = usual
    // No byte behind the last one is looked at: engines are slow where that may happen.
    const last = bytes.length - 1
    let at = this.#next_quote
    const quote = bytes[at] ?? 0
    // Most bytes are greater than all that mean something.
    const most = Math.max(quote, CR)
    let lines = 1
    if (at !== start && bytes[at - 1] !== delimiter) return false
    for (;;) {
      for (at += 1; at < last; at++) {
        const unit = bytes[at] ?? 0
        if (unit > most) continue
        if (unit === quote) {
          if (bytes[at + 1] !== quote) break
          at += 1
        } else if (unit === LF || (unit === CR && bytes[at + 1] !== LF)) lines += 1
      }
      if (at >= last) return false
      this.#lines = lines
      const next = bytes[at + 1]
      if (next === LF || next === CR) return this.#endAt(bytes, start, at + 1)
      if (next !== delimiter || at + 2 > last) return false
      at += 2
      if (bytes[at] === quote) continue
      const end = this.#lineEnd(usual, at)
      if (this.#next_quote > end) return this.#endAt(bytes, start, end)
      at = this.#next_quote
      if (bytes[at - 1] !== delimiter) return false
    }
  }

  /** Whether a record is known to end at `end`, where a line break should be. */
  #endAt(bytes: Uint8Array, start: number, end: number): boolean {
    if (end >= bytes.length || end - start > this.#syntax.max_units) return false
    // A CR at the window's end may have its LF behind it.
    const cr = bytes[end] === CR
    if (cr && end + 1 === bytes.length) return false
    this.#end = end
    this.#after = cr && bytes[end + 1] === LF ? end + 2 : end + 1
    return true
  }
}

const FOUND: { readonly [step in Exclude<Step, 'blank' | 'unclosed'>]: 'more' | 'record' | 'nothing' } = {
  more: 'more',
  record: 'record',
  reject: 'record',
  comment: 'nothing',
}
