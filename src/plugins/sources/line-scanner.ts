/**
 * Finds the lines of a text: each ends at LF or CRLF, the last one perhaps at the end of the input.
 * A line that is too long is never held: it is rejected with its beginning.
 */
import type { Json, Row } from '../../model/row.ts'
import type { SourceRecord } from '../../sdk/spec.ts'
import { encodingProblem, excerpt, type RecordScanner, tooLongProblem } from './file-source.ts'
import { type Problem, rejectRecord } from './one-file.ts'
import type { TextWindow } from './text-window.ts'

/** What a line means: a row, a problem, or nothing (null: a line to be skipped). */
export type LineMeaning = { readonly row: Row } | { readonly problem: Problem } | null

export class LineScanner implements RecordScanner {
  #line: number
  readonly #meaning: (text: string) => LineMeaning
  readonly #max_units: number
  readonly #raw: boolean
  /** Beginning of a line that is being skipped because it is too long. */
  #skipping: string | null = null

  /** @param raw whether rows carry their text, for a schema that may refuse them */
  constructor(line: number, max_units: number, raw: boolean, meaning: (text: string) => LineMeaning) {
    this.#line = line
    this.#max_units = max_units
    this.#raw = raw
    this.#meaning = meaning
  }

  scan(window: TextWindow, out: SourceRecord[], most: number): void {
    const { text, ended } = window
    while (out.length < most) {
      const start = window.at
      if (start >= text.length && this.#skipping === null) return
      const lf = text.indexOf('\n', start)
      if (lf < 0 && !ended) {
        this.#incomplete(window, start)
        return
      }
      const end = lf < 0 ? text.length : lf
      window.at = lf < 0 ? text.length : lf + 1
      this.#take(window, start, end, out)
    }
  }

  position(window: TextWindow): Json {
    return { offset: window.offsetOf(window.at), line: this.#line }
  }

  #incomplete(window: TextWindow, start: number): void {
    if (this.#skipping === null) {
      if (window.text.length - start <= this.#max_units) return
      this.#skipping = excerpt(window, start, this.#max_units)
    }
    window.at = window.text.length
  }

  #take(window: TextWindow, start: number, end: number, out: SourceRecord[]): void {
    const line = this.#line
    this.#line += 1
    const position = this.position(window)
    if (this.#skipping !== null || end - start > this.#max_units) {
      const raw = this.#skipping ?? excerpt(window, start, this.#max_units)
      this.#skipping = null
      out.push(rejectRecord(line, raw, tooLongProblem(this.#max_units), position))
      return
    }
    const stop = end > start && window.text.charCodeAt(end - 1) === 0x0d ? end - 1 : end
    const text = window.decode(start, stop)
    if (text === null) {
      out.push(rejectRecord(line, window.decodeLossy(start, stop), encodingProblem(window, start, stop), position))
      return
    }
    const meaning = this.#meaning(text)
    if (meaning === null) return
    if ('problem' in meaning) out.push(rejectRecord(line, text, meaning.problem, position))
    else if (this.#raw) out.push({ kind: 'row', line, row: meaning.row, raw: text, position })
    else out.push({ kind: 'row', line, row: meaning.row, position })
  }
}
