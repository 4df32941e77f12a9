/**
 * How a ledger in PostgreSQL is asked: records and streams, within snapshots.
 *
 * ASKING-1. All that is read within a snapshot, and as long as a stream is read, is from one moment: one transaction of one connection, which ends
 *     with the last of those that began it.
 * ASKING-2. What is asked outside of a snapshot is asked again if the connection was cut before anything was answered; within one it can't be.
 * ASKING-3. A stream holds a few megabytes, however large its records are.
 * ASKING-4. What can't be read, as a damaged page, keeps nobody from reading the rest of the same moment (snapshot.ts): a stream goes on where it was.
 */
import { cellError, troubleIn } from './cells.ts'
import type { Connection, Row, Value } from './connection.ts'
import { asLedgerError, isCut } from './errors.ts'
import type { Session } from './session.ts'
import { Cursor, Snapshot } from './snapshot.ts'

/** Records that are fetched first: the largest are some megabytes each. */
const FIRST_FETCH = 64
const firstOf = (text: string) => `${text} LIMIT ${FIRST_FETCH}`
const MOST_AT_ONCE = 4_096
const FETCH_BYTES = 2 * 1024 * 1024

export class Asking {
  readonly #session: Session
  #snapshot: Snapshot | null = null
  #cursors = 0

  constructor(session: Session) {
    this.#session = session
  }

  get url(): string {
    return this.#session.url
  }

  get place(): string {
    return this.#session.place
  }

