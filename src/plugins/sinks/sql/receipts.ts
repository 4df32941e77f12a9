/**
 * Receipts: what this database has of a run, in a table of its own, written in the transactions that write the rows.
 *
 * RECEIPTS-1. A request is taken with its receipt or not at all, so that a receipt answers what was asked, however often it is asked.
 * RECEIPTS-2. The first statement of a transaction locks the sink's own line, and puts its epoch there: nobody with a lower one writes after that.
 */

import { parseJson } from '../../../model/json.ts'
import type { Refused } from '../../../sdk/spec.ts'
import type { Database } from '../../databases/database.ts'
import { type Dialect, quotedTable, type TableName } from '../../databases/dialect.ts'

/** Whose receipts. */
export interface Writer {
  readonly run: string
  /** 0; of a split its number: what it is sent is fenced, and remembered, by itself. */
  readonly part: number
  readonly sink: string
}

export interface BatchReceipt {
  readonly rows: number
  readonly refused: ReadonlyMap<number, Refused>
}

export type Fence = 'open' | 'closed'

/** Of the line that holds the sink's epoch. */
const FENCE = ''

const TYPES = { postgres: 'text', mysql: 'varchar(160)', sqlite: 'text', duckdb: 'varchar' } as const

export class Receipts {
  readonly #dialect: Dialect
  readonly #table: TableName
  readonly #name: string

  constructor(dialect: Dialect, table: TableName) {
    this.#dialect = dialect
    this.#table = table
    this.#name = quotedTable(dialect, table)
  }

  get table(): TableName {
    return this.#table
  }

  /** For whoever may make tables, where the connection may not. */
  get ddl(): string {
    const { kind } = this.#dialect
    const text = TYPES[kind]
    const engine = kind === 'mysql' ? ' ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : ''
    return `CREATE TABLE IF NOT EXISTS ${this.#name} (run ${text} NOT NULL, part integer NOT NULL, sink ${text} NOT NULL, \
batch ${text} NOT NULL, epoch integer NOT NULL, row_count integer NOT NULL, refused ${kind === 'mysql' ? 'longtext' : text} NOT NULL, \
written_at ${kind === 'mysql' ? 'varchar(40)' : text} NOT NULL, PRIMARY KEY (run, part, sink, batch))${engine}`
  }

  /** Locks the sink's line. `closed`: somebody with a higher epoch has written. @throws DatabaseError */
  async fence(database: Database, { run, part, sink }: Writer, epoch: number): Promise<Fence> {
    const { kind } = this.#dialect
    const [most, given] =
      kind === 'sqlite'
        ? ['max', 'excluded.epoch']
        : ['greatest', kind === 'mysql' ? 'VALUES(epoch)' : 'excluded.epoch']
    const own = kind === 'mysql' ? 'epoch' : `${this.#name}.epoch`
    const again = kind === 'mysql' ? 'ON DUPLICATE KEY UPDATE' : 'ON CONFLICT (run, part, sink, batch) DO UPDATE SET'
    await this.#insert(
      database,
      [run, part, sink, FENCE, epoch, 0, '', now()],
      `${again} epoch = ${most}(${own}, ${given})`,
    )
    const { records } = await database.ask(`SELECT epoch FROM ${this.#name} WHERE ${this.#where()}`, [
      run,
      part,
      sink,
      FENCE,
    ])
    return Number(records[0]?.[0]) > epoch ? 'closed' : 'open'
  }

  /** null: it wasn't taken. `batch`: the key of its first row. @throws DatabaseError */
  async find(database: Database, { run, part, sink }: Writer, batch: string): Promise<BatchReceipt | null> {
    const { records } = await database.ask(`SELECT row_count, refused FROM ${this.#name} WHERE ${this.#where()}`, [
      run,
      part,
      sink,
      batch,
    ])
    const [found] = records
    return found === undefined ? null : { rows: Number(found[0]), refused: refusedIn(String(found[1])) }
  }

  /** @throws DatabaseError */
  async add(
    database: Database,
    { run, part, sink }: Writer,
    batch: string,
    epoch: number,
    receipt: BatchReceipt,
  ): Promise<void> {
    const refused = JSON.stringify(Array.from(receipt.refused, ([place, { code, message }]) => [place, code, message]))
    await this.#insert(database, [run, part, sink, batch, epoch, receipt.rows, refused, now()])
  }

  async #insert(database: Database, values: readonly (string | number)[], more = ''): Promise<void> {
    const places = values.map((_, i) => this.#dialect.placeholder(i + 1)).join(', ')
    const columns = 'run, part, sink, batch, epoch, row_count, refused, written_at'
    await database.ask(`INSERT INTO ${this.#name} (${columns}) VALUES (${places}) ${more}`, values)
  }

  #where(): string {
    const { placeholder } = this.#dialect
    return ['run', 'part', 'sink', 'batch'].map((column, i) => `${column} = ${placeholder(i + 1)}`).join(' AND ')
  }
}

/** For people; nothing depends on it. */
const now = (): string => new Date().toISOString()

function refusedIn(text: string): ReadonlyMap<number, Refused> {
  // cast: `add` wrote it, in the same table.
  const found = parseJson(text) as ReadonlyArray<readonly [place: number, code: string, message: string]>
  return new Map(found.map(([place, code, message]) => [place, { code, message }]))
}
