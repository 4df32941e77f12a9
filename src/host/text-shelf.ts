/** Texts that are put away while something else is looked at, by their numbers: in a file that has no name. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { inUnnamed, openUnnamed } from '../ledger/sqlite/unnamed-file.ts'
import type { Shelf } from '../read/verify/shelf.ts'

const TEXTS = 'CREATE TABLE texts (number INTEGER PRIMARY KEY, text TEXT NOT NULL)'

interface Opened {
  readonly database: DatabaseSync
  readonly put: StatementSync
  readonly take: StatementSync
  readonly look: StatementSync
}

export class TextShelf implements Shelf {
  /** null as long as nothing was put there. */
  #opened: Opened | null = null
  /** The highest number that was put there. */
  #highest = 0

  put(number: number, text: string): void {
    doing('written', () => {
      this.#opened ??= open()
      this.#opened.put.run(number, text)
    })
    if (number > this.#highest) this.#highest = number
  }

  take(number: number): string | null {
    return this.#text(number, opened => opened.take)
  }

  look(number: number): string | null {
    return this.#text(number, opened => opened.look)
  }

  *all(): Iterable<readonly [number: number, text: string]> {
    if (this.#opened === null) return
    const { database } = this.#opened
    const texts = doing('read', () => database.prepare('SELECT number, text FROM texts ORDER BY number').iterate())
    for (;;) {
      const next = doing('read', () => texts.next())
      if (next.done === true) return
      yield [Number(next.value.number), String(next.value.text)]
    }
  }

  close(): void {
    this.#opened?.database.close()
    this.#opened = null
  }

  /** Most that are asked for are new, and have higher numbers than all that were put away. */
  #text(number: number, statementOf: (opened: Opened) => StatementSync): string | null {
    const opened = this.#opened
    if (opened === null || number > this.#highest) return null
    const found = doing('read', () => statementOf(opened).get(number))
    return found === undefined ? null : String(found.text)
  }
}

function open(): Opened {
  const database = openUnnamed([TEXTS])
  return {
    database,
    put: database.prepare('INSERT OR REPLACE INTO texts (number, text) VALUES (?, ?)'),
    take: database.prepare('DELETE FROM texts WHERE number = ? RETURNING text'),
    look: database.prepare('SELECT text FROM texts WHERE number = ?'),
  }
}

function doing<T>(done: 'written' | 'read', work: () => T): T {
  return inUnnamed('what is put away of rows that are held', done, work)
}
