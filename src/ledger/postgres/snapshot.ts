/**
 * A transaction that several read in at once, all of it from one moment, and cursors in it.
 *
 * SNAPSHOT-1. To the server a statement that fails ends the transaction. So it goes back to the savepoint that the transaction began with, and
 *     sees the same moment as before; what others had asked meanwhile is asked again, and their cursors, which are gone by that, are declared
 *     anew and moved to where they were: their statements sort by what tells records apart.
 * SNAPSHOT-2. Within one moment the answer to a question stays what it is: small ones are kept, so that what is asked again, as the opening of a run,
 *     or was foreseen, takes no way to the server of its own.
 * SNAPSHOT-3. What was made of what is read, as a copy of a run, is of its moment, and goes with it.
 */
import type { Connection, Row, Value } from './connection.ts'
import { isCut, stateOf } from './errors.ts'

/** Where nothing was read yet. */
const MARK = 'whole'
/** SQLSTATEs of what fails since another statement has: the transaction is aborted; a cursor, a prepared statement is gone. */
const CONSEQUENCES: readonly string[] = ['25P02', '34000', '26000']
/** Each time another statement had to fail meanwhile. */
const MOST_TRIES = 100
/** Answers that are kept, the last ones, and how large each may be: some megabytes in all. */
const MOST_ANSWERS = 256
const ANSWER_BYTES = 32_768

/** What is made within a snapshot. */
export interface Made {
  close(): void
}

export class Snapshot {
  static readonly #BEGIN = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SAVEPOINT ${MARK}`

  readonly #open: () => Promise<Connection>
  #connection: Promise<Connection>
  /** The transaction has begun. */
  #begun: Promise<void> = Promise.resolve()
  #has_answered = false
  /** How many read it. */
  readers = 0
  /** How often it went back: a cursor from before is gone. */
  times_back = 0
  #going_back: Promise<void> | null = null
  /** null: there is none that could be kept. */
  readonly #answers = new Map<string, Promise<readonly Row[] | null>>()
  /** Questions whose answers were too large to be kept: whoever foresees them has them read in vain, each time anew. */
  readonly #large = new Set<string>()
  readonly #made = new Map<string, Promise<Made>>()

  /** `open` gives a connection that isn't lost. */
  constructor(open: () => Promise<Connection>) {
    this.#open = open
    this.#connection = this.#begin()
  }

  /** Over which it has begun, or begins just now: what is asked over it comes behind that. */
  get connection(): Promise<Connection> {
    return this.#connection
  }

