/**
 * Finds the records of a CSV text: RFC 4180, with other delimiters and quotes, and LF or CR as line breaks too.
 *
 * Why not csv-parse or papaparse: both swallow the rows after a malformed quote, so that neither can report every
 * malformed record with its line and text and continue behind it.
 *
 * CSV-SCANNER-1. A record that is broken costs itself and nothing else, and nothing inside its quotes is read as a record: csv-boundary.ts
 *     says where it ends. With `recover: line` a record whose quotes are malformed costs its first line instead.
 * CSV-SCANNER-2. A record that is longer than `max_units` is rejected and never held; it is one record, whatever lines it has.
 * CSV-SCANNER-3. Results depend on the text only, not on where a window ends: what might still change is left for a larger window.
 */
import { CsvBoundary, type CsvMarks, isBlank } from './csv-boundary.ts'
import { encodingProblem, excerpt, tooLongProblem } from './file-source.ts'
import type { Problem } from './one-file.ts'
import type { TextWindow } from './text-window.ts'

export type Cell = string | null

/**
 * What `next` found. `cells`, or `raw` and `problem`, then hold it. `comment`: a line that is no record. `unclosed`: the input ends inside quotes, so that nobody can
 * tell where the record at `found_line` was to end; nothing more can be found then.
 */
export type Step = 'more' | 'record' | 'reject' | 'blank' | 'comment' | 'unclosed'

export interface CsvSyntax {
  readonly delimiter: string
  /** null: no character quotes. */
  readonly quote: string | null
  /** Whether blanks may stand around quotes, and a backslash takes a quote or a backslash inside of them for text. */
  readonly lazy: boolean
  /** How a line begins that is no record, where a record could begin; null: none is a comment. */
  readonly comment: string | null
  /** Longest record, in units of the window. */
  readonly max_units: number
  /** What a record with malformed quotes costs: itself, or its first line. */
  readonly recover: 'record' | 'line'
  /** Whether a record that the input ends in, inside quotes, is one that is rejected, or no record at all. */
  readonly on_unclosed_quote: 'stop' | 'reject'
}

export const CSV_ERRORS = {
  CSV_RAGGED: 'The record has more or fewer cells than there are columns.',
  CSV_QUOTE: 'A quote stands where none may be: inside an unquoted cell, or with text after it.',
  CSV_UNTERMINATED: 'A quoted cell has no closing quote.',
  CSV_NUL: 'The record has a NUL character.',
}

const QUOTE_INSIDE: Problem = { code: 'CSV_QUOTE', message: 'a quote stands inside an unquoted cell' }
const QUOTE_BEHIND: Problem = { code: 'CSV_QUOTE', message: 'text follows the closing quote of a cell' }
const UNCLOSED: Problem = { code: 'CSV_UNTERMINATED', message: 'a quoted cell has no closing quote' }
const NUL_PROBLEM: Problem = { code: 'CSV_NUL', message: 'the record has a NUL character' }
/** Behind all places in a window. */
export const NEVER = Number.POSITIVE_INFINITY
const LF = 0x0a
const CR = 0x0d

export class CsvScanner {
  /** Line of the next record, from 1. */
  line: number
  /** The record that `next` found: its line, cells (unquoted empty ones null), and text if it is rejected. */
  found_line = 0
  cells: Cell[] = []
  problem: Problem | null = null
  raw = ''
  readonly #syntax: CsvSyntax
  readonly #boundary = new CsvBoundary()
  // The syntax as it looks in the window's view.
  #delimiter = ''
  #quote: string | null = null
  #comment: string | null = null
  #version = -1
  // Next place of each at or behind the record's beginning, NEVER if there is none in the window.
  #next_lf = -1
  #next_cr = -1
  #next_quote = -1
  #next_nul = -1
  #next_delimiter = -1
  // The record that was found.
  #found_start = 0
  #found_end = 0
  // The physical line at hand: where it ends, and where the next one begins.
  #end = 0
  #after = 0
  /** Whether a cell of the record at hand isn't valid in the encoding. */
  #invalid = false
  /** Beginning of a record that is being skipped because it is too long. */
  #skipping: string | null = null
  /** Whether the window begins within a comment. */
  #in_comment = false
  /** Lazy quotes: what stands for another character inside of them. */
  readonly #escapes: RegExp | null

  constructor(syntax: CsvSyntax, line = 1) {
    this.#syntax = syntax
    this.line = line
    this.#escapes = syntax.lazy && syntax.quote !== null ? escapesOf(syntax.quote) : null
  }