  async snapshot<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter()
    try {
      return await work()
    } finally {
      await this.#leave()
    }
  }

  async get<T>(text: string, ...values: readonly Value[]): Promise<T | null> {
    return (await this.all<T>(text, ...values))[0] ?? null
  }

  /** Each record is of the types that the read port says (READ-PORT-1). */
  async all<T>(text: string, ...values: readonly Value[]): Promise<readonly T[]> {
    const snapshot = this.#snapshot
    const known = (await snapshot?.answerTo(text, values)) ?? null
    const found = known ?? (await this.#asked(snapshot, text, values))
    // cast: the caller names the columns that its query has.
    return found as readonly unknown[] as readonly T[]
  }

  /**
   * Asks what will be asked for in a moment, in one go with all else that is asked meanwhile: it then takes no way to the server of its own. What
   * is wrong with it is said when it is asked for. Outside of a snapshot nothing is foreseen.
   */
  foresee(text: string, ...values: readonly Value[]): void {
    const snapshot = this.#snapshot
    if (snapshot === null || snapshot.answerTo(text, values) !== null || snapshot.isLarge(text, values)) return
    void Promise.allSettled([this.#asked(snapshot, text, values)])
  }

  /** The same of what is streamed by an index. */
  foreseeStream(text: string, ...values: readonly Value[]): void {
    this.foresee(firstOf(text), ...values)
  }

  #asked(snapshot: Snapshot | null, text: string, values: readonly Value[]): Promise<readonly Row[]> {
    const ask = async () => {
      const rows = await this.ask(connection => connection.all<Row>(text, ...values))
      let size_bytes = 0
      for (const record of rows) size_bytes += this.#mustBeSound(text, values, record)
      return { rows, size_bytes }
    }
    return snapshot === null ? ask().then(({ rows }) => rows) : snapshot.keep(text, values, ask)
  }

  /** Its order is that of an index: the first records are asked for as such, which few more than those take. */
  async *stream<T>(text: string, ...values: readonly Value[]): AsyncIterable<T> {
    for await (const records of this.#pages<T>(text, values, true)) for (const each of records) yield each
  }

  /** Whatever its order is: it is made once. */
  async *sorted<T>(text: string, ...values: readonly Value[]): AsyncIterable<T> {
    for await (const records of this.#pages<T>(text, values, false)) for (const each of records) yield each
  }

  /** Some records of a stream at a time: half the work of one after the other. */
  async *#pages<T>(text: string, values: readonly Value[], by_index: boolean): AsyncIterable<readonly T[]> {
    for (let is_again = false; ; is_again = true) {
      const is_alone = this.#snapshot === null
      let given = 0
      try {
        for await (const records of this.#fetched<T>(text, values, by_index)) {
          given += records.length
          yield records
        }
        return
      } catch (error) {
        if (is_again || !is_alone || given > 0 || !isCut(error)) throw asLedgerError(error, this.url, 'read')
      }
    }
  }

  async *#fetched<T>(text: string, values: readonly Value[], by_index: boolean): AsyncIterable<readonly T[]> {
    const { snapshot, release } = await this.held()
    const cursor = new Cursor(snapshot, `c${++this.#cursors}`, text, values)
    try {
      if (by_index) {
        const first = await this.all<T>(firstOf(text), ...values)
        yield first
        if (first.length < FIRST_FETCH) return
        cursor.pass(first.length)
      }
      for (let asked_for = FIRST_FETCH; ; ) {
        const found = await cursor.next(asked_for)
        let size_bytes = 0
        for (const record of found) size_bytes += this.#mustBeSound(text, values, record)
        // cast: the caller names the columns that its query has.
        yield found as readonly unknown[] as readonly T[]
        if (found.length < asked_for) break
        const fitting = Math.floor((FETCH_BYTES * found.length) / Math.max(1, size_bytes))
        asked_for = Math.min(MOST_AT_ONCE, Math.max(1, fitting))
      }
    } finally {
      try {
        await cursor.close()
      } finally {
        await release()
      }
    }
  }

  /** The snapshot that it is in, or a new one, until it is released. */
  async held(): Promise<{ readonly snapshot: Snapshot; readonly release: () => Promise<void> }> {
    return { snapshot: await this.#enter(), release: () => this.#leave() }
  }

  /** Asks the snapshot's connection, or another one again if it is cut meanwhile. */
  async ask<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      if (this.#snapshot !== null) return await this.#snapshot.ask(ask)
      const connection = await this.#session.connection()
      try {
        return await ask(connection)
      } catch (error) {
        if (!isCut(error)) throw error
        return await ask(await this.#session.connection())
      }
    } catch (error) {
      throw asLedgerError(error, this.url, 'read')
    }
  }

  /** Asks over a connection that is nobody else's, outside of any snapshot. */
  async apart<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      const connection = await this.#session.another()
      try {
        return await ask(connection)
      } finally {
        await connection.close()
      }
    } catch (error) {
      throw asLedgerError(error, this.url, 'read')
    }
  }

  async close(): Promise<void> {
    await this.#session.close()
  }

  async #enter(): Promise<Snapshot> {
    this.#snapshot ??= new Snapshot(() => this.#session.connection())
    const snapshot = this.#snapshot
    snapshot.readers++
    try {
      await snapshot.connection
      return snapshot
    } catch (error) {
      this.#forget(snapshot)
      throw asLedgerError(error, this.url, 'read')
    }
  }

  async #leave(): Promise<void> {
    const snapshot = this.#snapshot
    if (snapshot === null || !this.#forget(snapshot)) return
    await snapshot.end()
  }

  /** Whether nobody reads it any more. */
  #forget(snapshot: Snapshot): boolean {
    if (--snapshot.readers > 0) return false
    if (this.#snapshot === snapshot) this.#snapshot = null
    snapshot.discard()
    return true
  }

  /** Gives the record's size, roughly. @throws CustodyError CUSTODY_VERIFY_FAILED */
  #mustBeSound(text: string, values: readonly Value[], record: Row): number {
    const trouble = troubleIn(record)
    if (trouble !== null) throw cellError(this.url, text, values[0], record, trouble)
    let size_bytes = 0
    for (const column in record) {
      const value = record[column]
      size_bytes += typeof value === 'string' || value instanceof Uint8Array ? value.length : 8
    }
    return size_bytes
  }
}
