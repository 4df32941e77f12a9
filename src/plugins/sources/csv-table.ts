/** A whole CSV file in memory, for plugins that look things up in one. */
import type { Row } from '../../model/row.ts'
import { ByteReader, type InputPlace, inputName, sourceError } from './byte-reader.ts'
import { CsvFormat } from './csv-format.ts'
import { csvLayout, csvOptions, encodingFrom, type TableOptions } from './csv-options.ts'
import { UTF8 } from './encoding.ts'
import { FileSource } from './file-source.ts'
import { TextWindow } from './text-window.ts'

export interface CsvTable {
  /** The same fields in each row, in the order of the file; none if the file is empty. */
  readonly columns: readonly string[]
  /** Cells are texts, empty ones null. */
  readonly rows: readonly Row[]
  /** The line at which each row begins, from 1. */
  readonly lines: readonly number[]
}

/**
 * Reads a CSV file that must be sound: there is no row that could carry a problem.
 * @param options as of the `csv` source, without `path`
 * @throws CustodyError CUSTODY_FILE_NOT_FOUND; CUSTODY_SOURCE if it can't be read or a record is malformed.
 */
export async function readCsvTable(place: InputPlace, options: Partial<TableOptions> = {}): Promise<CsvTable> {
  const full = csvOptions.parse({ ...options, path: place.path })
  const format = new CsvFormat(place, csvLayout(full))
  const source = new FileSource(place, format, { encoding: encodingFrom(full), hashes: false })
  const rows: Row[] = []
  const lines: number[] = []
  try {
    for await (const records of source.read(null)) {
      for (const record of records) {
        if (record.kind !== 'row') {
          throw sourceError(place, `${inputName(place)}, line ${record.line}: ${record.message}`, 'Fix the file.')
        }
        rows.push(record.row)
        lines.push(record.line)
      }
    }
  } finally {
    await source.close()
  }
  return { columns: format.columns, rows, lines }
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
