/**
 * What a ledger elsewhere says of one run, without its values, in a file that has no name (unnamed-file.ts), for its views. Each entry is parsed
 * once: SQLite keeps it as the tree that it would else make of its text for each view anew.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { StoredEnding, StoredEntry, StoredLog, StoredOpenToken, ViewName } from '../read-port.ts'
import type { Extent } from '../view-parts.ts'
import { ENDING, QUERIES } from './queries.ts'
import { schemaStatements } from './schema.ts'
import { inUnnamed, openUnnamed } from './unnamed-file.ts'
import { viewQueries } from './view-rows.ts'

const SCHEMA = schemaStatements().map(each =>
  each.startsWith('CREATE TABLE entries ') ? each.replace('body TEXT', 'body BLOB') : each,
)
const insert = (table: string, columns: string) =>
  `INSERT INTO ${table} (${columns}) VALUES (${columns.replace(/\w+/g, each => (each === 'body' ? 'jsonb(?)' : '?'))})`
const WHAT = 'what is put away of a run for its views'

export class RunCopy {
  readonly #database: DatabaseSync
  readonly #entry: StatementSync
  readonly #ending: StatementSync
  readonly #open_token: StatementSync
  readonly #parts: readonly number[]

  /** Of the run that these logs are, in order. */
  constructor(logs: readonly StoredLog[]) {
    this.#parts = logs.map(({ part }) => part)
    this.#database = doing('written', () => openUnnamed(SCHEMA))
    const prepared = (table: string, columns: string) =>
      doing('written', () => this.#database.prepare(insert(table, columns)))
    const log = prepared('logs', 'log, run, part')
    for (const { log: number, run, part } of logs) doing('written', () => log.run(number, run, part))
    this.#entry = prepared('entries', 'log, seq, row, batch, body')
    this.#ending = prepared('endings', `log, ${ENDING}`)
    this.#open_token = prepared('open_tokens', 'log, token, row, batch, node, seq')
  }

  putEntry(log: number, { seq, row, batch, body }: StoredEntry): void {
    doing('written', () => this.#entry.run(log, seq, row, batch, body))
  }

  putEnding(log: number, ending: StoredEnding): void {
    const { token, seq, row, batch, fate, node, sink, grp, error_code, error_hash, recorded_us } = ending
    doing('written', () =>
      this.#ending.run(log, token, seq, row, batch, fate, node, sink, grp, error_code, error_hash, recorded_us),
    )
  }

  putOpenToken(log: number, { token, row, batch, node, seq }: StoredOpenToken): void {
    doing('written', () => this.#open_token.run(log, token, row, batch, node, seq))
  }

  /** Rows of a view that needs no value. */
  *view(name: ViewName, run: string): Iterable<Record<string, unknown>> {
    const statement = (text: string) => doing('read', () => this.#database.prepare(text))
    const logs = {
      parts: () => this.#parts,
      extentOf: (part: number) => (statement(QUERIES.extent_of_tokens).get(run, part) ?? null) as Extent | null,
    }
    for (const [text, values] of viewQueries(name, run, logs)) {
      const rows = statement(text).iterate(...values)
      for (;;) {
        const next = doing('read', () => rows.next())
        if (next.done === true) break
        yield next.value
      }
    }
  }

  close(): void {
    this.#database.close()
  }
}

function doing<T>(done: 'written' | 'read', work: () => T): T {
  return inUnnamed(WHAT, done, work)
}
