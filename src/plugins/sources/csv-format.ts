/**
 * CSV as a format of file sources: the header decides the fields, records become rows of texts.
 * An empty cell without quotes is null, a quoted one an empty text. Blank lines are skipped, except where there is
 * one column only: there a blank line is a record with an empty cell, as in RFC 4180.
 */
import { CustodyError } from '../../model/error.ts'
import { counted } from '../../model/number-text.ts'
import { type Json, newRow, type Row } from '../../model/row.ts'
import type { SourceColumn, SourceRecord } from '../../sdk/spec.ts'
import { type InputPlace, inputName, sourceError, whereOf } from './byte-reader.ts'
import { type Columns, columnsOf, likelyDelimiter, numberedColumns } from './csv-header.ts'
import { type Cell, CsvScanner, type CsvSyntax } from './csv-scanner.ts'
import { type FileFormat, type Position, type Problem, type RecordScanner, rejectRecord } from './file-source.ts'
import { type Foreign, foreignInput, foreignToCsv } from './foreign-input.ts'
import type { TextWindow } from './text-window.ts'

export interface CsvLayout extends CsvSyntax {
  /** Whether the delimiter was chosen, so that the input may not choose another one. */
  readonly chosen: boolean
  /** Whether the first record names the columns. */
  readonly header: boolean
  /** Names of columns where there is no header; null: `column_1` … as many as the first record has. */
  readonly columns: readonly string[] | null
  /** Fields of the schema; none where it declares none. */
  readonly declared: readonly string[]
  /** Whether names from the header are normalised. */
  readonly normalise: boolean
  /** What becomes of records with too few cells. Those with too many are always rejected. */
  readonly ragged: 'reject' | 'pad'
  /** Whether rows carry their text, for a schema that may refuse them. */
  readonly raw: boolean
}

/** A delimiter isn't a letter, a digit, a quote or a blank. */
const SEPARATOR_LINE = /^"?sep=([^\p{L}\p{N}"\r\n ])"?(?:\r\n|\n|\r(?!\n))/iu
const SEPARATOR_LINE_UNITS = 9

const UTF16_HINT = 'If the file is UTF-16, set encoding: utf-16le.'
const ENCODING_HINT = 'Set encoding, such as windows-1252, or convert the file to UTF-8.'
const MARK_HINT = 'Take the byte order mark off the file, its first three bytes; then the option encoding counts.'

export class CsvFormat implements FileFormat {
  readonly #place: InputPlace
  #layout: CsvLayout
  #columns: Columns | null = null
  /** The line of the first record. */
  #line = 1
  /** What stood before it; null if that was nothing, or isn't read yet. */
  #head: string | null = null

  constructor(place: InputPlace, layout: CsvLayout) {
    this.#place = place
    this.#layout = layout
  }

  foreign(window: TextWindow): Foreign | null {
    return foreignToCsv(window)
  }

