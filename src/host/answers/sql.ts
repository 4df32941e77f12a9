/** One statement over the views for auditors: of a ledger in SQLite in a process that is ended when its time is over, of one in PostgreSQL by its server. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { SqlAnswer } from '../../api/sql.ts'
import { isPostgresUrl, withoutPassword } from '../../ledger/postgres/address.ts'
import { errorOf, type Failure } from '../../ledger/thread/messages.ts'
import { CustodyError } from '../../model/error.ts'
import { ownModule } from '../../model/own-file.ts'
import type { Asked } from './asked.ts'
import { askPostgres } from './sql-postgres.ts'
import type { SqlLimits } from './sql-statement.ts'
import { Turns } from './turns.ts'

export interface SqlRequest {
  /** Absolute path of the ledger's file, and its URL for people. */
  readonly path: string
  readonly url: string
  readonly sql: string
  readonly values: boolean
  readonly limits: SqlLimits
}

export type SqlReply =
  | { readonly kind: 'answer'; readonly answer: SqlAnswer }
  | { readonly kind: 'failed'; readonly failure: Failure }

const PROCESS = ownModule('host/answers/sql-process')
const TIME_MS = 10_000
const TEXT_UNITS = 2_000
const ANSWER_UNITS = 200_000
/** More statements than this at once wait for each other: each may take a processor, and some memory. */
export const MOST_AT_ONCE = 2
/** The last of them waits for as long as whoever asks over HTTP is likely to. */
export const MOST_WAITING = 8

export interface SqlOptions {
  readonly values: boolean
  readonly signal?: AbortSignal | undefined
  readonly time_ms?: number
}

export class SqlReader {
  readonly #url: string
  readonly #turns = new Turns({
    at_once: MOST_AT_ONCE,
    waiting: MOST_WAITING,
    what: 'too many statements are asked at once',
    wait_ms: TIME_MS,
  })
  readonly #ends = new AbortController()

  /** `url`: absolute, `sqlite:…`; or `postgres://…`, with what it takes to connect. */
  constructor(url: string) {
    this.#url = url
  }

  /** @throws CustodyError CUSTODY_SQL, CUSTODY_SQL_TIME, CUSTODY_TOO_MANY; the signal's reason, if it was given up. */
  async read({ sql, limit }: Asked['sql']['params'], options: SqlOptions): Promise<SqlAnswer> {
    const { signal } = options
    const given_up = signal === undefined ? this.#ends.signal : AbortSignal.any([signal, this.#ends.signal])
    return this.#turns.take(given_up, () => this.#ask(sql, limit, options, given_up))
  }

  /** Ends what is at work. */
  close(): void {
    this.#ends.abort(
      new CustodyError('CUSTODY_LEDGER_READ', `${withoutPassword(this.#url)} was closed before the statement was read`),
    )
  }

  #ask(
    sql: string,
    rows: number,
    { values, time_ms = TIME_MS }: SqlOptions,
    given_up: AbortSignal,
  ): Promise<SqlAnswer> {
    const limits = { rows, text_units: TEXT_UNITS, answer_units: ANSWER_UNITS }
    if (isPostgresUrl(this.#url)) return askPostgres({ url: this.#url, sql, values, limits, time_ms, given_up })
    const path = this.#url.slice('sqlite:'.length)
    const request: SqlRequest = { path, url: this.#url, sql, values, limits }
    return new Promise((resolve, reject) => {
      if (given_up.aborted) return reject(given_up.reason)
      const child = fork(fileURLToPath(PROCESS), {
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      })
      const end = (error: unknown) => {
        settle()
        child.kill('SIGKILL')
        reject(error)
      }
      const timer = setTimeout(() => end(tooLong(time_ms)), time_ms)
      const onGivenUp = () => end(given_up.reason)
      const settle = () => {
        clearTimeout(timer)
        given_up.removeEventListener('abort', onGivenUp)
      }
      given_up.addEventListener('abort', onGivenUp, { once: true })
      child.once('message', (reply: SqlReply) => {
        settle()
        if (reply.kind === 'answer') resolve(reply.answer)
        else reject(errorOf(reply.failure))
      })
      // One that couldn't be started can't be sent anything either, and says both.
      child.on('error', end)
      child.once('exit', code =>
        end(new CustodyError('CUSTODY_SQL', `the process that read the statement has ended (${code})`)),
      )
      child.send(request)
    })
  }
}

function tooLong(time_ms: number): CustodyError {
  return new CustodyError('CUSTODY_SQL_TIME', `the statement wasn’t read within ${time_ms / 1000} s`)
}
