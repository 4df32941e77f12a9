/**
 * Finds the records of a CSV text, and makes nothing of them.
 *
 * CSV-COUNTER-1. A record is passed by its bytes if they are one of the usual kind: quotes stand around whole cells, and all of it is in the
 *     window. Whatever else comes is left to CsvScanner, which decides what it is.
 */
import type { CsvScanner, CsvSyntax, Step } from './csv-scanner.ts'
import type { Position } from './one-file.ts'
import type { RecordCounter } from './record-ranges.ts'
import type { TextWindow } from './text-window.ts'

const LF = 0x0a
const CR = 0x0d

/** As a quote: no byte is. */
const NO_QUOTE = -1

/** A window's bytes, and those that mean something among them. */
interface Usual {
  readonly bytes: Uint8Array
  readonly delimiter: number
  readonly quote: number
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
    const { encoding } = window
    const { delimiter, quote, lazy, comment } = this.#syntax
    const marks = [delimiter, ...(quote === null ? [] : [quote])].map(each => encoding.inView(each) ?? each)
    if (encoding.unit !== 1 || lazy || comment !== null || marks.some(each => each.length !== 1)) return null
    const [first = '', second] = marks
    const bytes = window.bytes(window.text.length)
    return { bytes, delimiter: first.charCodeAt(0), quote: second?.charCodeAt(0) ?? NO_QUOTE }
  }

  /** Whether a record of the usual kind, or a blank line, stands at `start`. */
  #passUsual({ bytes, delimiter, quote }: Usual, start: number): boolean {
    const size = bytes.length
    let lines = 1
    let at = start
    for (; at < size; at++) {
      const unit = bytes[at]
      if (unit === LF || unit === CR) break
      if (unit !== quote) continue
      if (at !== start && bytes[at - 1] !== delimiter) return false
      for (at += 1; at < size; at++) {
        const inside = bytes[at]
        if (inside === quote) {
          if (bytes[at + 1] !== quote) break
          at += 1
        } else if (inside === LF || (inside === CR && bytes[at + 1] !== LF)) lines += 1
      }
      const next = bytes[at + 1]
      if (next !== delimiter && next !== LF && next !== CR) return false
    }
    // A CR at the window's end may have its LF behind it.
    if (at >= size || (bytes[at] === CR && at + 1 === size) || at - start > this.#syntax.max_units) return false
    this.#end = at
    this.#after = bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : at + 1
    this.#lines = lines
    return true
  }
}

const FOUND: { readonly [step in Exclude<Step, 'blank' | 'unclosed'>]: 'more' | 'record' | 'nothing' } = {
  more: 'more',
  record: 'record',
  reject: 'record',
  comment: 'nothing',
}
