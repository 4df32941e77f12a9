/** A whole CSV file in memory, for plugins that look things up in one. */
import type { Row } from '../../model/row.ts'
import type { RowSchema } from '../../model/schema.ts'
import { compileRowSchema } from '../../sdk/schema-check.ts'
import { ByteReader, type InputPlace, sourceError } from './byte-reader.ts'
import { CsvFormat } from './csv-format.ts'
import { csvLayout, csvOptions, encodingFrom, type TableOptions } from './csv-options.ts'
import { UTF8 } from './encoding.ts'
import { FileSource } from './file-source.ts'
import { TextWindow } from './text-window.ts'

/** A record that can't be read, or isn't what the schema says. */
export interface BadRecord {
  /** At which it begins, from 1. */
  readonly line: number
  readonly code: string
  readonly message: string
}

export interface CsvTable {
  /** The same fields in each row, in the order of the file; none if the file is empty. */
  readonly columns: readonly string[]
  /** Cells are texts, empty ones null; those that the schema declares have its types. */
  readonly rows: readonly Row[]
  /** The line at which each row begins, from 1. */
  readonly lines: readonly number[]
  readonly bad: readonly BadRecord[]
}

/**
 * Reads a CSV file as the `csv` source does.
 * @param schema columns that must be there in any case, with their types
 * @throws CustodyError CUSTODY_FILE_NOT_FOUND; CUSTODY_SOURCE if the file or its header can't be read; CUSTODY_INPUT_FORMAT;
 *   CUSTODY_UNCLOSED_QUOTE.
 */
export async function readCsvTable(place: InputPlace, options: TableOptions, schema: RowSchema): Promise<CsvTable> {
  const format = new CsvFormat(place, csvLayout(options, schema))
  const source = new FileSource(place, format, { encoding: encodingFrom(options), hashes: false })
  const check = compileRowSchema(schema, { textual: true })
  const rows: Row[] = []
  const lines: number[] = []
  const bad: BadRecord[] = []
  try {
    for await (const records of source.read(null)) {
      for (const record of records) {
        const { line } = record
        const checked = record.kind === 'row' ? check(record.row) : record
        if ('message' in checked) bad.push({ line, code: checked.code, message: checked.message })
        else if ('row' in checked) {
          rows.push(checked.row)
          lines.push(line)
        }
      }
    }
  } finally {
    await source.close()
  }
  // Without a header the first record says how many columns there are.
  const columns = format.columns.length > 0 ? format.columns : Object.keys(rows[0] ?? {})
  return { columns, rows, lines, bad }
}

/**
 * The headers of a UTF-8 CSV file as they stand; null if it has no record.
 * @param path absolute
 * @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_SOURCE.
 */
export async function readCsvHeader(path: string, delimiter: string): Promise<readonly string[] | null> {
  const place = { path, folder: '/' }
  const layout = csvLayout(csvOptions.parse({ path, delimiter, normalise: false }))
  const bytes = await ByteReader.open(place, { hashes: false })
  try {
    const window = await TextWindow.open(bytes, UTF8)
    if (window.encoding !== UTF8) throw sourceError(place, `${path} is ${window.encoding.name}, not UTF-8`)
    const format = new CsvFormat(place, layout)
    await format.head(window, false)
    return format.columns.length === 0 ? null : format.columns
  } finally {
    await bytes.close()
  }
}
