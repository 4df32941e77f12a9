/**
 * What sources, sinks and lookups ask of a database, whichever it is.
 *
 * DATABASE-1. Over one connection one thing is asked at a time, and a stream is read to its end or closed before anything else is.
 * DATABASE-2. Values reach the database as parameters, never as parts of a text; names are quoted by the dialect.
 * DATABASE-3. Whatever goes wrong is a DatabaseError, whose kind says what can be done about it.
 */
import type { DeclaredNumbers } from '../../model/json.ts'
import type { Json } from '../../model/row.ts'
import type { Dialect } from './dialect.ts'

/** What a statement is given. Lists are arrays where the database has such; whoever means JSON gives its text. */
export type Param = null | boolean | number | bigint | string | Uint8Array | readonly Param[]

/** A value that rows can't hold, such as infinity. */
export class Unfit {
  /** As the database writes it. */
  readonly text: string
  /** Why: `it is no finite number`. */
  readonly why: string

  constructor(text: string, why: string) {
    this.text = text
    this.why = why
  }
}

export type Cell = Json | Unfit

export interface Column {
  readonly name: string
  /** As the database names its type, if it does. */
  readonly type: string
}

/** Values in the order of the columns. */
export type Record = readonly Cell[]

export interface Answer {
  readonly columns: readonly Column[]
  readonly records: readonly Record[]
  /** How many records a statement has made, changed or removed. */
  readonly changed: number
}

export interface Stream {
  readonly columns: readonly Column[]
  /** Some hundreds at a time; leaving the loop closes the stream. */
  readonly pieces: AsyncIterable<readonly Record[]>
}

/** What is declared of numbers in columns of JSON, by their names. */
export type NumbersOf = (column: string) => DeclaredNumbers | null

/** `snapshot`: all that is read is from one moment, and nothing can be written. */
export type Transaction = 'snapshot' | 'write'

export interface Database {
  readonly dialect: Dialect
  /** For people: without a password. */
  readonly shown: string
  /** Nothing can be asked of it any more. */
  readonly isLost: boolean
  /** One statement, never more, with all that it gives. @throws DatabaseError */
  ask(statement: string, params?: readonly Param[], numbers?: NumbersOf): Promise<Answer>
  /** One query, within a snapshot. @throws DatabaseError */
  stream(query: string, params?: readonly Param[], numbers?: NumbersOf): Promise<Stream>
  /** @throws DatabaseError */
  begin(kind: Transaction): Promise<void>
  /** @throws DatabaseError: of kind `lost` nobody knows whether it was done. */
  commit(): Promise<void>
  /** Never throws: a connection over which it can't be done is given up. */
  rollback(): Promise<void>
  /** Whatever is under way. Never throws, and can be repeated. */
  close(): Promise<void>
}
