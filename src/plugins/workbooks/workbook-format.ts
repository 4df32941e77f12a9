/**
 * Rows as rows of sheets. What is staged is each row as its sheet will have it; the workbook is made from that at the end.
 *
 * WORKBOOK-FORMAT-1. No value is rounded, cut or dropped: a number that a double doesn't hold exactly as it is written is a text, and what a
 *     sheet can't hold is an error of its row.
 */
import { CustodyError } from '../../model/error.ts'
import type { Json, Row } from '../../model/row.ts'
import { exactType, type FieldSchema } from '../../model/schema.ts'
import { ERROR_FIELD, flatErrors } from '../../sdk/error-row.ts'
import { rowError } from '../../sdk/results.ts'
import type { RowError } from '../../sdk/spec.ts'
import type { RowFormat } from '../sinks/file-sink.ts'
import { jsonText } from '../sinks/json-text.ts'
import type { Remake } from '../sinks/remade-file.ts'
import { columnName, MAX_COLUMNS, MAX_ROWS } from './cell-address.ts'
import { madeWorkbook } from './made-workbook.ts'
import { serialOf } from './serial-date.ts'
import { STYLES, textCell, WIDTHS } from './workbook-parts.ts'
import { escapedCell } from './xml.ts'

export const MAX_TEXT = 32_767
const MAX_SHEETS = 255
const NAME_UNITS = 31

export const FORMAT_ERRORS = {
  COLUMN_UNKNOWN: 'The row has a field that `columns` doesn’t name.',
  TEXT_TOO_LONG: 'A text is longer than 32,767 characters, which is all that a cell holds.',
  SHEET_FULL: 'Its sheet has 1,048,576 rows, the header among them, and holds no more.',
  SHEET_NAME: 'The value of `sheet_field` can’t name a sheet.',
  TOO_MANY_SHEETS: 'The row would make one sheet more than the 255 that are written.',
  TOO_MANY_COLUMNS: 'The row would make one column more than the 16,384 that a sheet has.',
}

export interface WorkbookRules {
  /** Name of the sink, for errors. */
  readonly node: string
  /** The name of the only sheet, or the field that names each row's. */
  readonly sheet: { readonly name: string } | { readonly field: string }
  /** Where they are known before the first row. */
  readonly columns: readonly string[] | null
  /** Whether the options name them: then no other comes. */
  readonly named: boolean
  readonly fields: ReadonlyMap<string, FieldSchema>
  /** Fields whose texts are dates. */
  readonly dates: ReadonlySet<string>
  readonly freeze: boolean
  /** Headers by field; asked for at the end. */
  readonly headers: () => { readonly [field: string]: string }
}

type Sheet = { readonly name: string; readonly rows: number; readonly widths: readonly number[] }
type State = { readonly columns: readonly string[]; readonly sheets: readonly Sheet[] }
interface OpenSheet {
  readonly name: string
  rows: number
  widths: number[]
}

export class WorkbookFormat implements RowFormat {
  readonly #rules: WorkbookRules
  readonly #scales: readonly number[]
  #columns: string[] = []
  readonly #index = new Map<string, number>()
  readonly #sheets: OpenSheet[] = []
  readonly #by_name = new Map<string, number>()
  #state: State | null = null

  constructor(rules: WorkbookRules) {
    this.#rules = rules
    const scales = [...rules.fields.values()].flatMap(({ schema }) => {
      const exact = exactType(schema)
      return exact?.type === 'decimal' && exact.scale !== null ? [exact.scale] : []
    })
    this.#scales = [...new Set(scales)].sort((a, b) => a - b)
  }