  /** Takes one record, or one blank line, from `window.at`. */
  next(window: TextWindow): Step {
    if (window.version !== this.#version) this.#enter(window)
    if (this.#skipping !== null) return this.#skip(window)
    const start = window.at
    if (start >= window.text.length) return this.#in_comment && window.ended ? this.#endComment() : 'more'
    this.found_line = this.line
    const whole = this.#findLine(window, start)
    if (this.#comment !== null && (this.#in_comment || window.text.startsWith(this.#comment, start)))
      return this.#passComment(window, whole)
    if (!whole) return this.#incomplete(window, start)
    const long = this.#end - start > this.#syntax.max_units
    if (this.#quote !== null && !(long && this.#syntax.recover === 'line')) {
      if (this.#next_quote < start) this.#next_quote = find(window.text, this.#quote, start)
      if (this.#next_quote < this.#end) return this.#quoted(window, start)
    }
    if (long) return this.#reject(window, this.#tooLong(), this.#excerpt(window))
    if (this.#end === start) {
      this.#found_start = this.#found_end = start
      this.#take(window)
      return 'blank'
    }
    return this.#unquoted(window, start)
  }

  /** The text of the record that `next` has just found, without its line break. */
  text(window: TextWindow): string {
    return window.decodeLossy(this.#found_start, this.#found_end)
  }

  /** Goes behind a comment; of one whose end isn't there yet nothing is held. */
  #passComment(window: TextWindow, whole: boolean): Step {
    this.#in_comment = !whole
    if (whole) {
      this.#take(window)
      return 'comment'
    }
    // A CR at the window's end belongs to the line break.
    window.at = window.text.length - (window.text.endsWith('\r') ? 1 : 0)
    return 'more'
  }

  /** The input ends within a comment. */
  #endComment(): Step {
    this.#in_comment = false
    this.line += 1
    return 'comment'
  }

  /** Begins with another state of the window: all places that were known are void. */
  #enter(window: TextWindow): void {
    this.#version = window.version
    this.#delimiter = window.encoding.inView(this.#syntax.delimiter) ?? this.#syntax.delimiter
    this.#quote =
      this.#syntax.quote === null ? null : (window.encoding.inView(this.#syntax.quote) ?? this.#syntax.quote)
    this.#comment =
      this.#syntax.comment === null ? null : (window.encoding.inView(this.#syntax.comment) ?? this.#syntax.comment)
    this.#next_lf = this.#next_cr = this.#next_quote = this.#next_nul = this.#next_delimiter = -1
  }

  /** Sets #end and #after to those of the line that begins at `start`; false if the window doesn't show where it ends. */
  #findLine(window: TextWindow, start: number): boolean {
    const { text, ended } = window
    if (this.#next_lf < start) this.#next_lf = find(text, '\n', start)
    if (this.#next_cr < start) this.#next_cr = find(text, '\r', start)
    const lf = this.#next_lf
    const cr = this.#next_cr
    if (cr < lf) {
      // At the window's end a LF may still follow.
      if (cr + 1 === text.length && !ended) return false
      this.#end = cr
      this.#after = cr + 1 === lf ? lf + 1 : cr + 1
      return true
    }
    if (lf !== NEVER) {
      this.#end = lf
      this.#after = lf + 1
      return true
    }
    this.#end = this.#after = text.length
    return ended
  }

  /** The record has no end in this window. If it is too long already, its beginning is kept and the rest let go. */
  #incomplete(window: TextWindow, start: number): Step {
    const { text } = window
    // What may be a line break, or the beginning of a delimiter, doesn't count as part of it yet.
    const size = text.length - start - (text.endsWith('\r') ? 1 : 0) - this.#unclear
    if (size <= this.#syntax.max_units) return 'more'
    this.#skipping = this.#excerpt(window)
    this.#boundary.reset()
    return this.#skip(window)
  }

  /** How many units at a window's end may be looked at again when there are more: parts of a delimiter, of a quote, of an escape. */
  get #unclear(): number {
    return Math.max(this.#delimiter.length, this.#quote?.length ?? 1) - (this.#syntax.lazy ? 0 : 1)
  }

  #skip(window: TextWindow): Step {
    const boundary = this.#boundary
    const end = boundary.find(window.text, window.at, window.ended, this.#marks)
    if (end < 0) {
      window.at = boundary.at
      return 'more'
    }
    if (boundary.open && this.#syntax.on_unclosed_quote === 'stop') return 'unclosed'
    this.problem = boundary.open ? UNCLOSED : this.#tooLong()
    this.raw = this.#skipping ?? ''
    this.#skipping = null
    this.line += boundary.lines + 1
    window.at = boundary.after
    return 'reject'
  }

  /** The characters that decide where a record ends. */
  get #marks(): CsvMarks {
    const quote = this.#syntax.recover === 'line' ? null : this.#quote
    return { delimiter: this.#delimiter, quote, lazy: this.#syntax.lazy }
  }

  #tooLong(): Problem {
    return tooLongProblem(this.#syntax.max_units)
  }

  /** The beginning of the record at hand. */
  #excerpt(window: TextWindow): string {
    return excerpt(window, window.at, this.#syntax.max_units)
  }

  /** Goes behind the line at hand. */
  #take(window: TextWindow): void {
    window.at = this.#after
    this.line += 1
  }

  #reject(window: TextWindow, problem: Problem, raw: string): Step {
    this.problem = problem
    this.raw = raw
    this.#take(window)
    return 'reject'
  }

  /** The record at hand has malformed quotes. */
  #broken(window: TextWindow, problem: Problem): Step {
    const start = window.at
    if (this.#syntax.recover === 'line') {
      return this.#reject(window, problem, window.decodeLossy(start, this.#end))
    }
    const boundary = this.#boundary
    boundary.reset()
    const end = boundary.find(window.text, start, window.ended, this.#marks)
    if (end < 0) return this.#incomplete(window, start)
    if (boundary.open && this.#syntax.on_unclosed_quote === 'stop') return 'unclosed'
    const long = end - start > this.#syntax.max_units
    if (boundary.open) this.problem = UNCLOSED
    else if (long) this.problem = this.#tooLong()
    else this.problem = boundary.problem === 'inside' ? QUOTE_INSIDE : QUOTE_BEHIND
    this.raw = long ? this.#excerpt(window) : window.decodeLossy(start, end)
    this.line += boundary.lines + 1
    window.at = boundary.after
    return 'reject'
  }

  #unquoted(window: TextWindow, start: number): Step {
    const end = this.#end
    if (this.#next_nul < start) this.#next_nul = find(window.text, '\0', start)
    if (this.#next_nul < end) return this.#reject(window, NUL_PROBLEM, window.decodeLossy(start, end))
    if (window.plain) this.#splitPlain(window.text, start, end)
    else {
      const text = window.decode(start, end)
      if (text === null) {
        return this.#reject(window, encodingProblem(window, start, end), window.decodeLossy(start, end))
      }
      const cells: Cell[] = text.split(this.#syntax.delimiter)
      for (let each = 0; each < cells.length; each++) if (cells[each] === '') cells[each] = null
      this.cells = cells
    }
    this.#found_start = start
    this.#found_end = end
    this.#take(window)
    return 'record'
  }

  #splitPlain(text: string, start: number, end: number): void {
    const cells: Cell[] = []
    const width = this.#delimiter.length
    let from = start
    let at = this.#next_delimiter
    if (at < from) at = find(text, this.#delimiter, from)
    while (at < end) {
      cells.push(at === from ? null : text.slice(from, at))
      from = at + width
      at = find(text, this.#delimiter, from)
    }
    cells.push(from === end ? null : text.slice(from, end))
    this.#next_delimiter = at
    this.cells = cells
  }

  /** A record with quotes, perhaps over several lines. */
  #quoted(window: TextWindow, start: number): Step {
    const cells: Cell[] = []
    this.#invalid = false
    let at = start
    for (;;) {
      const open = this.#syntax.lazy ? this.#behindBlanks(window.text, at) : at
      const cell = window.text.startsWith(this.#quote!, open)
        ? this.#quotedCell(window, start, open)
        : this.#plainCell(window, start, at)
      if (typeof cell === 'string') return cell
      cells.push(cell.value)
      at = cell.end
      const { text } = window
      if (at === text.length) {
        // Only where the input has ended: a cell that reaches the window's end is incomplete otherwise.
        return this.#complete(window, cells, at, at)
      }
      const unit = text.charCodeAt(at)
      if (unit === LF) return this.#complete(window, cells, at, at + 1)
      if (unit === CR) {
        if (at + 1 === text.length && !window.ended) return this.#unfinished(window, start)
        return this.#complete(window, cells, at, text.charCodeAt(at + 1) === LF ? at + 2 : at + 1)
      }
      at += this.#delimiter.length
    }
  }

  /** The record isn't complete in this window, though its first line is. */
  #unfinished(window: TextWindow, start: number): Step {
    return this.#syntax.recover === 'line' ? 'more' : this.#incomplete(window, start)
  }

  /** A cell that begins with a quote at `at`, up to the delimiter or line break behind it; or why there is none. */
  #quotedCell(window: TextWindow, start: number, at: number): { readonly value: Cell; readonly end: number } | Step {
    const { text, ended } = window
    const quote = this.#quote!
    let escaped = false
    let close = at
    for (let from = at + quote.length; ; ) {
      close = find(text, quote, from)
      if (close === NEVER || (this.#syntax.recover === 'line' && close - start > this.#syntax.max_units)) {
        const first_line = this.#syntax.recover === 'line' && text.length - start > this.#syntax.max_units
        return ended || first_line ? this.#broken(window, UNCLOSED) : this.#unfinished(window, start)
      }
      const behind = close + quote.length
      if (!ended && text.length - behind < Math.max(quote.length, this.#delimiter.length))
        return this.#unfinished(window, start)
      const by_backslash = this.#escapes !== null && isEscaped(text, from, close)
      if (!by_backslash && !text.startsWith(quote, behind)) break
      escaped = true
      from = by_backslash ? behind : behind + quote.length
    }
    const end = this.#syntax.lazy ? this.#behindBlanks(text, close + quote.length) : close + quote.length
    if (!ended && text.length - end < this.#delimiter.length) return this.#unfinished(window, start)
    const unit = text.charCodeAt(end)
    if (end < text.length && unit !== LF && unit !== CR && !text.startsWith(this.#delimiter, end)) {
      return this.#broken(window, QUOTE_BEHIND)
    }
    const value = window.decode(at + quote.length, close)
    if (value === null) this.#invalid = true
    else if (this.#escapes !== null) return { value: value.replace(this.#escapes, unescaped), end }
    else if (escaped) return { value: value.replaceAll(this.#syntax.quote!.repeat(2), () => this.#syntax.quote!), end }
    return { value, end }
  }

  /** Behind the blanks at `at` that mean nothing around quotes; a delimiter is none. */
  #behindBlanks(text: string, at: number): number {
    let behind = at
    while (isBlank(text.charCodeAt(behind)) && !text.startsWith(this.#delimiter, behind)) behind += 1
    return behind
  }

  /** A cell without quotes at `at`, up to the delimiter or line break behind it. */
  #plainCell(window: TextWindow, start: number, at: number): { readonly value: Cell; readonly end: number } | Step {
    const { text, ended } = window
    const delimiter = this.#delimiter
    const first = delimiter.charCodeAt(0)
    const quote = this.#quote!.charCodeAt(0)
    let end = at
    let bits = 0
    for (; end < text.length; end++) {
      const unit = text.charCodeAt(end)
      if (unit === LF || unit === CR) break
      if (unit === first) {
        if (delimiter.length === 1 || text.startsWith(delimiter, end)) break
        if (!ended && text.length - end < delimiter.length) return this.#unfinished(window, start)
      }
      if (unit === quote && text.startsWith(this.#quote!, end)) {
        return this.#broken(window, QUOTE_INSIDE)
      }
      bits |= unit
    }
    if (end === text.length && !ended) return this.#unfinished(window, start)
    if (end === at) return { value: null, end }
    // ASCII is the same in the view and in every encoding.
    if (bits < 0x80) return { value: text.slice(at, end), end }
    const value = window.decode(at, end)
    if (value === null) this.#invalid = true
    return { value, end }
  }

  /** A record with quotes ends at `end`; the next one begins at `after`. */
  #complete(window: TextWindow, cells: Cell[], end: number, after: number): Step {
    const start = window.at
    if (this.#next_nul < start) this.#next_nul = find(window.text, '\0', start)
    const long = end - start > this.#syntax.max_units && this.#syntax.recover === 'record'
    if (long) this.problem = this.#tooLong()
    else if (this.#next_nul < end) this.problem = NUL_PROBLEM
    else if (this.#invalid) this.problem = encodingProblem(window, start, end)
    else this.problem = null
    const wrong = this.problem !== null
    if (wrong) this.raw = long ? this.#excerpt(window) : window.decodeLossy(start, end)
    this.line += end === this.#end ? 1 : 1 + lineBreaks(window.text, start, end)
    window.at = after
    this.#found_start = start
    this.#found_end = end
    this.cells = cells
    return wrong ? 'reject' : 'record'
  }
}

/** Where `what` stands next; NEVER if it doesn't. */
export function find(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from)
  return at < 0 ? NEVER : at
}

/** Whether an odd number of backslashes stands before `at`, from `from` on. */
function isEscaped(text: string, from: number, at: number): boolean {
  let first = at
  while (first > from && text[first - 1] === '\\') first -= 1
  return (at - first) % 2 === 1
}

/** A backslash with a backslash or quote behind it, and a doubled quote. */
function escapesOf(quote: string): RegExp {
  const literal = RegExp.escape(quote)
  return new RegExp(`\\\\(\\\\|${literal})|${literal}(${literal})`, 'gu')
}

const unescaped = (_all: string, behind_backslash: string | undefined, doubled: string | undefined) =>
  behind_backslash ?? doubled ?? ''

function lineBreaks(text: string, start: number, end: number): number {
  let count = 0
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at)
    if (unit === LF || (unit === CR && text.charCodeAt(at + 1) !== LF)) count += 1
  }
  return count
}
