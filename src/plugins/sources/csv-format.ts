/**
 * CSV as a format of file sources: the header decides the fields, records become rows of texts.
 * An empty cell without quotes is null, a quoted one an empty text. Blank lines are skipped, except where there is
 * one column only: there a blank line is a record with an empty cell, as in RFC 4180.
 */
import { CustodyError } from '../../model/error.ts'
import { nearestNames } from '../../model/nearest.ts'
import { counted } from '../../model/number-text.ts'
import { type Json, newRow, type Row } from '../../model/row.ts'
import type { FieldSchema } from '../../model/schema.ts'
import type { SourceColumn, SourceRecord } from '../../sdk/spec.ts'
import { type InputPlace, inputName, sourceError, whereOf } from './byte-reader.ts'
import { CsvCounter } from './csv-counter.ts'
import { type Columns, columnsOf, likelyDelimiter, numberedColumns } from './csv-header.ts'
import { type Cell, CsvScanner, type CsvSyntax } from './csv-scanner.ts'
import { type CellRules, cellRules, type ValueRules } from './csv-values.ts'
import type { FileFormat, RecordScanner } from './file-source.ts'
import { type Foreign, foreignInput, foreignToCsv } from './foreign-input.ts'
import { type Position, type Problem, rejectRecord } from './one-file.ts'
import type { RecordCounter } from './record-ranges.ts'
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
  readonly schema: ReadonlyMap<string, FieldSchema>
  /** What cells say beside texts. */
  readonly values: ValueRules
  /** Lines before the header, or the first record, that are none. */
  readonly skip_lines: number
  /** Whether names from the header are normalised. */
  readonly normalise: boolean
  /** What becomes of records with too few cells. Those with too many are rejected, but for one empty cell behind the last. */
  readonly ragged: 'reject' | 'pad'
  /** Whether rows carry their text, for a schema that may refuse them. */
  readonly raw: boolean
}

/** A delimiter isn't a letter, a digit, a quote or a blank. */
const SEPARATOR_LINE = /^"?sep=([^\p{L}\p{N}"\r\n ])"?(?:\r\n|\n|\r(?!\n))/iu
const SEPARATOR_LINE_UNITS = 9

/** The first line of a file, if it says what stands between cells and is no record. */
export function separatorLine(text: string): { readonly line: string; readonly delimiter: string } | null {
  const [line, delimiter] = SEPARATOR_LINE.exec(text.slice(0, SEPARATOR_LINE_UNITS)) ?? []
  return line === undefined || delimiter === undefined ? null : { line, delimiter }
}

/** Columns that a warning names. */
const MOST_NAMED = 5

