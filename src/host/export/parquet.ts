/** Tables as Parquet files. The package that writes them is an optional peer, loaded when it is needed. */
import type { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { ViewColumn } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import { missingPeers } from '../../plugins/peers.ts'
import type { OpenFile } from './staged.ts'
import type { Cells, Columns } from './table-text.ts'
import type { TableFile, TableMaker } from './tables.ts'

type SchemaElement = ParquetWriter['schema'][number]

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
  const library = await import('hyparquet-writer')
  return (columns, file) => new ParquetTable(columns, file, library)
}

interface Library {
  readonly ByteWriter: typeof ByteWriter
  readonly ParquetWriter: typeof ParquetWriter
}

class ParquetTable implements TableFile {
  readonly #columns: ReadonlyArray<readonly [name: string, type: ViewColumn]>
  readonly #file: OpenFile
  readonly #bytes: ByteWriter
  readonly #writer: ParquetWriter
  #rows: Cells[] = []

  constructor(columns: Columns, file: OpenFile, library: Library) {
    this.#columns = Object.entries(columns)
    this.#file = file
    this.#bytes = new library.ByteWriter()
    this.#writer = new library.ParquetWriter({
      writer: this.#bytes,
      schema: schemaOf(this.#columns),
      createdBy: 'custody',
    })
  }

  row(cells: Cells): void {
    this.#rows.push(cells)
    if (this.#rows.length === GROUP_ROWS) this.#writeGroup()
  }

  end(): number {
    if (this.#rows.length > 0) this.#writeGroup()
    this.#writer.finish()
    this.#flush()
    return this.#file.bytes
  }

  #writeGroup(): void {
    const rows = this.#rows
    const columnData = this.#columns.map(([name, type]) => ({
      name,
      data: rows.map(cells => cellOf(type, cells[name])),
    }))
    this.#writer.write({ columnData, rowGroupSize: rows.length })
    this.#rows = []
    this.#flush()
  }

  #flush(): void {
    this.#file.write(this.#bytes.getBytes())
    this.#bytes.index = 0
  }
}

function schemaOf(columns: ReadonlyArray<readonly [name: string, type: ViewColumn]>): SchemaElement[] {
  const leaves = columns.map(
    ([name, type]): SchemaElement => ({ name, repetition_type: 'OPTIONAL', ...ELEMENTS[type] }),
  )
  return [{ name: 'root', num_children: columns.length }, ...leaves]
}

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
