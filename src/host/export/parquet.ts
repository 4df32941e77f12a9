/** Tables as Parquet files. The package that writes them is an optional peer, loaded when it is needed. */
import type { SchemaElement } from 'hyparquet'
import type { ViewColumn } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import { type GroupColumn, GroupWriter, loadWriter, type Writer } from '../../plugins/parquet/group-writer.ts'
import { missingPeers } from '../../plugins/peers.ts'
import type { OpenFile } from './staged.ts'
import type { Cells, Columns } from './table-text.ts'
import type { TableFile, TableMaker } from './tables.ts'

const PACKAGE = 'hyparquet-writer'
/** Of a row group: that much is in memory. */
const GROUP_ROWS = 5_000

/** @throws CustodyError CUSTODY_PACKAGE_MISSING. */
export async function parquetTables(): Promise<TableMaker> {
  const missing = missingPeers(['--format'], [PACKAGE])
  if (missing !== null)
    throw new CustodyError('CUSTODY_PACKAGE_MISSING', `--format parquet needs the package ${PACKAGE}`, {
      hint: `Install it where Custody is installed: ${missing.install}`,
    })
  const library = await loadWriter()
  return (columns, file) => new ParquetTable(columns, file, library)
}

class ParquetTable implements TableFile {
  readonly #columns: ReadonlyArray<readonly [name: string, type: ViewColumn]>
  readonly #file: OpenFile
  readonly #writer: GroupWriter
  #rows: Cells[] = []

  constructor(columns: Columns, file: OpenFile, library: Writer) {
    this.#columns = Object.entries(columns)
    this.#file = file
    this.#writer = GroupWriter.of(library, this.#columns.map(columnOf))
  }

  row(cells: Cells): void {
    this.#rows.push(cells)
    if (this.#rows.length === GROUP_ROWS) this.#writeGroup()
  }

  end(): number {
    if (this.#rows.length > 0) this.#writeGroup()
    this.#file.write(this.#writer.end())
    return this.#file.bytes
  }

  #writeGroup(): void {
    const rows = this.#rows
    this.#rows = []
    const valuesOf = (column: number) => {
      const [name, type] = this.#columns[column] ?? []
      return name === undefined || type === undefined ? [] : rows.map(cells => cellOf(type, cells[name]))
    }
    this.#file.write(this.#writer.group(rows.length, valuesOf))
  }
}

const columnOf = ([name, type]: readonly [name: string, type: ViewColumn]): GroupColumn => ({
  name,
  elements: [{ name, repetition_type: 'OPTIONAL', ...ELEMENTS[type] }],
})

const ELEMENTS: { readonly [type in ViewColumn]: Omit<SchemaElement, 'name'> } = {
  integer: { type: 'INT64' },
  flag: { type: 'BOOLEAN' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  time: {
    ...{ type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
}

/** What the library takes for a cell. */
function cellOf(type: ViewColumn, value: unknown): unknown {
  if (value === null || value === undefined) return null
  switch (type) {
    case 'integer':
      return BigInt(value as number)
    case 'flag':
      return value === 1
    case 'time':
      return BigInt(Date.parse(value as string))
    case 'text':
    case 'json':
      return value
  }
}