const UTF16_HINT = 'If the file is UTF-16, set encoding: utf-16le.'
const encodingHint = (likely: string | null | undefined) =>
  `Set encoding${likely ? ': ' : ', such as '}${likely ?? 'windows-1252'}, or convert the file to UTF-8.`
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

  async head(window: TextWindow, recorded: boolean): Promise<readonly SourceColumn[] | null> {
    this.#line = 1
    this.#head = null
    await this.#takeSeparatorLine(window)
    // What is on record begins with the header; before it nothing was skipped but a line such as `sep=;`.
    if (!recorded && this.#layout.skip_lines > 0) {
      await this.#skipLines(window)
      if (this.#head === null) await this.#takeSeparatorLine(window)
    }
    if (!this.#layout.header) {
      this.#checkDates(this.columns)
      return null
    }
    const layout = recorded ? { ...this.#layout, comment: null } : this.#layout
    const scanner = new CsvScanner(layout, this.#line)
    this.#columns = await this.#readHeader(window, scanner)
    this.#line = scanner.line
    const { names, originals } = this.#columns
    this.#checkDates(names)
    return names.length === 0 ? null : names.map(field => ({ field, header: originals[field] ?? field }))
  }

  begin(_window: TextWindow, from: Position | null): RecordScanner {
    const line = from?.line ?? this.#line
    const known = this.#columns?.names ?? this.#layout.columns
    if (known !== null) return new CsvRecords(this.#place, this.#layout, line, known, false)
    const learned = typeof from?.columns === 'number' ? numberedColumns(from.columns) : null
    return new CsvRecords(this.#place, this.#layout, line, learned, true)
  }

  counter(): RecordCounter {
    const columns = (this.#columns?.names ?? this.#layout.columns)?.length ?? null
    const scanner = new CsvScanner(this.#layout, this.#line)
    return new CsvCounter(scanner, this.#layout, columns, line => unclosedQuote(this.#place, line))
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

  get lacksHeader(): boolean {
    return this.#layout.header && this.#columns?.names.length === 0
  }

  /** Fields in the order of the file, once the header was read; without a header those that were named. */
  get columns(): readonly string[] {
    return this.#columns?.names ?? this.#layout.columns ?? []
  }

  /** What somebody who knows the file may not expect of its fields. */
  get warnings(): readonly string[] {
    if (this.#columns === null) return []
    const { names, numbered, originals } = this.#columns
    const { path } = this.#place
    const [only = ''] = names
    const header = originals[only] ?? only
    if (names.length === 1 && this.#layout.comment === null && header.startsWith('#')) {
      return [
        `${path} begins with ${JSON.stringify(header)}, which is taken for its header; if it is none, set comment: '#'`,
      ]
    }
    if (numbered.length === 0) return []
    const shown = numbered.slice(0, MOST_NAMED).map(field => `\`${field}\` (${JSON.stringify(originals[field])})`)
    const more = numbered.length > MOST_NAMED ? ` and ${numbered.length - MOST_NAMED} more` : ''
    const list = shown.join(', ') + more
    return [`${path} has columns that would be the same field as another one, and got numbers: ${list}`]
  }

  /** `{field: header}` of normalised fields; null before the header was read. */
  originalNames(): { readonly [field: string]: string } | null {
    return this.#columns?.originals ?? null
  }

  /**
   * Goes behind a first line such as `sep=;`, in which spreadsheet programs say what stands between cells: it is no record.
   * @throws CustodyError CUSTODY_INPUT_FORMAT if the options say another.
   */
  async #takeSeparatorLine(window: TextWindow): Promise<void> {
    const seen = () => window.text.slice(window.at, window.at + SEPARATOR_LINE_UNITS)
    while (!window.ended && seen().length < SEPARATOR_LINE_UNITS && /^"?(s|$)/i.test(seen())) await window.grow()
    const found = separatorLine(seen())
    if (found === null) return
    const { line, delimiter } = found
    if (this.#layout.chosen && delimiter !== this.#layout.delimiter)
      throw foreignInput(this.#place, {
        what: `says in its first line that ${JSON.stringify(delimiter)} stands between cells, but the option delimiter is ${JSON.stringify(this.#layout.delimiter)}`,
        hint: 'Leave delimiter out: the line is understood.',
      })
    this.#layout = { ...this.#layout, delimiter }
    this.#head = `sep=${delimiter}\n`
    window.at += line.length
    this.#line += 1
  }

  /** Goes behind the lines that are to be skipped, whatever stands in them. */
  async #skipLines(window: TextWindow): Promise<void> {
    // Every line begins with nothing.
    const scanner = new CsvScanner({ ...this.#layout, comment: '' }, this.#line)
    while (scanner.line <= this.#layout.skip_lines) {
      if (scanner.next(window) !== 'more') continue
      if (window.ended) break
      await window.grow()
    }
    this.#line = scanner.line
  }

  /** Every field of `date_format` must be there; without columns nobody knows. @throws CustodyError CUSTODY_SOURCE. */
  #checkDates(names: readonly string[]): void {
    const lost = Object.keys(this.#layout.values.date_format).find(field => !names.includes(field))
    if (names.length === 0 || lost === undefined) return
    const [nearest] = nearestNames(lost, names)
    const hint = nearest === undefined ? `Its fields: ${names.join(', ')}.` : `Did you mean ${nearest}?`
    throw sourceError(this.#place, `${inputName(this.#place)} has no field ${lost}, which date_format names`, hint)
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
        if (window.ended) return { names: [], originals: {}, numbered: [] }
        await window.grow()
      }
    }
    const headers = scanner.cells.map(cell => cell ?? '')
    this.#head = `${this.#head ?? ''}${headers.map(each => this.#cellText(each)).join(this.#layout.delimiter)}\n`
    const header = headers.join(this.#layout.delimiter)
    const hint = this.#delimiterHint(header)
    if (hint !== undefined)
      throw sourceError(
        this.#place,
        `${this.#headerName(scanner)} has none of the fields that are declared: ${header}`,
        hint,
      )
    const columns = columnsOf(headers, this.#layout)
    if (typeof columns === 'string') {
      const hint = 'Rename one of them in the file, or declare both in the schema: the second one gets the number 2.'
      throw sourceError(this.#place, `${this.#headerName(scanner)}: ${columns}`, hint)
    }
    return columns
  }

  #cellText(cell: string): string {
    const { quote, delimiter, lazy } = this.#layout
    if (quote === null || !(cell.includes(quote) || cell.includes(delimiter) || /[\r\n]/.test(cell))) return cell
    const text = lazy ? cell.replaceAll('\\', '\\\\') : cell
    return quote + text.replaceAll(quote, quote + quote) + quote
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
        return problem.message.includes('byte order mark') ? MARK_HINT : encodingHint(problem.likely)
      default:
        return this.#delimiterHint(header) ?? this.#blankHint(header)
    }
  }

  #blankHint(header: string): string | undefined {
    const { quote, delimiter } = this.#layout
    const behind = header
      .split(delimiter)
      .some(cell => quote !== null && /\S\s+$/.test(cell) && cell.trim().endsWith(quote))
    return behind ? 'A blank stands behind a closing quote; set quote_style: lazy, or take it away.' : undefined
  }

  #headerName(scanner: CsvScanner): string {
    return `the header of ${inputName(this.#place)} (line ${scanner.found_line})`
  }
}

/** R writes the names of rows into a column that its header doesn't name. Said of each such record: which are alike nobody knows yet. */
const ONE_MORE = '; if all have one more, as R writes them, give the first column a name in the header'

class CsvRecords implements RecordScanner {
  readonly #place: InputPlace
  readonly #scanner: CsvScanner
  readonly #layout: CsvLayout
  /** null until the first record has shown how many columns there are. */
  #names: readonly string[] | null
  #rules: CellRules | null = null
  /** Whether the number of columns was learned from a record, so that positions must carry it. */
  readonly #learns: boolean

  constructor(place: InputPlace, layout: CsvLayout, line: number, names: readonly string[] | null, learns: boolean) {
    this.#place = place
    this.#scanner = new CsvScanner(layout, line)
    this.#layout = layout
    this.#names = names
    this.#learns = learns
    if (names !== null) this.#setRules(names)
  }

  #setRules(names: readonly string[]): void {
    this.#rules = cellRules(this.#layout.values, names, this.#layout.schema)
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
      } else if (step === 'blank' && this.#names?.length === 1) out.push(this.#record(window, [null]))
    }
  }

  #record(window: TextWindow, cells: Cell[]): SourceRecord {
    if (this.#names === null) {
      this.#names = numberedColumns(cells.length)
      this.#setRules(this.#names)
    }
    const names = this.#names
    if (cells.length !== names.length && !this.#fits(cells, names.length)) {
      const counts = `the record has ${counted(cells.length, 'cell')}, but there are ${counted(names.length, 'column')}`
      const message = this.#layout.header && cells.length === names.length + 1 ? `${counts}${ONE_MORE}` : counts
      return this.#reject(window, this.#scanner.text(window), { code: 'CSV_RAGGED', message })
    }
    const problem = this.#rules === null ? null : this.#rules(cells)
    if (problem !== null) return this.#reject(window, this.#scanner.text(window), problem)
    const line = this.#scanner.found_line
    const row = rowOf(names, cells)
    const position = this.position(window)
    return this.#layout.raw
      ? { kind: 'row', line, row, raw: this.#scanner.text(window), position }
      : { kind: 'row', line, row, position }
  }

  /** Whether a record with more or fewer cells than columns may be one: padded, or with a delimiter behind its last cell. */
  #fits(cells: readonly Cell[], columns: number): boolean {
    if (cells.length < columns) return this.#layout.ragged === 'pad'
    return cells.length === columns + 1 && cells[columns] === null
  }

  #reject(window: TextWindow, raw: string, problem: Problem): SourceRecord {
    return rejectRecord(this.#scanner.found_line, raw, problem, this.position(window))
  }

  position(window: TextWindow): Json {
    const offset = window.offsetOf(window.at)
    const line = this.#scanner.line
    return this.#learns && this.#names !== null ? { offset, line, columns: this.#names.length } : { offset, line }
  }
}

export function unclosedQuote(place: InputPlace, line: number): CustodyError {
  const message = `${inputName(place)}: in the record that begins at line ${line} a quote is opened and never closed`
  return new CustodyError('CUSTODY_UNCLOSED_QUOTE', message, { where: whereOf(place) })
}

/**
 * All rows of a table have their fields in the same order. A field whose name is an array index (`"7"`) comes before the
 * others in any JavaScript object, whatever the order of the columns.
 */
function rowOf(names: readonly string[], cells: readonly Cell[]): Row {
  const row = newRow()
  for (let each = 0; each < names.length; each++) row[names[each]!] = cells[each] ?? null
  return row
}
