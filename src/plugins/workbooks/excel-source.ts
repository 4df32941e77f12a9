/** The `excel` source: its options and its description. */
import { z } from 'zod'
import type { RowSchema } from '../../model/schema.ts'
import { defineSource } from '../../sdk/define.ts'
import type { OptionProblem, PluginContext, SecretOption } from '../../sdk/spec.ts'
import { type InputPlace, inputName, type RandomAccess, sourceError } from '../sources/byte-reader.ts'
import { ADDED_ERRORS } from '../sources/one-file.ts'
import { openFiles } from '../sources/open-files.ts'
import { checkFileOptions, fieldsAdded, fileOptions, filesNamed, isOneFile, isReadable } from '../sources/options.ts'
import { type OpenTable, type TableFormat, TableSource } from '../sources/table-source.ts'
import { missingForStorage } from '../stores/options.ts'
import { MAX_COLUMNS, MAX_ROWS, parseRange } from './cell-address.ts'
import { CELL_ERRORS } from './cell-values.ts'
import { MergedCells } from './merged-cells.ts'
import { broken } from './package-file.ts'
import { mergedIn, rowsOf } from './sheet.ts'
import { openSheet, TABLE_ERRORS } from './sheet-table.ts'
import { openWorkbook, type SheetEntry, type Workbook } from './workbook.ts'
import { XmlError } from './xml.ts'

const excelOptions = z.strictObject({
  ...fileOptions,
  sheet: z
    .union([z.string().min(1), z.int().min(1)])
    .optional()
    .describe('The sheet, by name or by number from 1; if absent the first that isn’t hidden'),
  range: z
    .string()
    .refine(text => parseRange(text) !== null, { error: 'a range is written as B3, B3:F200, B3:F or B:F' })
    .optional()
    .describe(
      'Where the table is: `B3` begins there, `B3:F` ends with a column, `B3:F200` with a row as well; if absent all of the sheet',
    ),
  header: z.boolean().default(true).describe('Whether the first row that has a value names the columns'),
  columns: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Names of the columns where there is no header; else those of a `fixed` schema, else `column_1`, …'),
  normalise: z
    .boolean()
    .default(true)
    .describe('Whether headers that are no identifiers become ones: `Loan Amount` gives the field `loan_amount`'),
  error_cells: z
    .enum(['reject', 'null', 'text'])
    .default('reject')
    .describe('What a cell with an error such as `#N/A` is: a reason to reject its record, null, or its text'),
  merged_cells: z
    .enum(['reject', 'fill', 'first'])
    .default('reject')
    .describe(
      'What merged cells are: a reason to reject their records, the same value in each of them, or a value in the first and none in the others',
    ),
})
type ExcelOptions = z.infer<typeof excelOptions>

const ERRORS = { ...CELL_ERRORS, ...TABLE_ERRORS }

class ExcelFormat implements TableFormat {
  readonly errors = ERRORS
  readonly #options: ExcelOptions
  readonly #schema: RowSchema

  constructor(options: ExcelOptions, schema: RowSchema) {
    this.#options = options
    this.#schema = schema
  }

  async open(access: RandomAccess, place: InputPlace): Promise<OpenTable> {
    const workbook = await openWorkbook(access, place)
    const { sheet, warnings } = chosen(workbook.sheets, this.#options.sheet, place)
    try {
      const table = await this.#table(workbook, sheet, access.bytes, place)
      const records = (skip: number, until: number) => withPlace(place, table.records(skip, until))
      const { range } = this.#options
      const where = `${range === undefined ? '' : `${range} of `}the sheet ${sheet.name}`
      const nothing = table.isEmpty ? [`${place.path} has no value in ${where}`] : []
      return { ...table, warnings: [...warnings, ...nothing, ...table.warnings], records }
    } catch (error) {
      throw asSourceError(place, error)
    }
  }

  async #table({ parts, strings, ...rules }: Workbook, { part }: SheetEntry, bytes: number, place: InputPlace) {
    const { range, columns = null, ...options } = this.#options
    const all = { top: 1, left: 1, bottom: MAX_ROWS, right: MAX_COLUMNS }
    const merged = options.merged_cells === 'first' ? [] : await mergedIn(await parts.chunks(part))
    const texts = await strings()
    const size = Math.max(1, parts.sizeOf(part))
    const rows = closing(rowsOf(await parts.chunks(part), texts), () => texts.close())
    return await openSheet(
      rows,
      new MergedCells(merged),
      {
        ...rules,
        ...options,
        columns,
        schema: this.#schema,
        range: (range === undefined ? null : parseRange(range)) ?? all,
      },
      position => Math.min(bytes, Math.floor((position / size) * bytes)),
      place,
    )
  }
}