  async #begin(): Promise<Connection> {
    const connection = await this.#open()
    this.#begun = connection.run(Snapshot.#BEGIN)
    // Whoever asks hears of it.
    void Promise.allSettled([this.#begun])
    return connection
  }

  /** Again where it failed only because something else had (SNAPSHOT-1), or where the connection was lost before it had answered anything. */
  async ask<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const at = this.#connection
      const connection = await at
      try {
        const [answer] = await Promise.all([ask(connection), this.#begun])
        this.#has_answered = true
        return answer
      } catch (error) {
        if (isCut(error)) {
          if (this.#has_answered || tries > 1) throw error
          if (this.#connection === at) this.#connection = this.#begin()
          continue
        }
        if (stateOf(error) === null) throw error
        await this.#back(connection)
        if (!CONSEQUENCES.includes(stateOf(error) ?? '') || tries === MOST_TRIES) throw error
      }
    }
  }

  /** What is kept, or under way; null if nothing is. */
  answerTo(text: string, values: readonly Value[]): Promise<readonly Row[] | null> | null {
    return this.#answers.get(question(text, values)) ?? null
  }

  isLarge(text: string, values: readonly Value[]): boolean {
    return this.#large.has(question(text, values))
  }

  /** Gives what `ask` gives. An answer that turns out to be large, or doesn't come, isn't kept. */
  keep(
    text: string,
    values: readonly Value[],
    ask: () => Promise<{ readonly rows: readonly Row[]; readonly size_bytes: number }>,
  ): Promise<readonly Row[]> {
    const key = question(text, values)
    const asked = ask()
    const kept = asked.then(
      ({ rows, size_bytes }) => {
        if (size_bytes <= ANSWER_BYTES) return rows
        if (this.#large.size < MOST_ANSWERS) this.#large.add(key)
        return null
      },
      () => null,
    )
    this.#answers.set(key, kept)
    void kept.then(rows => {
      if (rows === null) this.#answers.delete(key)
    })
    if (this.#answers.size > MOST_ANSWERS)
      for (const oldest of this.#answers.keys()) {
        this.#answers.delete(oldest)
        break
      }
    return asked.then(({ rows }) => rows)
  }

  /** Made once, for all who ask for `name` (SNAPSHOT-3); if that fails whoever asks then tries it anew. */
  made<T extends Made>(name: string, make: () => Promise<T>): Promise<T> {
    const there = this.#made.get(name)
    // cast: a name stands for one kind of thing.
    if (there !== undefined) return there as Promise<T>
    const making = make()
    this.#made.set(name, making)
    making.catch(() => this.#made.delete(name))
    return making
  }

  /** Its transaction ends; with a connection that is lost it has ended. */
  async end(): Promise<void> {
    const [begun] = await Promise.allSettled([this.#connection])
    if (begun.status === 'fulfilled') await begun.value.rollback()
  }

  /** Nobody reads it any more. */
  discard(): void {
    for (const each of this.#made.values())
      each.then(
        made => made.close(),
        () => undefined,
      )
  }

  /** Once for all that have failed until then. */
  #back(connection: Connection): Promise<void> {
    if (this.#going_back === null) {
      this.times_back++
      this.#going_back = connection.run(`ROLLBACK TO SAVEPOINT ${MARK}`).finally(() => {
        this.#going_back = null
      })
    }
    return this.#going_back
  }
}

function question(text: string, values: readonly Value[]): string {
  return JSON.stringify([text, ...values])
}

/** Records of one statement, some at a time. */
export class Cursor {
  readonly #snapshot: Snapshot
  readonly #name: string
  readonly #text: string
  readonly #values: readonly Value[]
  /** How often the snapshot had gone back when it was declared; null: it is closed, or wasn't yet. */
  #declared: number | null = null
  #given = 0

  constructor(snapshot: Snapshot, name: string, text: string, values: readonly Value[]) {
    this.#snapshot = snapshot
    this.#name = name
    this.#text = text
    this.#values = values
  }

  /** The first ones, which were read otherwise. */
  pass(count: number): void {
    this.#given += count
  }

  /** At most so many; fewer: these are the last. */
  async next(most: number): Promise<readonly Row[]> {
    try {
      const found = await this.#snapshot.ask(connection => this.#fetch(connection, most))
      this.#given += found.length
      return found
    } catch (error) {
      this.#declared = null
      throw error
    }
  }

  /** Nobody waits for it: if it fails so does what is asked next, or nothing is. */
  async close(): Promise<void> {
    if (!this.#is_open) return
    this.#declared = null
    const closing = this.#snapshot.connection.then(connection => connection.run(`CLOSE ${this.#name}`))
    void Promise.allSettled([closing])
  }

  get #is_open(): boolean {
    return this.#declared === this.#snapshot.times_back
  }

  /** All that it takes is one way there and back. */
  async #fetch(connection: Connection, most: number): Promise<Row[]> {
    const fetch = () => connection.once<Row>(`FETCH FORWARD ${most} FROM ${this.#name}`)
    if (this.#is_open) return fetch()
    this.#declared = this.#snapshot.times_back
    const declared = connection.once(`DECLARE ${this.#name} NO SCROLL CURSOR FOR ${this.#text}`, ...this.#values)
    const moved = this.#given === 0 ? null : connection.run(`MOVE FORWARD ${this.#given} FROM ${this.#name}`)
    const [, , found] = await Promise.all([declared, moved, fetch()])
    return found
  }
}
