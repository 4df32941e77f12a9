/**
 * Rows as CSV (RFC 4180) that the `csv` source reads back as they were written: null and missing are empty cells, an
 * empty text is `""`. Columns are decided once, by the options, the schema, the file that is appended to, or the first
 * row; a field that has no column is an error of its row, never a silent loss. What an error adds to its row is left out where
 * somebody else chose the columns, and `warnings` say so.
 */
import { CustodyError, isCustodyError } from '../../model/error.ts'
import type { Json, Row } from '../../model/row.ts'
import { ERROR_FIELD, flatErrors } from '../../sdk/error-row.ts'
import { rowError } from '../../sdk/results.ts'
import type { RowError } from '../../sdk/spec.ts'
import { csvHeaderIn } from '../sources/csv-table.ts'
import { csvColumns, lostField } from './csv-columns.ts'
import { widened } from './csv-widen.ts'
import type { ExistingFile, RowFormat } from './file-sink.ts'
import { jsonText, numberText } from './json-text.ts'
import { endsLine } from './line-format.ts'
import type { Remake } from './remade-file.ts'

export type HeaderRule = 'normalised' | 'original' | { readonly [field: string]: string }

export interface CsvLayout {
  /** Name of the sink, for errors. */
  readonly node: string
  readonly delimiter: string
  /** What stands before the fraction of a number. */
  readonly decimal: '.' | ','
  readonly newline: '\n' | '\r\n'
  readonly bom: boolean
  readonly escape_formulas: boolean
  /** Fields whose texts are numbers: a minus makes no formula of them, and their point is `decimal`. */
  readonly numeric: ReadonlySet<string>
  readonly headers: HeaderRule
  /** Fields of the columns where they are known before the first row. */
  readonly columns: readonly string[] | null
  /** Whether the options name them. */
  readonly named: boolean
  /** Whether every row has all of them: then their names are those of fields. */
  readonly filled: boolean
  /** Fields that rows may have, beside those of the first row. */
  readonly known: readonly string[]
  /** Whether rows of rejected records may come. */
  readonly rejects: boolean
  /** Whether a field that has no column gets one, at the end. */
  readonly union: boolean
  /** Columns that describe errors: a file may do without them. */
  readonly late: readonly string[]
  /** `{field: header in the source}`; asked for when the header is written. */
  readonly originalNames: () => { readonly [field: string]: string }
}

/** `written`: how many columns the header has; absent: all of them. */
type CsvState = { readonly columns: readonly string[] | null; readonly chosen: boolean; readonly written?: number }

export class CsvRowFormat implements RowFormat {
  readonly #layout: CsvLayout
  readonly #special: RegExp
  /** Fields in the order of columns; null until they are decided, which is when the header has been written. */
  #columns: readonly string[] | null = null
  /** The header of the file that is appended to. */
  #existing: { readonly path: string; readonly header: readonly string[] } | null = null
  /** Headers of columns that were named by them: by field. */
  readonly #titles = new Map<string, string>()
  /** Ends the last line of the file that is appended to, if it has no end. */
  #gap = ''
  /** Whether somebody else chose the columns: the options, or the file that is appended to. */
  #chosen = false
  /** How many columns stand in the header. */
  #written = 0
  #union = false
  /** As it was asked for last. */
  #state: CsvState = { columns: null, chosen: false }
  warnings: readonly string[] = []
  readonly appends_by_header = true

  constructor(layout: CsvLayout) {
    this.#layout = layout
    // A byte order mark within quotes is not taken for the file's own.
    this.#special = new RegExp(`["\\r\\n\\0\\uFEFF${escapeForClass(layout.delimiter)}]`)
  }