function chosen(sheets: readonly SheetEntry[], wanted: string | number | undefined, place: InputPlace) {
  const names = sheets.map(({ name }) => name).join(', ')
  if (wanted === undefined) {
    const sheet = sheets.find(({ hidden }) => !hidden) ?? sheets[0]
    if (sheet === undefined) throw broken(place, 'it has no sheet with cells')
    const others = sheets.length > 1 ? [`${place.path} has the sheets ${names}; ${sheet.name} is read`] : []
    return { sheet, warnings: others }
  }
  const sheet = typeof wanted === 'number' ? sheets[wanted - 1] : sheets.find(({ name }) => name === wanted)
  if (sheet !== undefined) return { sheet, warnings: [] }
  const message = `${inputName(place)} has no sheet ${typeof wanted === 'number' ? `number ${wanted}` : JSON.stringify(wanted)}`
  throw sourceError(place, message, `Its sheets are ${names}.`)
}

async function* closing<T>(items: AsyncIterable<T>, close: () => void): AsyncGenerator<T> {
  try {
    yield* items
  } finally {
    close()
  }
}

async function* withPlace<T>(place: InputPlace, items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items
  } catch (error) {
    throw asSourceError(place, error)
  }
}

const asSourceError = (place: InputPlace, error: unknown) =>
  error instanceof XmlError ? broken(place, error.message, error) : error

function check(options: ExcelOptions, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  const problems = [...checkFileOptions(options, secrets)]
  if (options.header && options.columns !== undefined)
    problems.push({
      path: ['columns'],
      message: 'the header names the columns',
      hint: 'Remove it, or set header: false.',
    })
  if (new Set(options.columns).size < (options.columns?.length ?? 0))
    problems.push({ path: ['columns'], message: 'a column stands twice' })
  return problems
}

/** Without a header and with named columns the fields are known. */
function yields({ header, columns = [] }: ExcelOptions): RowSchema {
  const names = header ? [] : columns
  const fields = new Map(names.map(name => [name, { schema: {}, optional: true }]))
  return { fields, closed: names.length > 0, observed: names.length === 0 }
}

export const excelSource = defineSource({
  name: 'excel',
  summary: 'Reads a sheet of an Excel workbook (xlsx, xlsm), one row per record',
  description: [
    'Numbers are numbers, texts are texts, and true and false are what they are; empty cells and empty texts are null. Cells that are',
    'formatted as dates are ISO 8601 texts without a zone: `2026-01-31`, `2026-01-31T14:05:00` where there is a time, `14:05:00` for a',
    'time of day, `27:30:00` for a duration; workbooks that count from 1904 are understood. Of formulas the calculated value is read',
    'that stands in the file.',
    '',
    'A schema converts texts, as it does for CSV. Numbers become texts for a field that is declared `string`, and for one that is',
    'declared `decimal` or `big_integer` with 15 digits, which is what Excel itself counts on: what a calculation with doubles has left behind them goes.',
    '',
    'The header is the first row that has a value, and names the columns up to its last value; headers become fields as those of CSV files',
    'do. Rows without a value are skipped. A record’s line is its row in the sheet. Hidden rows, columns and sheets are read as others are.',
    '',
    'The file is read from anywhere, and hashed as a whole: its hash on record is that of all its bytes. Old workbooks (.xls), binary ones',
    '(.xlsb) and those with a password stop the run with CUSTODY_INPUT_FORMAT.',
  ].join('\n'),
  options: excelOptions,
  determinism: 'deterministic',
  errors: { ...ERRORS, ...ADDED_ERRORS },
  examples: [
    { title: 'The first sheet', options: { path: 'data/orders.xlsx' } },
    {
      title: 'A table within a sheet, with a title above it',
      options: { path: 'data/report.xlsx', sheet: 'Q3', range: 'B4:H' },
    },
    { title: 'Many workbooks', options: { path: 'in/*.xlsx', path_field: 'workbook', merged_cells: 'fill' } },
  ],
  check,
  rereadable: isReadable,
  uncut: isOneFile,
  missing: missingForStorage,
  reads: filesNamed,
  textual: true,
  yields,
  adds: fieldsAdded,
  create(options: ExcelOptions, context: PluginContext) {
    const format = new ExcelFormat(options, context.input)
    return openFiles(options, context, (place, settings) => new TableSource(place, format, settings))
  },
})
