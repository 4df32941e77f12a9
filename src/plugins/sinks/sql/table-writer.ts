/**
 * A sink that writes a table: each request is one transaction, which writes its rows, and a receipt of what became of them.
 *
 * TABLE-WRITER-1. What a receipt says is the answer: a request that is made again, by whatever process, writes nothing a second time.
 * TABLE-WRITER-2. Nothing is written by a process whose run, or split, another one has taken over, once that has written, or has given the run up.
 * TABLE-WRITER-3. Only what the table refuses of a row is that row's error.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { CustodyError } from '../../../model/error.ts'
import type { Row } from '../../../model/row.ts'
import { rowError } from '../../../sdk/results.ts'
import type { Keyed, OutboundSink, Outgoing, Refused, RowError, SendTry, Sent, SinkContext } from '../../../sdk/spec.ts'
import type { Database } from '../../databases/database.ts'
import { DatabaseError } from '../../databases/database-error.ts'
import { type DatabaseKind, DIALECTS, type TableName } from '../../databases/dialect.ts'
import { openDatabase } from '../../databases/open.ts'
import { tableOf } from '../../databases/options.ts'
import type { DatabasePlace } from '../../databases/place.ts'
import { Application, type Record } from './apply-rows.ts'
import { columnNames, recordOf } from './columns.ts'
import { createTable } from './create.ts'
import { notPrepared, notSent, REPLACED } from './failures.ts'
import { guardSession, IDLE_S } from './guard.ts'
import { isFileThere, makeFile } from './made-file.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { placeOf, type SqlSinkOptions, serviceOf } from './options.ts'
import { type BatchReceipt, Receipts, type Writer } from './receipts.ts'
import { needRights } from './rights.ts'
import type { Target } from './statements.ts'
import { engineWithout, isThere, type Table, tableIn, uniqueKeys } from './table.ts'
import { Misfit } from './values.ts'

interface Connected {
  readonly database: Database
  readonly table: Table
}

/** Tries of one request before it counts as an outage: a connection that was cut while nobody looked, a deadlock. */
const TRIES = 3

/** A server ends a transaction in which nothing is asked by then. */
const FENCE_MS = (IDLE_S + 15) * 1000
/** Before who stands in the way is asked again. */
const FENCE_AGAIN_MS = 500

type Rows = readonly [Keyed<Outgoing>, ...Keyed<Outgoing>[]]

export class TableWriter implements OutboundSink {
  readonly #kind: DatabaseKind
  readonly #options: SqlSinkOptions
  readonly #context: SinkContext
  readonly #place: DatabasePlace
  readonly #target: Target
  readonly #names: ReadonlyMap<string, string> | null
  readonly #receipts: Receipts
  readonly #writer: Writer
  readonly #service: string
  #connected: Connected | null = null
  /** Nothing is opened any more: a request may still be under way. */
  #closed = false

  constructor(kind: DatabaseKind, options: SqlSinkOptions, context: SinkContext) {
    this.#kind = kind
    this.#options = options
    this.#context = context
    this.#place = placeOf(kind, options, context.folder)
    const table = tableOf(options.table)
    this.#target = { table, mode: options.mode, key: options.key ?? [] }
    this.#names = columnNames(options.columns)
    this.#receipts = new Receipts(DIALECTS[kind], receiptsTable(options, table))
    this.#writer = { run: context.run, part: context.part ?? 0, sink: context.node }
    this.#service = serviceOf(kind, options)
  }

  // ── before the run ────────────────────────────────────────────────────────────────────────────────────────────────