  begin(state: Json, existing: ExistingFile | null, staged: boolean): void {
    const { columns = null, chosen = this.#layout.named, written } = (state as CsvState | null) ?? {}
    this.#columns = columns
    this.#written = written ?? columns?.length ?? 0
    this.#union = this.#layout.union && staged
    this.#chosen = chosen
    this.#existing = null
    this.#gap = ''
    if (existing === null || this.#columns !== null) return
    const header = this.#headerOf(existing)
    if (header === null) return
    this.#existing = { path: existing.path, header }
    this.#chosen = true
    if (!endsLine(existing)) this.#gap = this.#layout.newline
    // With original names the columns can be told apart only when the sources have read their headers.
    if (this.#layout.headers !== 'original') this.#fieldsOf(header, existing.path)
  }

  row(row: Row): string | RowError {
    const columns = this.#columns ?? this.#decide(row)
    const flat = row[ERROR_FIELD] === undefined ? row : flatErrors(row)
    const line = this.#line(row, flat, columns)
    if (typeof line !== 'string') return this.#union && line.code === UNKNOWN ? this.#widen(row, flat, columns) : line
    return this.#columns === null ? this.#begun(columns) + line : line
  }

  /** The row's text, with new columns for the fields that have none; the header follows at the end. */
  #widen(row: Row, flat: Row, columns: readonly string[]): string | RowError {
    const all = [...columns]
    for (let lost = lostField(row, all, this.#chosen); lost !== undefined; lost = lostField(row, all, this.#chosen))
      all.push(lost)
    const line = this.#line(row, flat, all)
    if (typeof line !== 'string') return line
    const before = this.#columns === null ? this.#begun(all) : ''
    this.#columns = all
    return before + line
  }

  remake(): Remake | null {
    const columns = this.#columns
    if (columns === null || columns.length === this.#written) return null
    const widening = { header: this.#headerLine(columns), cells: columns.length, delimiter: this.#layout.delimiter }
    return staged => widened(staged(), widening)
  }

  lead(): string {
    return this.#columns === null ? this.#begun(this.#layout.columns ?? []) : ''
  }

  /** A file that is appended to may have other columns, and names of columns may be those of the first row. */
  follows(): boolean {
    const { columns, named, filled, union } = this.#layout
    if (columns === null || (named && !filled) || union) return false
    this.#columns = columns
    return true
  }

  end(): string {
    const columns = this.#columns === null && this.#existing === null ? this.#layout.columns : null
    return columns === null ? '' : this.#begun(columns)
  }

  state(): Json {
    const [columns, chosen] = [this.#columns, this.#chosen]
    const grown = columns !== null && columns.length > this.#written
    const { written } = this.#state
    if (columns !== this.#state.columns || chosen !== this.#state.chosen || grown !== (written !== undefined))
      this.#state = grown ? { columns, chosen, written: this.#written } : { columns, chosen }
    return this.#state
  }

  #headerOf({ path, bytes, part }: ExistingFile): readonly string[] | null {
    try {
      const head = part(0, Math.min(bytes, HEADER_BYTES))
      return csvHeaderIn({ path, head, whole: head.length === bytes }, this.#layout.delimiter)
    } catch (error) {
      if (!isCustodyError(error)) throw error
      const message = `nothing can be appended to ${path}: ${error.message}`
      const where = { node: this.#layout.node, path }
      throw new CustodyError('CUSTODY_SINK', message, { where, hint: error.hint, cause: error })
    }
  }

  #decide(row: Row): readonly string[] {
    if (this.#existing !== null)
      return this.#namedByHeader(this.#fieldsOf(this.#existing.header, this.#existing.path), row)
    const { columns, known, rejects, originalNames } = this.#layout
    if (columns !== null) return this.#namedByHeader(columns, row)
    // Rows that met errors may all differ; what their sources have is known by now.
    const read = known.includes(ERROR_FIELD) ? Object.keys(originalNames()) : []
    const own = Object.keys(row)
    // An object has whole numbers before all else: where the schema has the fields, its order is that of the source.
    const first = own.some(field => WHOLE_NUMBER.test(field)) ? known.filter(field => Object.hasOwn(row, field)) : []
    return csvColumns([...first, ...own, ...read, ...known], rejects)
  }

  /**
   * The fields of columns that the options name: one that is no field of the row, nor of a source, but the header of one in a source,
   * is that field, and its column keeps the header.
   */
  #namedByHeader(columns: readonly string[], row: Row): readonly string[] {
    if (!this.#layout.named) return columns
    const originals = this.#layout.originalNames()
    const fields = new Map(Object.entries(originals).map(([field, header]) => [header, field]))
    return columns.map(name => {
      const field = fields.get(name)
      const is_field = field === undefined || Object.hasOwn(row, name) || Object.hasOwn(originals, name)
      if (is_field || columns.includes(field)) return name
      this.#titles.set(field, name)
      return field
    })
  }

  /** Settles the columns. @returns what must stand before the first row. */
  #begun(columns: readonly string[]): string {
    this.#columns = columns
    this.#written = columns.length
    return this.#existing === null ? this.#headerLine(columns) : this.#gap
  }

  #headerLine(columns: readonly string[]): string {
    const cells = this.#headersOf(columns).map(header => this.#text(header, this.#layout.escape_formulas))
    return (this.#layout.bom ? '\uFEFF' : '') + cells.join(this.#layout.delimiter) + this.#layout.newline
  }

  #headersOf(columns: readonly string[]): readonly string[] {
    const rule = this.#layout.headers
    if (rule === 'normalised') return columns.map(field => this.#titles.get(field) ?? field)
    const names = rule === 'original' ? this.#layout.originalNames() : rule
    const headers = columns.map(field => (Object.hasOwn(names, field) ? names[field]! : field))
    // A source may have had two columns of one header; whoever gives headers can give each its own.
    if (rule !== 'original' && new Set(headers).size < headers.length) throw this.#twice(columns, headers)
    return headers
  }

  #twice(columns: readonly string[], headers: readonly string[]): CustodyError {
    const header = headers.find((each, i) => headers.indexOf(each) < i)
    const fields = columns.filter((_, i) => headers[i] === header).join(' and ')
    return new CustodyError('CUSTODY_SINK', `${fields} would have the same header, ${header}`, {
      where: { node: this.#layout.node },
      hint: 'Give each a header of its own in `headers`, or name the fields that are written in `columns`.',
    })
  }

  /** The fields of an existing header. @throws CustodyError CUSTODY_SINK if they aren't those that are known. */
  #fieldsOf(header: readonly string[], path: string): readonly string[] {
    const rule = this.#layout.headers
    const names = rule === 'normalised' ? {} : rule === 'original' ? this.#layout.originalNames() : rule
    const fields = new Map(Object.entries(names).map(([field, name]) => [name, field]))
    const found = header.map(name => fields.get(name) ?? name)
    const { columns: known, late } = this.#layout
    const missing = late.filter(each => !found.includes(each))
    const wrong =
      known === null
        ? undefined
        : (known.find(each => !found.includes(each) && !missing.includes(each)) ??
          found.find(each => !known.includes(each)))
    if (wrong === undefined) {
      if (missing.length > 0)
        this.warnings = [`${path} has no column for ${missing.join(', ')}: left out of what is appended to it`]
      return found
    }
    const message = `${path} has the columns ${header.join(', ')}; ${
      found.includes(wrong) ? `no row has a field for ${wrong}` : `there is none for the field ${wrong}`
    }`
    throw new CustodyError('CUSTODY_SINK', message, {
      where: { node: this.#layout.node, path },
      hint: 'Append only to a file with the same columns, or set `columns`.',
    })
  }

  /** `row` with flat errors is `flat`. */
  #line(row: Row, flat: Row, columns: readonly string[]): string | RowError {
    const { delimiter, newline, escape_formulas, numeric } = this.#layout
    let line = ''
    let present = 0
    for (let each = 0; each < columns.length; each++) {
      const value = flat[columns[each]!]
      if (each > 0) line += delimiter
      if (value === undefined) continue
      present += 1
      if (value === null) continue
      const cell =
        typeof value !== 'string'
          ? this.#other(value)
          : numeric.has(columns[each]!)
            ? this.#text(this.#number(value), false)
            : this.#text(value, escape_formulas)
      if (cell === null) {
        const field = columns[each]!
        return rowError('CSV_NUL', `the field ${JSON.stringify(field)} has a NUL character`, { field })
      }
      line += cell
    }
    let fields = 0
    for (const _field in flat) fields += 1
    return fields === present ? line + newline : this.#unknownColumn(line + newline, row, columns)
  }

  #unknownColumn(line: string, row: Row, columns: readonly string[]): string | RowError {
    const field = lostField(row, columns, this.#chosen)
    if (field === undefined) return line
    const those = columns.length === 0 ? 'there are none, as in the first row' : `the columns are ${columns.join(', ')}`
    const message = `the field ${JSON.stringify(field)} has no column; ${those}; the sink’s \`columns\` can name more`
    return rowError(UNKNOWN, message, { field })
  }

  #other(value: Json): string | null {
    if (typeof value === 'number') {
      const text = this.#number(numberText(value))
      return this.#layout.decimal === '.' ? text : this.#text(text, false)
    }
    return typeof value === 'object' ? this.#text(jsonText(value), this.#layout.escape_formulas) : String(value)
  }

  /** A number's text with the sign that people write before its fraction; any other text stays. */
  #number(text: string): string {
    return this.#layout.decimal === ',' && NUMBER.test(text) ? text.replace('.', ',') : text
  }

  /** A cell, quoted if it must be; null if CSV can't hold it. */
  #text(value: string, harmless: boolean): string | null {
    const text = harmless && FORMULA.test(value) ? `'${value}` : value
    if (text === '') return '""'
    if (!this.#special.test(text)) return text
    return text.includes('\0') ? null : `"${text.replaceAll('"', '""')}"`
  }
}

/** In which the header of a file that is appended to must end. */
const HEADER_BYTES = 1024 * 1024
const NUMBER = /^-?\d+\.\d+(?:e[+-]?\d+)?$/
const WHOLE_NUMBER = /^(?:0|[1-9]\d*)$/
const UNKNOWN = 'COLUMN_UNKNOWN'

/** What spreadsheets take for a formula, wide forms as East Asian input methods make them included. White space goes before some. */
const FORMULA = /^[=+\-@＝＋－＠\t\r\n]/

function escapeForClass(text: string): string {
  return text.replace(/[\\\]^-]/g, '\\$&')
}