  begin(state: Json, _existing: unknown, staged: boolean): void {
    const { node, columns } = this.#rules
    if (!staged)
      throw new CustodyError('CUSTODY_SINK', `a workbook can’t be written to a pipe or a device`, {
        where: { node },
        hint: 'Name a file: a workbook is made when all its rows are there.',
      })
    // cast: a receipt gives back what `state` gave
    const { columns: found, sheets } = (state as State | null) ?? { columns: columns ?? [], sheets: [] }
    this.#columns = []
    this.#index.clear()
    this.#sheets.length = 0
    this.#by_name.clear()
    for (const field of found) this.#addColumn(field)
    for (const { name, rows, widths } of sheets) this.#addSheet({ name, rows, widths: [...widths] })
    this.#state = null
  }

  row(given: Row): string | RowError {
    const row = given[ERROR_FIELD] === undefined ? given : flatErrors(given)
    const unknown = Object.keys(row).filter(field => !this.#index.has(field))
    const refused = this.#refused(unknown)
    if (refused !== null) return refused
    const place = this.#placeOf(row)
    if ('kind' in place) return place
    const number = (place.index === null ? 0 : (this.#sheets[place.index]?.rows ?? 0)) + 2
    if (number > MAX_ROWS) return rowError('SHEET_FULL', `the sheet ${place.name} has ${MAX_ROWS} rows`)
    const columns = unknown.length === 0 ? this.#columns : [...this.#columns, ...unknown]
    const widths: number[] = []
    let xml = ''
    for (const [i, field] of columns.entries()) {
      const value = row[field]
      if (value === undefined || value === null) continue
      const cell = this.#cell(field, value, columnName(i + 1), number)
      if (typeof cell !== 'string') return cell
      xml += cell
      widths[i] = Math.min(WIDTHS.most, shownUnits(value))
    }
    for (const field of unknown) this.#addColumn(field)
    const index = place.index ?? this.#addSheet({ name: place.name, rows: 0, widths: [] })
    this.#count(index, widths)
    return `${index} <row r="${number}">${xml}</row>\n`
  }

  end(): string {
    return ''
  }

  state(): Json {
    this.#state ??= {
      columns: [...this.#columns],
      sheets: this.#sheets.map(({ name, rows, widths }) => ({
        name,
        rows,
        widths: Array.from(widths, each => each ?? 0),
      })),
    }
    return this.#state
  }

  remake(): Remake {
    const { freeze, sheet, headers } = this.#rules
    const names = headers()
    const sheets =
      this.#sheets.length > 0 ? this.#sheets : [{ name: 'name' in sheet ? sheet.name : 'Sheet1', widths: [] }]
    const layout = {
      sheets: sheets.map(({ name, widths }) => ({ name, widths: [...widths] })),
      headers: this.#columns.map(field => (Object.hasOwn(names, field) ? (names[field] ?? field) : field)),
      freeze,
      scales: this.#scales,
    }
    return staged => madeWorkbook(staged, layout)
  }

  #refused(unknown: readonly string[]): RowError | null {
    const [field] = unknown
    if (field === undefined) return null
    if (this.#rules.named)
      return rowError('COLUMN_UNKNOWN', `the field ${JSON.stringify(field)} has no column`, { field })
    if (this.#columns.length + unknown.length <= MAX_COLUMNS) return null
    return rowError('TOO_MANY_COLUMNS', `the field ${JSON.stringify(field)} would be column ${MAX_COLUMNS + 1}`, {
      field,
    })
  }

  /** The row's sheet; its index is null if it isn't there yet. */
  #placeOf(row: Row): { readonly name: string; readonly index: number | null } | RowError {
    const { sheet } = this.#rules
    const name = 'name' in sheet ? sheet.name : String(row[sheet.field] ?? '')
    const index = this.#by_name.get(name.toLowerCase()) ?? null
    if (index !== null || 'name' in sheet) return { name, index }
    const { field } = sheet
    const problem = sheetNameProblem(name)
    if (problem !== null)
      return rowError('SHEET_NAME', `${JSON.stringify(name)} can’t name a sheet: ${problem}`, { field })
    if (this.#sheets.length === MAX_SHEETS)
      return rowError('TOO_MANY_SHEETS', `${JSON.stringify(name)} would be sheet ${MAX_SHEETS + 1}`, { field })
    return { name, index }
  }

  #cell(field: string, value: Exclude<Json, null>, column: string, row: number): string | RowError {
    const at = `${column}${row}`
    if (typeof value === 'number') return `<c r="${at}"><v>${value}</v></c>`
    if (typeof value === 'boolean') return `<c r="${at}" t="b"><v>${value ? 1 : 0}</v></c>`
    const text = typeof value === 'string' ? value : jsonText(value)
    if (text.length > MAX_TEXT)
      return rowError('TEXT_TOO_LONG', `${field} has ${text.length} characters, and a cell holds ${MAX_TEXT}`, {
        field,
      })
    if (typeof value === 'string') {
      const number = this.#numberCell(field, value, at) ?? this.#dateCell(field, value, at)
      if (number !== null) return number
    }
    // In one line of what is staged.
    const xml = escapedCell(text).replaceAll('\n', '&#10;')
    return textCell(column, row, xml, FORMULA.test(text) ? STYLES.quoted : STYLES.plain)
  }

