/**
 * Finds the elements of a JSON array, one after another, in memory that doesn't grow with the array.
 *
 * JSON-SCANNER-1. An element whose end its brackets show is a record, well formed or not; reading continues behind it.
 * JSON-SCANNER-2. Where the end can't be found (brackets don't match, something stands where a comma should be) one reject says that
 *     the rest is lost. Where the input ends too early one reject says that it was cut off.
 */
import type { Json } from '../../model/row.ts'
import type { SourceRecord } from '../../sdk/spec.ts'
import { encodingProblem, excerpt, type RecordScanner, tooLongProblem } from './file-source.ts'
import { countLines, JsonBoundary, skipSpace } from './json-boundary.ts'
import { parseRow, type RecordsAs } from './json-value.ts'
import { type Position, type Problem, rejectRecord } from './one-file.ts'
import type { TextWindow } from './text-window.ts'

export const JSON_FILE_ERRORS = {
  JSON_TRUNCATED: 'The file ends before its JSON does: it was cut off. What came before was read.',
  JSON_STRUCTURE: 'The array is broken here, so that the rest of the file can’t be told apart; it is lost.',
}

/**
 * `start`: before the value · `first`: behind `[` · `value`: inside an element · `after`: behind an element ·
 * `next`: behind a comma · `tail`: behind everything · `rest`: what is left is of no interest
 */
type Phase = 'start' | 'first' | 'value' | 'after' | 'next' | 'tail' | 'rest'

export interface JsonScannerOptions {
  readonly max_units: number
  readonly as: RecordsAs
  /** Whether something may stand behind the value (it is a part of a larger one). */
  readonly partial: boolean
}

export class JsonScanner implements RecordScanner {
  /** Line of `window.at`. */
  #line: number
  readonly #options: JsonScannerOptions
  readonly #boundary = new JsonBoundary()
  #phase: Phase
  /** True if the value is an array of records, false if it is a record itself. */
  #array = true
  /** How far into the element at hand its end was looked for, from `window.at`. */
  #looked = 0
  /** Beginning of an element that is too long to be held. */
  #skipping: string | null = null
  #element_line = 1

  constructor(options: JsonScannerOptions, line: number, from: Position | null) {
    this.#options = options
    this.#line = line
    if (from === null) this.#phase = 'start'
    else this.#phase = from.then === 'tail' || from.then === 'rest' ? from.then : 'after'
  }

  scan(window: TextWindow, out: SourceRecord[], most: number): void {
    while (out.length < most) {
      if (this.#phase === 'rest') {
        window.at = window.text.length
        return
      }
      if (this.#phase === 'value') {
        if (!this.#value(window, out)) return
        continue
      }
      this.#line += skipSpace(window)
      if (window.at < window.text.length) this.#token(window, out)
      else {
        if (window.ended) this.#ended(window, out)
        return
      }
    }
  }

  position(window: TextWindow): Json {
    return this.#position(window, this.#phase === 'tail' || this.#phase === 'rest' ? this.#phase : null)
  }

  /** Takes what stands between elements. */
  #token(window: TextWindow, out: SourceRecord[]): void {
    const token = window.text[window.at]
    switch (this.#phase) {
      case 'start':
        this.#array = token === '['
        if (this.#array) this.#pass(window, 'first')
        else this.#enter()
        return
      case 'first':
        if (token === ']') this.#pass(window, this.#behind())
        else this.#element(window, token, out)
        return
      case 'next':
        this.#element(window, token, out)
        return
      case 'after':
        if (token === ',') this.#pass(window, 'next')
        else if (token === ']') this.#pass(window, this.#behind())
        else this.#broken(window, 'a comma or ] is missing here', out)
        return
      default:
        this.#broken(window, 'text follows the end of the value; one value per line is what `jsonl` reads', out)
    }
  }

  #element(window: TextWindow, token: string | undefined, out: SourceRecord[]): void {
    if (token === '}') this.#broken(window, 'a } closes nothing', out)
    else if (token !== ',' && token !== ']') this.#enter()
    else {
      // Nothing is passed: the comma or bracket is taken as what stands behind an element.
      this.#phase = 'after'
      const problem = { code: 'JSON_SYNTAX', message: `there is no value before ${token}` }
      out.push(rejectRecord(this.#line, '', problem, this.#position(window, null)))
    }
  }

  #enter(): void {
    this.#phase = 'value'
    this.#looked = 0
    this.#element_line = this.#line
    this.#boundary.reset()
  }

  #pass(window: TextWindow, phase: Phase): void {
    window.at += 1
    this.#phase = phase
  }