  async prepare(): Promise<void> {
    const { create } = this.#options
    const place = this.#place
    if ('path' in place) {
      const used = this.#context.inUse?.(place.path) ?? null
      if (used !== null) throw this.#problem('CUSTODY_SAME_OUTPUT', `${place.shown} is a file ${used}`)
      if (create === 'if_missing' && !isFileThere(place)) return
    }
    let database: Database | null = null
    try {
      database = await openDatabase(place)
      await this.#look(database)
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      throw notPrepared(error, this.#context.node, database?.shown ?? shownOf(place))
    } finally {
      await database?.close()
    }
  }

  /** Whether the table is as it is needed. */
  async #look(database: Database): Promise<void> {
    const { table: name, key } = this.#target
    const shown = name.join('.')
    const table = await tableIn(database, name)
    if (table === null) {
      if (this.#options.create === 'if_missing') return
      const hint = 'Make it, or write `create: if_missing`; where it lies in another schema, write schema.table.'
      throw this.#problem('CUSTODY_TABLE', `${database.shown} has no table ${shown}`, hint)
    }
    const { fields, closed } = this.#context.input
    const written = [...(this.#names?.values() ?? (closed ? fields.keys() : [])), ...key]
    const lacking = [...new Set(written)].filter(column => !table.columns.has(column))
    if (lacking.length > 0)
      throw this.#problem(
        'CUSTODY_TABLE',
        `the table ${shown} has no column ${lacking.join(', ')}`,
        `Its columns: ${[...table.columns.keys()].join(', ')}. Write \`columns: {field: column}\`, or change the table.`,
      )
    const engine = await engineWithout(database, name)
    if (engine !== null)
      throw this.#problem(
        'CUSTODY_TABLE',
        `the table ${shown} is kept by ${engine}, which has no transactions`,
        'Use InnoDB.',
      )
    if (key.length > 0 && !(await uniqueKeys(database, name)).some(each => isSameSet(each, key)))
      throw this.#problem(
        'CUSTODY_TABLE',
        `the table ${shown} has no key or unique index of ${key.join(', ')}`,
        `Make one: CREATE UNIQUE INDEX … ON ${shown} (${key.join(', ')}).`,
      )
    const receipts = this.#receipts.table
    const columns = written.length > 0 ? [...new Set(written)] : [...table.columns.keys()]
    await needRights(database, this.#target, columns, (await isThere(database, receipts)) ? receipts : null)
  }

  #problem(code: 'CUSTODY_TABLE' | 'CUSTODY_SAME_OUTPUT', message: string, hint?: string): CustodyError {
    return new CustodyError(code, message, { where: { node: this.#context.node }, hint })
  }

  // ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  request(row: Row): Outgoing | RowError {
    const record = recordOf(row, this.#names)
    const lacking = keyProblem(record, this.#target.key)
    return lacking ?? { kind: 'outgoing', service: this.#service, request: record }
  }

  async send(rows: Rows, { signal, epoch }: SendTry): Promise<Sent> {
    const giveUp = () => void this.#drop()
    signal.addEventListener('abort', giveUp)
    try {
      return await this.#settle(rows, epoch, signal)
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  /** Whoever has a transaction under way is waited for as long as a server lets it sleep. */
  async fence(epoch: number, signal: AbortSignal): Promise<void> {
    const until_ms = performance.now() + FENCE_MS
    const is_file = 'path' in this.#place
    for (;;) {
      try {
        return await oneAtATime(this.#place.kind === 'sqlite' ? this.#place.path : null, () => this.#fence(epoch))
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error
        const waits = error.isPassing && (is_file || error.kind !== 'unreachable')
        if (!waits || signal.aborted || performance.now() > until_ms)
          throw new CustodyError('CUSTODY_SINK', error.message, { where: { node: this.#context.node }, cause: error })
      }
      await sleep(FENCE_AGAIN_MS, null, { signal }).catch(() => null)
    }
  }

  async #fence(epoch: number): Promise<void> {
    if ('path' in this.#place && this.#options.create === 'if_missing') await makeFile(this.#place)
    const database = await openDatabase(this.#place)
    try {
      await guardSession(database)
      if (!(await isThere(database, this.#receipts.table))) await this.#makeReceipts(database)
      await this.#begin(database)
      await this.#receipts.fence(database, this.#writer, epoch)
      await database.commit()
    } finally {
      await database.close()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#drop()
  }

  async #settle(rows: Rows, epoch: number, signal: AbortSignal): Promise<Sent> {
    const doubt = { any: false }
    const file = this.#place.kind === 'sqlite' ? this.#place.path : null
    for (let tries = 1; ; tries++) {
      try {
        return await oneAtATime(file, () => this.#transactOrNot(rows, epoch, doubt))
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error
        // What is known of the table may not hold any more.
        if (!error.isPassing || this.#connected?.database.isLost !== false) await this.#drop()
        const again = error.kind === 'lost' || error.kind === 'conflict'
        if (!again || tries === TRIES || signal.aborted || this.#closed) return notSent(error, doubt.any)
      }
    }
  }

  /** @throws DatabaseError, with nothing of the transaction left. */
  async #transactOrNot(rows: Rows, epoch: number, doubt: { any: boolean }): Promise<Sent> {
    try {
      return await this.#transact(rows, epoch, doubt)
    } catch (error) {
      await this.#connected?.database.rollback()
      throw error
    }
  }

  /** @throws DatabaseError. `doubt`: becomes true if nobody knows whether its transaction was committed. */
  async #transact(rows: Rows, epoch: number, doubt: { any: boolean }): Promise<Sent> {
    const connected = await this.#connect()
    const { database } = connected
    await this.#begin(database)
    if ((await this.#receipts.fence(database, this.#writer, epoch)) === 'closed') {
      await database.rollback()
      return REPLACED
    }
    const [{ key: batch }] = rows
    const known = await this.#receipts.find(database, this.#writer, batch)
    if (known !== null) {
      await database.rollback()
      if (known.rows === rows.length) return this.#answer(known)
      throw new DatabaseError('statement', `a receipt of ${known.rows} rows is there for a request of ${rows.length}`)
    }
    const receipt = await this.#write(connected, rows, epoch)
    await this.#receipts.add(database, this.#writer, batch, epoch, receipt)
    try {
      await database.commit()
    } catch (error) {
      doubt.any ||= error instanceof DatabaseError && error.kind === 'lost'
      throw error
    }
    doubt.any = false
    return this.#answer(receipt)
  }

  async #write({ database, table }: Connected, rows: Rows, epoch: number): Promise<BatchReceipt> {
    const restart = async () => {
      await database.rollback()
      await this.#begin(database)
      if ((await this.#receipts.fence(database, this.#writer, epoch)) === 'closed')
        throw new DatabaseError('conflict', 'another process writes for this run')
    }
    const application = new Application({ database, target: this.#target, types: table.types, restart })
    const refused = new Map<number, Refused>()
    const records: Record[] = []
    for (const [place, { outgoing }] of rows.entries()) {
      // cast: `request` made it of a row.
      const record = paramsOf(outgoing.request as Row, place, table)
      if ('code' in record) refused.set(place, record)
      else records.push(record)
    }
    await application.write(records)
    for (const [place, why] of application.refused) refused.set(place, why)
    return { rows: rows.length, refused: new Map([...refused].sort(([a], [b]) => a - b)) }
  }

  #answer({ rows, refused }: BatchReceipt): Sent {
    return { kind: 'accepted', response: { rows, refused: refused.size }, refused }
  }

  // ── the connection ────────────────────────────────────────────────────────────────────────────────────────────────

  async #connect(): Promise<Connected> {
    if (this.#connected?.database.isLost === false) return this.#connected
    await this.#drop()
    if ('path' in this.#place && this.#options.create === 'if_missing') await makeFile(this.#place)
    if (this.#closed) throw new DatabaseError('lost', 'the sink is closed')
    const database = await openDatabase(this.#place)
    try {
      await guardSession(database)
      if (!(await isThere(database, this.#receipts.table))) await this.#makeReceipts(database)
      const { table: name } = this.#target
      let table = await tableIn(database, name)
      if (table === null && this.#options.create === 'if_missing') {
        await makeTable(database, name, createTable(database.dialect, this.#target, this.#context.input, this.#names))
        table = await tableIn(database, name)
      }
      if (table === null) throw new DatabaseError('missing', `there is no table ${name.join('.')}`)
      if (this.#closed) throw new DatabaseError('lost', 'the sink is closed')
      this.#connected = { database, table }
      return this.#connected
    } catch (error) {
      await database.close()
      throw error
    }
  }

  async #makeReceipts(database: Database): Promise<void> {
    try {
      await makeTable(database, this.#receipts.table, this.#receipts.ddl)
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.kind !== 'denied') throw error
      throw new DatabaseError('denied', `the table for receipts can’t be made: ${error.message}`, {
        hint: `Have it made, with the right to read, insert and update there: ${this.#receipts.ddl}`,
        cause: error,
      })
    }
  }

  async #begin(database: Database): Promise<void> {
    await database.begin('write')
    // What is checked at the end of a transaction by default would be the request's error, not the row's.
    if (this.#kind === 'postgres') await database.ask('SET CONSTRAINTS ALL IMMEDIATE')
  }

  async #drop(): Promise<void> {
    const connected = this.#connected
    this.#connected = null
    await connected?.database.close()
  }
}

/** Others may make it at the same moment: what PostgreSQL says then isn't of interest, if it is there. @throws DatabaseError */
async function makeTable(database: Database, name: TableName, statement: string): Promise<void> {
  try {
    await database.ask(statement)
  } catch (error) {
    if (database.isLost || !(await isThere(database, name))) throw error
  }
}

function receiptsTable({ receipts }: SqlSinkOptions, table: TableName): TableName {
  if (receipts !== undefined) return tableOf(receipts)
  // cast: what stands before the last name, with another one.
  return [...table.slice(0, -1), 'custody_receipts'] as unknown as TableName
}

const shownOf = (place: DatabasePlace): string => ('path' in place ? place.shown : place.address.shown)

function isSameSet(one: ReadonlySet<string>, other: readonly string[]): boolean {
  return one.size === new Set(other).size && other.every(each => one.has(each))
}

export function keyProblem(record: Row, key: readonly string[]): RowError | null {
  const lacking = key.find(column => (record[column] ?? null) === null)
  return lacking === undefined
    ? null
    : rowError('SQL_CONSTRAINT', `the key ${lacking} is null, or missing`, { field: lacking })
}

function paramsOf(row: Row, place: number, { columns }: Table): Record | Refused {
  const names: string[] = []
  const values: Record['values'][number][] = []
  for (const name in row) {
    const paramOf = columns.get(name)
    if (paramOf === undefined) return { code: 'SQL_COLUMN', message: `the table has no column ${JSON.stringify(name)}` }
    const param = paramOf(row[name] ?? null)
    if (param instanceof Misfit) return { code: 'SQL_VALUE', message: `${name}: ${param.why}` }
    names.push(name)
    values.push(param)
  }
  return { place, columns: names, values }
}
