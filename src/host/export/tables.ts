/** The views of a run as files, one for each. All of the run is verified first, in the same snapshot: views say what the entries say. */
import { type LedgerReader, VIEW_COLUMNS, VIEW_NAMES, type ViewName } from '../../ledger/read-port.ts'
import { UnsoundRecord } from '../../read/evidence/unsound.ts'
import type { VerifyResult } from '../../read/verify/verify.ts'
import { parquetTables } from './parquet.ts'
import type { OpenFile, Staged } from './staged.ts'
import { type Cells, type Columns, csvLines, jsonLines, type TableText } from './table-text.ts'

export type TableFormat = 'jsonl' | 'csv' | 'parquet'

export interface WrittenTable {
  readonly file: string
  readonly rows: number
  readonly bytes: number
}

/** One file that is being written. */
export interface TableFile {
  row(cells: Cells): void
  /** Returns its bytes. */
  end(): number
}

/** Makes the file of a view. */
export type TableMaker = (columns: Columns, file: OpenFile) => TableFile

/** @throws CustodyError CUSTODY_PACKAGE_MISSING for parquet. */
export async function tableMaker(format: TableFormat): Promise<TableMaker> {
  if (format === 'parquet') return parquetTables()
  const textOf = format === 'jsonl' ? jsonLines : csvLines
  return (columns, file) => new TextTable(textOf(columns), file)
}

/** Of a run that was verified. `onRows` is called now and then. */
export async function writeTables(
  reader: Pick<LedgerReader, 'view'>,
  run: string,
  into: Staged,
  { format, make, onRows }: { format: TableFormat; make: TableMaker; onRows: (view: ViewName, rows: number) => void },
): Promise<readonly WrittenTable[]> {
  const written: WrittenTable[] = []
  for (const view of VIEW_NAMES) {
    const file = `${view}.${format}`
    const open = into.open(file)
    try {
      const table = make(VIEW_COLUMNS[view], open)
      let rows = 0
      for await (const cells of reader.view(view, run)) {
        table.row(cells)
        if (++rows % ROWS_A_REPORT === 0) onRows(view, rows)
      }
      written.push({ file, rows, bytes: table.end() })
    } finally {
      open.close()
    }
  }
  return written
}

const ROWS_A_REPORT = 10_000

/** @throws UnsoundRecord if a run that was verified by itself doesn't hold. */
export function mustHold({ ok, runs, ledger }: VerifyResult): void {
  if (ok) return
  const checks = [...runs.flatMap(each => each.checks), ...ledger.checks]
  throw new UnsoundRecord([...new Set(checks.flatMap(each => each.problems))])
}

/** So many characters are gathered before they are written. */
const WRITE_CHARACTERS = 1 << 18

class TextTable implements TableFile {
  readonly #text: TableText
  readonly #file: OpenFile
  #gathered: string

  constructor(text: TableText, file: OpenFile) {
    this.#text = text
    this.#file = file
    this.#gathered = text.head
  }

  row(cells: Cells): void {
    this.#gathered += this.#text.row(cells)
    if (this.#gathered.length > WRITE_CHARACTERS) this.#write()
  }

  end(): number {
    this.#write()
    return this.#file.bytes
  }

  #write(): void {
    this.#file.write(this.#gathered)
    this.#gathered = ''
  }
}
