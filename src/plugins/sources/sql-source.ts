/**
 * A source that reads a table or a query.
 *
 * A position is `{row, bytes}`: how many rows stand before it, and how long their texts are. Where a range begins and ends: sql-cut.ts.
 *
 * SQL-SOURCE-1. All that is read over one connection is from one snapshot.
 * SQL-SOURCE-2. Whatever stood before a position is read again before anything behind it is yielded, and has the same hash, or reading ends: over a
 *     new connection within this process here, after a crash in the engine.
 * SQL-SOURCE-3. No more than a few hundred rows are held at a time.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { CustodyError } from '../../model/error.ts'
import { counted } from '../../model/number-text.ts'
import { isObject, type Json } from '../../model/row.ts'
import type {
  CutLimits,
  PluginContext,
  ResumePoint,
  Source,
  SourceHead,
  SourceRange,
  SourceRecord,
} from '../../sdk/spec.ts'
import type { Database, Stream } from '../databases/database.ts'
import { DatabaseError } from '../databases/database-error.ts'
import { DIALECTS } from '../databases/dialect.ts'
import { openDatabase } from '../databases/open.ts'
import type { DatabasePlace } from '../databases/place.ts'
import { LineHash } from './line-hash.ts'
import { asSqlRange, conditionOf, isCutRefused, SqlCut, type SqlRange } from './sql-cut.ts'
import { isUncut, type SqlSourceOptions } from './sql-options.ts'
import { queryOf } from './sql-query.ts'
import { numbersOf, RowMaker } from './sql-records.ts'

interface Position {
  readonly row: number
  readonly bytes: number
  readonly [more: string]: Json
}

/** A snapshot that is read. */
interface Open {
  readonly database: Database
  readonly stream: Stream
  readonly maker: RowMaker
  readonly warnings: readonly string[]
}

const FIRST_WAIT_MS = 250
const MOST_WAIT_MS = 5_000
const START: Position = { row: 0, bytes: 0 }

export class SqlSource implements Source {
  readonly #place: DatabasePlace
  readonly #options: SqlSourceOptions
  readonly #context: Pick<PluginContext, 'node' | 'input'>
  readonly #reconnect_ms: number
  /** What is read; null: all. */
  #range: SqlRange | null = null
  /** What is to be cut, from when it was asked how long it is. */
  #cutting: { readonly database: Database; readonly cut: SqlCut } | null = null
  #open: Open | null = null
  #lines = new LineHash()
  /** Behind the last row that was yielded, or passed over. */
  #at = START
  /** Whether the connection that was made last has given any row. */
  #has_come = false
  readonly #closed = new AbortController()

  /** `reconnect_ms`: how long a lost connection is tried again. */
  constructor(
    place: DatabasePlace,
    options: SqlSourceOptions,
    context: Pick<PluginContext, 'node' | 'input'>,
    reconnect_ms: number,
  ) {
    this.#place = place
    this.#options = options
    this.#context = context
    this.#reconnect_ms = reconnect_ms
  }

