/** A whole CSV file in memory, for plugins that look things up in one. */
import type { Row } from '../../model/row.ts'
import type { RowSchema } from '../../model/schema.ts'
import { compileRowSchema } from '../../sdk/schema-check.ts'
import { type InputPlace, sourceError } from './byte-reader.ts'
import { CsvFormat, separatorLine, unclosedQuote } from './csv-format.ts'
import { columnsOf } from './csv-header.ts'
import { csvLayout, csvOptions, encodingFrom, type TableOptions } from './csv-options.ts'
import { CsvScanner } from './csv-scanner.ts'
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

/** What a file begins with. */
export interface FileHead {
  /** Absolute. */
  readonly path: string
  readonly head: Buffer
  /** Whether that is all of it. */
  readonly whole: boolean
}

/**
 * The headers of a UTF-8 CSV file as they stand; null if it has no record.
 * @throws CustodyError CUSTODY_SOURCE, CUSTODY_UNCLOSED_QUOTE.
 */
export function csvHeaderIn({ path, head, whole }: FileHead, delimiter: string): readonly string[] | null {
  const place = { path, folder: '/' }
  const window = TextWindow.over(place, head, UTF8, whole)
  if (window.encoding !== UTF8) throw sourceError(place, `${path} is ${window.encoding.name}, not UTF-8`)
  const first = separatorLine(window.text)
  if (first !== null && first.delimiter !== delimiter)
    throw sourceError(place, `${path} says that ${JSON.stringify(first.delimiter)} stands between its cells`)
  window.at += first?.line.length ?? 0
  const layout = csvLayout(csvOptions.parse({ path, delimiter, normalise: false }))
  const scanner = new CsvScanner(layout)
  const wrong = (message: string) => sourceError(place, `the header of ${path} (line ${scanner.found_line}) ${message}`)
  for (;;) {
    switch (scanner.next(window)) {
      case 'record': {
        const columns = columnsOf(
          scanner.cells.map(cell => cell ?? ''),
          layout,
        )
        if (typeof columns === 'string') throw wrong(`is no list of columns: ${columns}`)
        return columns.names.length === 0 ? null : columns.names
      }
      case 'reject':
        throw wrong(`can’t be read: ${scanner.problem?.message}`)
      case 'unclosed':
        throw unclosedQuote(place, scanner.found_line)
      case 'more':
        if (whole) return null
        throw wrong('is too long')
      case 'blank':
      case 'comment':
    }
  }
}
