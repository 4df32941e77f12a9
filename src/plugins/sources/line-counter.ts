/** Finds the lines that a LineScanner finds records in (line-scanner.ts). */
import type { Position } from './one-file.ts'
import type { RecordCounter } from './record-ranges.ts'
import type { TextWindow } from './text-window.ts'

const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09

export class LineCounter implements RecordCounter {
  records = 0
  #line = 1
  readonly #max_units: number
  readonly #skips_blank: boolean
  /** Of a line that goes on in the next window: units that were passed, and whether all were blank. */
  #units = 0
  #blank = true

  /** @param skips_blank whether a line of nothing but spaces and tabs is no record, unless it is too long */
  constructor(max_units: number, skips_blank: boolean) {
    this.#max_units = max_units
    this.#skips_blank = skips_blank
  }

  pass(window: TextWindow, until: number, most: number): boolean {
    const { text, ended } = window
    for (;;) {
      const start = window.at
      if (start >= text.length && (this.#units === 0 || !ended)) return false
      const lf = text.indexOf('\n', start)
      const end = lf < 0 ? text.length : lf
      if (this.#skips_blank) this.#blank = this.#blank && isBlank(text, start, end)
      this.#units += end - start
      window.at = lf < 0 ? end : lf + 1
      if (lf < 0 && !ended) return false
      const counts = !(this.#skips_blank && this.#blank) || this.#units > this.#max_units
      this.#line += 1
      this.#units = 0
      this.#blank = true
      if (!counts) continue
      this.records += 1
      if (window.at > until || this.records >= most) return true
    }
  }

  position(window: TextWindow): Position {
    return { offset: window.offsetOf(window.at), line: this.#line }
  }
}

function isBlank(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at)
    if (unit !== SPACE && unit !== TAB && unit !== CR) return false
  }
  return true
}