  /** Of a decimal or a big integer, if a double holds it with all its digits. */
  #numberCell(field: string, text: string, at: string): string | null {
    const declared = this.#rules.fields.get(field)
    const exact = declared === undefined ? null : exactType(declared.schema)
    if (exact === null || text.replace(/^[-0.]+|[-.]/g, '').length > DOUBLE_DIGITS || !NUMBER.test(text)) return null
    const scale = exact.type === 'decimal' ? exact.scale : null
    const style = scale === null ? STYLES.plain : STYLES.decimals + this.#scales.indexOf(scale)
    return `<c r="${at}"${style === 0 ? '' : ` s="${style}"`}><v>${text}</v></c>`
  }

  #dateCell(field: string, text: string, at: string): string | null {
    const serial = this.#rules.dates.has(field) ? serialOf(text) : null
    if (serial === null) return null
    return `<c r="${at}" s="${text.includes('T') ? STYLES.date_time : STYLES.date}"><v>${serial}</v></c>`
  }

  #addColumn(field: string): void {
    this.#index.set(field, this.#columns.length)
    this.#columns.push(field)
    this.#state = null
  }

  #addSheet(sheet: OpenSheet): number {
    this.#by_name.set(sheet.name.toLowerCase(), this.#sheets.length)
    return this.#sheets.push(sheet) - 1
  }

  #count(index: number, widths: readonly number[]): void {
    const sheet = this.#sheets[index]
    if (sheet === undefined) throw new TypeError(`there is no sheet ${index}`)
    sheet.rows += 1
    for (const [i, width] of widths.entries())
      if (width !== undefined && width > (sheet.widths[i] ?? 0)) sheet.widths[i] = width
    this.#state = null
  }
}

/** What is taken for a formula when somebody edits the cell. */
const FORMULA = /^[=+\-@]/
const NUMBER = /^-?\d+(?:\.\d+)?$/
/** Any decimal of so many digits is a double's, and comes back from it as it was. */
const DOUBLE_DIGITS = 15

function shownUnits(value: Exclude<Json, null>): number {
  return typeof value === 'string' ? Math.max(...value.split('\n', 3).map(line => line.length)) : jsonText(value).length
}

/** Why a text can't name a sheet; null if it can. */
export function sheetNameProblem(name: string): string | null {
  if (name === '') return 'it is empty'
  if (name.length > NAME_UNITS) return `it is longer than ${NAME_UNITS} characters`
  if (/[[\]:*?/\\]/.test(name)) return 'it has one of [ ] : * ? / \\'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
  if (/[\0-\x1f]/.test(name)) return 'it has a control character'
  if (/^'|'$/.test(name)) return 'it begins or ends with a quote'
  return name.toLowerCase() === 'history' ? 'Excel keeps this name for itself' : null
}
