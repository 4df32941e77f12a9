/**
 * Texts that are put away while something else is looked at, by their numbers: in a database of SQLite that only this process sees, most of it in a
 * file that has no name.
 *
 * TEXT-SHELF-1. The file goes with the process, whatever ends it: SQLite removes its name when it is made. It lies where SQLite puts
 *     temporary files (SQLITE_TMPDIR, TMPDIR, /var/tmp, /tmp), so that nothing is written beside a ledger that is only read.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { CustodyError } from '../model/error.ts'
import type { Shelf } from '../read/verify/shelf.ts'

/** What stays in memory of it. */
const CACHE_KIB = 8 * 1024
/** There is nothing to go back to: what can't be written ends the work. */
const SETUP = `PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -${CACHE_KIB};
  CREATE TABLE texts (number INTEGER PRIMARY KEY, text TEXT NOT NULL); BEGIN`

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
  const database = new DatabaseSync('')
  database.exec(SETUP)
  return {
    database,
    put: database.prepare('INSERT OR REPLACE INTO texts (number, text) VALUES (?, ?)'),
    take: database.prepare('DELETE FROM texts WHERE number = ? RETURNING text'),
    look: database.prepare('SELECT text FROM texts WHERE number = ?'),
  }
}

function doing<T>(what: 'written' | 'read', work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const why = cause instanceof Error ? `: ${cause.message}` : ''
    throw new CustodyError('CUSTODY_SPILL', `what is put away of rows that are held can’t be ${what}${why}`, {
      cause,
      hint: 'Make room where temporary files lie, or name another folder for them with SQLITE_TMPDIR.',
    })
  }
}