  async prepare(): Promise<void> {
    // Whoever cut it has looked.
    if (this.#range !== null) return
    try {
      const database = await openDatabase(this.#place)
      await database.close()
    } catch (error) {
      throw this.#failed(error)
    }
  }

  async begin(): Promise<SourceHead> {
    try {
      const { stream, warnings } = await this.#begin()
      const columns = stream.columns.map(({ name }) => ({ field: name, header: name }))
      return { input: this.#input, columns, warnings }
    } catch (error) {
      throw this.#failed(error)
    }
  }

  async extent(): Promise<number> {
    if (isUncut(this.#options)) return 0
    try {
      this.#cutting ??= await this.#openCut()
      return this.#cutting.cut.extent
    } catch (error) {
      throw this.#failed(error)
    }
  }

  async cut(ends: readonly number[], limits: CutLimits): Promise<readonly SqlRange[] | null> {
    if (isUncut(this.#options)) return null
    const give_up = () => void this.#endCut()
    limits.signal.addEventListener('abort', give_up, { once: true })
    try {
      limits.signal.throwIfAborted()
      this.#cutting ??= await this.#openCut()
      return await this.#cutting.cut.ranges(ends, limits)
    } catch (error) {
      limits.signal.throwIfAborted()
      if (isCutRefused(error)) return null
      throw this.#failed(error)
    } finally {
      limits.signal.removeEventListener('abort', give_up)
      await this.#endCut()
    }
  }

  async #openCut() {
    const database = await this.#snapshot()
    try {
      return { database, cut: await SqlCut.of(database, this.#options, this.#context.input) }
    } catch (error) {
      await database.close()
      throw error
    }
  }

  async #endCut(): Promise<void> {
    const cutting = this.#cutting
    this.#cutting = null
    await cutting?.database.close()
  }

  select(range: SourceRange): void {
    const found = asSqlRange(range)
    if (found === null) throw foreignPosition(this.#context.node)
    this.#range = found
    this.#at = this.#first
  }

  /** Where what is read begins. */
  get #first(): Position {
    const { row, bytes } = this.#range?.from ?? START
    return { row, bytes }
  }

  async *read(from: ResumePoint | null): AsyncGenerator<readonly SourceRecord[]> {
    const start = from === null ? this.#first : asPosition(from.position, this.#context.node)
    let trouble = new Trouble(this.#reconnect_ms)
    for (;;) {
      const began_ms = performance.now()
      this.#has_come = false
      try {
        for await (const records of this.#readOnce(start)) {
          yield records
          trouble = new Trouble(this.#reconnect_ms)
        }
        return
      } catch (error) {
        await this.#release()
        if (!this.#has_come) trouble.lasted(performance.now() - began_ms)
        const wait_ms = error instanceof DatabaseError && error.isPassing ? trouble.next() : null
        if (wait_ms === null || this.#closed.signal.aborted) throw this.#failed(error)
        await wait(wait_ms, undefined, { signal: this.#closed.signal }).catch(() => {
          throw this.#failed(error)
        })
      }
    }
  }

  /** What wasn't yielded yet, over one connection. */
  async *#readOnce(start: Position): AsyncGenerator<readonly SourceRecord[]> {
    const { stream, maker } = this.#open ?? (await this.#begin())
    const yielded = this.#at.row > start.row ? this.#at : null
    const { row: known } = yielded ?? start
    const expected = yielded === null ? null : this.#lines.ofAll()
    const lines = new LineHash()
    const { row: first } = this.#first
    let at = this.#first
    if (yielded === null) this.#take(lines, at)
    for await (const piece of stream.pieces) {
      this.#has_come = true
      const records: SourceRecord[] = []
      for (const record of piece) {
        const { item, line } = maker.make(record, text => {
          at = { row: at.row + 1, bytes: at.bytes + Buffer.byteLength(text) + 1 }
          return at
        })
        lines.add(line)
        if (at.row > known) records.push(item)
        else if (at.row === known && expected !== null) this.#mustBeSame(lines, expected)
      }
      // Nobody asks for hashes of what was passed over.
      if (at.row <= known) lines.upTo(Math.min(at.row - first, yielded === null ? known - first : this.#lines.hashed))
      if (at.row < known) continue
      this.#take(lines, at)
      if (records.length > 0) yield records
    }
    if (at.row < known)
      throw this.#changed(`has only ${counted(at.row - first, 'row')}, and ${known - first} of it were read`)
    this.#take(lines, at)
    await this.#release()
  }

  #take(lines: LineHash, at: Position): void {
    this.#lines = lines
    this.#at = at
  }

  #mustBeSame(lines: LineHash, expected: string): void {
    if (lines.ofAll() !== expected)
      throw this.#changed('doesn’t give the rows any more that were read of it before the connection was cut')
  }

  async #begin(): Promise<Open> {
    const database = await this.#snapshot()
    try {
      const where = this.#range === null ? null : await conditionOf(database, this.#options, this.#range)
      if (this.#range !== null && where === null) throw this.#changed('has another key than when it was cut')
      const { text, params, warnings } = await queryOf(database, this.#options, where)
      const stream = await database.stream(text, params, numbersOf(this.#context.input))
      this.#mustDiffer(stream)
      this.#open = { database, stream, maker: new RowMaker(stream.columns, this.#context.input), warnings }
      return this.#open
    } catch (error) {
      await database.close()
      throw error
    }
  }

  /** A new connection. @throws DatabaseError */
  async #snapshot(): Promise<Database> {
    const database = await openDatabase(this.#place)
    try {
      if (this.#closed.signal.aborted) throw new DatabaseError('lost', 'it was closed as it was opened')
      await database.begin('snapshot')
      return database
    } catch (error) {
      await database.close()
      throw error
    }
  }

  #mustDiffer({ columns }: Stream): void {
    const names = columns.map(({ name }) => name)
    const twice = names.find((name, i) => names.indexOf(name) < i)
    if (twice === undefined) return
    throw new CustodyError('CUSTODY_INPUT_FORMAT', `${this.#input} gives two columns the name ${twice}`, {
      where: { node: this.#context.node },
      hint: 'Give one of them another name with AS.',
    })
  }

  async #release(): Promise<void> {
    const open = this.#open
    this.#open = null
    await open?.database.close()
  }

  hashUpTo(position: Json): string {
    return this.#lines.upTo(asPosition(position, this.#context.node).row - this.#first.row)
  }

  end(): { readonly position: Json; readonly bytes: number } {
    return { position: this.#at, bytes: this.#at.bytes - this.#first.bytes }
  }

  async size(): Promise<number | null> {
    return this.#range?.bytes ?? null
  }

  bytesBefore(position: Json): number {
    return asPosition(position, this.#context.node).bytes - this.#first.bytes
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#endCut()
    await this.#release()
  }

  /** For people. */
  get #input(): string {
    const { table } = this.#options
    const name = table === undefined ? 'the query' : typeof table === 'string' ? table : table.join('.')
    return `${name} of ${this.#shown}`
  }

  get #shown(): string {
    return 'address' in this.#place ? this.#place.address.shown : this.#place.shown
  }

  #changed(what: string): CustodyError {
    return new CustodyError('CUSTODY_SOURCE_CHANGED', `${this.#input} ${what}`, {
      where: { node: this.#context.node },
      hint: HINT_CHANGED,
    })
  }

  #failed(error: unknown): unknown {
    if (!(error instanceof DatabaseError)) return error
    const { kind, message, hint } = error
    const what = UNREACHED.includes(kind)
      ? `${DIALECTS[this.#place.kind].title} at ${this.#shown} can’t be reached`
      : `${this.#input} can’t be read`
    return new CustodyError('CUSTODY_SOURCE', `${what}: ${message.split('\n')[0]}`, {
      where: { node: this.#context.node },
      cause: error,
      ...(hint === undefined ? { hint: HINT_QUERY } : { hint }),
    })
  }
}

const UNREACHED: readonly DatabaseError['kind'][] = ['unreachable', 'login', 'tls']
const HINT_QUERY = 'Try the query with the database’s own tools.'
const HINT_CHANGED =
  'Put the rows back as they were and resume; or finish what was read by resume --from-ledger-only, or, if the run has splits, give it up by abandon. Rows that are added must come behind those that were read, by `key`.'

/** How long to wait for a connection, since the last row that wasn't read before. */
class Trouble {
  readonly #most_ms: number
  #waited_ms = 0
  #next_ms = FIRST_WAIT_MS

  constructor(most_ms: number) {
    this.#most_ms = most_ms
  }

  /** An attempt took so long, and nothing came of it. */
  lasted(ms: number): void {
    this.#waited_ms += ms
  }

  /** null: no longer. */
  next(): number | null {
    if (this.#waited_ms >= this.#most_ms) return null
    const wait_ms = Math.min(this.#next_ms, this.#most_ms - this.#waited_ms)
    this.#waited_ms += wait_ms
    this.#next_ms = Math.min(2 * this.#next_ms, MOST_WAIT_MS)
    return wait_ms
  }
}

function asPosition(position: Json, node: string): Position {
  const isCount = (value: Json | undefined): value is number => Number.isSafeInteger(value) && Number(value) >= 0
  if (isObject(position) && isCount(position.row) && isCount(position.bytes))
    return { row: position.row, bytes: position.bytes }
  throw foreignPosition(node)
}

function foreignPosition(node: string): CustodyError {
  return new CustodyError('CUSTODY_SOURCE', 'the recorded position isn’t one of this kind of source', {
    where: { node },
    hint: 'Was the source’s plugin changed?',
  })
}