  #behind(): 'tail' | 'rest' {
    return this.#options.partial ? 'rest' : 'tail'
  }

  /** Looks for the end of the element at hand. False if the window doesn't show it. */
  #value(window: TextWindow, out: SourceRecord[]): boolean {
    const { text, at: start } = window
    let end = this.#boundary.find(text, start + this.#looked)
    if (end < 0 && this.#boundary.broken) {
      this.#broken(window, 'brackets don’t match', out)
      return true
    }
    if (end < 0 && window.ended && !this.#boundary.open) end = text.length
    if (end < 0) {
      if (window.ended) this.#ended(window, out)
      else this.#incomplete(window)
      return false
    }
    const long = this.#skipping !== null || end - start > this.#options.max_units
    this.#line += countLines(text, start, end)
    window.at = end
    this.#phase = this.#array ? 'after' : this.#behind()
    const position = this.#position(window, this.#array ? null : this.#phase)
    if (long) {
      const beginning = this.#skipping ?? excerpt(window, start, this.#options.max_units)
      this.#skipping = null
      out.push(rejectRecord(this.#element_line, beginning, tooLongProblem(this.#options.max_units), position))
    } else out.push(this.#record(window, start, end, position))
    return true
  }

  #record(window: TextWindow, start: number, end: number, position: Json): SourceRecord {
    const line = this.#element_line
    const text = window.decode(start, end)
    if (text === null) {
      return rejectRecord(line, window.decodeLossy(start, end), encodingProblem(window, start, end), position)
    }
    const parsed = parseRow(text, this.#options.as.numbers)
    if ('problem' in parsed) return rejectRecord(line, text, parsed.problem, position)
    return this.#options.as.raw
      ? { kind: 'row', line, row: parsed.row, raw: text, position }
      : { kind: 'row', line, row: parsed.row, position }
  }

  #incomplete(window: TextWindow): void {
    const start = window.at
    this.#looked = this.#boundary.at - start
    if (this.#skipping === null) {
      if (this.#looked <= this.#options.max_units) return
      this.#skipping = excerpt(window, start, this.#options.max_units)
    }
    this.#line += countLines(window.text, start, this.#boundary.at)
    window.at = this.#boundary.at
    this.#looked = 0
  }

  /** The input has ended: well behind the value, too early anywhere else. */
  #ended(window: TextWindow, out: SourceRecord[]): void {
    if (this.#phase !== 'tail') {
      this.#last(window, { code: 'JSON_TRUNCATED', message: 'the input ends before its JSON does' }, out)
    }
    this.#phase = 'rest'
    window.at = window.text.length
  }

  #broken(window: TextWindow, what: string, out: SourceRecord[]): void {
    this.#last(window, { code: 'JSON_STRUCTURE', message: `${what}; the rest is lost` }, out)
    this.#phase = 'rest'
  }

  #last(window: TextWindow, problem: Problem, out: SourceRecord[]): void {
    const start = window.at
    const end = Math.min(window.text.length, start + this.#options.max_units)
    const raw = this.#skipping ?? window.decodeLossy(start, this.#phase === 'value' ? end : Math.min(end, start + 1))
    const line = this.#phase === 'value' ? this.#element_line : this.#line
    out.push(rejectRecord(line, raw, problem, this.#position(window, 'rest')))
    this.#skipping = null
  }

  #position(window: TextWindow, then: Phase | null): Position {
    const offset = window.offsetOf(window.at)
    return then === null ? { offset, line: this.#line } : { offset, line: this.#line, then }
  }
}