  async head(window: TextWindow): Promise<readonly SourceColumn[] | null> {
    this.#line = await this.#takeSeparatorLine(window)
    if (!this.#layout.header) return null
    const scanner = new CsvScanner(this.#layout, this.#line)
    this.#columns = await this.#readHeader(window, scanner)
    this.#line = scanner.line
    const { names, originals } = this.#columns
    return names.length === 0 ? null : names.map(field => ({ field, header: originals[field] ?? field }))
  }

  begin(_window: TextWindow, from: Position | null): RecordScanner {
    const line = from?.line ?? this.#line
    const known = this.#columns?.names ?? this.#layout.columns
    if (known !== null) return new CsvRecords(this.#place, this.#layout, line, known, false)
    const learned = typeof from?.columns === 'number' ? numberedColumns(from.columns) : null
    return new CsvRecords(this.#place, this.#layout, line, learned, true)
  }

  again(raw: string): { readonly scanner: RecordScanner; readonly text: string } | null {
    const known = this.#columns?.names ?? this.#layout.columns
    if (known === null && this.#layout.header) return null
    return { scanner: new CsvRecords(this.#place, this.#layout, 1, known, false), text: raw }
  }

  /** As a text that gives the same columns; null where there is no header. */
  get headText(): string | null {
    return this.#head
  }

  /** Fields in the order of the file, once the header was read; without a header those that were named. */
  get columns(): readonly string[] {
    return this.#columns?.names ?? this.#layout.columns ?? []
  }

  /** `{field: header}` of normalised fields; null before the header was read. */
  originalNames(): { readonly [field: string]: string } | null {
    return this.#columns?.originals ?? null
  }

  /**
   * Goes behind a first line such as `sep=;`, in which spreadsheet programs say what stands between cells: it is no record.
   * @returns the number of the line that follows. @throws CustodyError CUSTODY_INPUT_FORMAT if the options say another.
   */
  async #takeSeparatorLine(window: TextWindow): Promise<number> {
    const seen = () => window.text.slice(window.at, window.at + SEPARATOR_LINE_UNITS)
    while (!window.ended && seen().length < SEPARATOR_LINE_UNITS && /^"?(s|$)/i.test(seen())) await window.grow()
    const [line, delimiter] = SEPARATOR_LINE.exec(seen()) ?? []
    if (line === undefined || delimiter === undefined) return 1
    if (this.#layout.chosen && delimiter !== this.#layout.delimiter)
      throw foreignInput(this.#place, {
        what: `says in its first line that ${JSON.stringify(delimiter)} stands between cells, but the option delimiter is ${JSON.stringify(this.#layout.delimiter)}`,
        hint: 'Leave delimiter out: the line is understood.',
      })
    this.#layout = { ...this.#layout, delimiter }
    this.#head = `sep=${delimiter}\n`
    window.at += line.length
    return 2
  }

  /** @returns the columns; none if the file has no record at all. @throws CustodyError CUSTODY_SOURCE. */
  async #readHeader(window: TextWindow, scanner: CsvScanner): Promise<Columns> {
    for (;;) {
      const step = scanner.next(window)
      if (step === 'record') break
      if (step === 'reject') {
        const hint = this.#hintFor(scanner.problem, scanner.raw)
        throw sourceError(this.#place, `${this.#headerName(scanner)} can’t be read: ${scanner.problem?.message}`, hint)
      }
      if (step === 'unclosed') throw unclosedQuote(this.#place, scanner.found_line)
      if (step === 'more') {
        if (window.ended) return { names: [], originals: {} }
        await window.grow()
      }
    }
    const headers = scanner.cells.map(cell => cell ?? '')
    this.#head = `${this.#head ?? ''}${headers.map(each => this.#cellText(each)).join(this.#layout.delimiter)}\n`
    const header = headers.join(this.#layout.delimiter)
    const hint = this.#delimiterHint(header)
    if (hint !== undefined)
      throw sourceError(this.#place, `${this.#headerName(scanner)} has no field of the schema: ${header}`, hint)
    const columns = columnsOf(headers, this.#layout.normalise)
    if (typeof columns === 'string') {
      throw sourceError(this.#place, `${this.#headerName(scanner)}: ${columns}`, 'Rename one of them in the file.')
    }
    return columns
  }

  #cellText(cell: string): string {
    const { quote, delimiter } = this.#layout
    if (quote === null || !(cell.includes(quote) || cell.includes(delimiter) || /[\r\n]/.test(cell))) return cell
    return quote + cell.replaceAll(quote, quote + quote) + quote
  }

  #delimiterHint(header: string): string | undefined {
    const { delimiter, declared, normalise } = this.#layout
    const option = likelyDelimiter(header, delimiter, declared, normalise)
    return option === null ? undefined : `It looks like another delimiter: set delimiter: '${option}'.`
  }

  #hintFor(problem: Problem | null, header: string): string | undefined {
    switch (problem?.code) {
      case 'CSV_NUL':
        return UTF16_HINT
      case 'ENCODING':
        return problem.message.includes('byte order mark') ? MARK_HINT : ENCODING_HINT
      default:
        return this.#delimiterHint(header) ?? this.#blankHint(header)
    }
  }

  #blankHint(header: string): string | undefined {
    const { quote, delimiter } = this.#layout
    const behind = header
      .split(delimiter)
      .some(cell => quote !== null && /\S\s+$/.test(cell) && cell.trim().endsWith(quote))
    return behind ? 'A blank stands behind a closing quote; take it away.' : undefined
  }

  #headerName(scanner: CsvScanner): string {
    return `the header of ${inputName(this.#place)} (line ${scanner.found_line})`
  }
}

class CsvRecords implements RecordScanner {
  readonly #place: InputPlace
  readonly #scanner: CsvScanner
  readonly #pad: boolean
  readonly #raw: boolean
  /** null until the first record has shown how many columns there are. */
  #names: readonly string[] | null
  /** Whether the number of columns was learned from a record, so that positions must carry it. */
  readonly #learns: boolean

  constructor(place: InputPlace, layout: CsvLayout, line: number, names: readonly string[] | null, learns: boolean) {
    this.#place = place
    this.#scanner = new CsvScanner(layout, line)
    this.#pad = layout.ragged === 'pad'
    this.#raw = layout.raw
    this.#names = names
    this.#learns = learns
  }

  scan(window: TextWindow, out: SourceRecord[], most: number): void {
    const scanner = this.#scanner
    while (out.length < most) {
      const step = scanner.next(window)
      if (step === 'more') return
      if (step === 'record') out.push(this.#record(window, scanner.cells))
      else if (step === 'reject') out.push(this.#reject(window, scanner.raw, scanner.problem!))
      else if (step === 'unclosed') {
        // What came before is handed out first.
        if (out.length > 0) return
        throw unclosedQuote(this.#place, scanner.found_line)
      } else if (this.#names?.length === 1) out.push(this.#record(window, BLANK))
    }
  }

  #record(window: TextWindow, cells: readonly Cell[]): SourceRecord {
    this.#names ??= numberedColumns(cells.length)
    const names = this.#names
    if (cells.length !== names.length && !(this.#pad && cells.length < names.length)) {
      const message = `the record has ${counted(cells.length, 'cell')}, but there are ${counted(names.length, 'column')}`
      return this.#reject(window, this.#scanner.text(window), { code: 'CSV_RAGGED', message })
    }
    const line = this.#scanner.found_line
    const row = rowOf(names, cells)
    const position = this.position(window)
    return this.#raw
      ? { kind: 'row', line, row, raw: this.#scanner.text(window), position }
      : { kind: 'row', line, row, position }
  }

  #reject(window: TextWindow, raw: string, problem: { readonly code: string; readonly message: string }): SourceRecord {
    return rejectRecord(this.#scanner.found_line, raw, problem, this.position(window))
  }

  position(window: TextWindow): Json {
    const offset = window.offsetOf(window.at)
    const line = this.#scanner.line
    return this.#learns && this.#names !== null ? { offset, line, columns: this.#names.length } : { offset, line }
  }
}

function unclosedQuote(place: InputPlace, line: number): CustodyError {
  const message = `${inputName(place)}: in the record that begins at line ${line} a quote is opened and never closed`
  return new CustodyError('CUSTODY_UNCLOSED_QUOTE', message, { where: whereOf(place) })
}

const BLANK: readonly Cell[] = [null]

/**
 * All rows of a table have their fields in the same order. A field whose name is an array index (`"7"`) comes before the
 * others in any JavaScript object, whatever the order of the columns.
 */
function rowOf(names: readonly string[], cells: readonly Cell[]): Row {
  const row = newRow()
  for (let each = 0; each < names.length; each++) row[names[each]!] = cells[each] ?? null
  return row
}
