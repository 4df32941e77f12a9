/** One statement over the views for auditors, in a process that is ended when its time is over. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { SqlAnswer } from '../../api/sql.ts'
import { errorOf, type Failure } from '../../ledger/thread/messages.ts'
import { CustodyError } from '../../model/error.ts'
import { ownModule } from '../../model/own-file.ts'
import type { Asked } from './asked.ts'
import type { SqlLimits } from './sql-statement.ts'

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
const MOST_AT_ONCE = 2

export interface SqlOptions {
  readonly values: boolean
  readonly signal?: AbortSignal | undefined
  readonly time_ms?: number
}

export class SqlReader {
  readonly #url: string
  #at_work = 0
  readonly #waiting: (() => void)[] = []
  readonly #ends = new AbortController()

  /** `url`: absolute, `sqlite:…`. */
  constructor(url: string) {
    this.#url = url
  }

  /** @throws CustodyError CUSTODY_SQL, CUSTODY_SQL_TIME; the signal's reason, if it was given up. */
  async read({ sql, limit }: Asked['sql']['params'], options: SqlOptions): Promise<SqlAnswer> {
    await this.#turn()
    try {
      return await this.#inProcess(sql, limit, options)
    } finally {
      this.#at_work--
      this.#waiting.shift()?.()
    }
  }

  /** Ends what is at work. */
  close(): void {
    this.#ends.abort(new CustodyError('CUSTODY_LEDGER_READ', `${this.#url} was closed before the statement was read`))
  }

  async #turn(): Promise<void> {
    while (this.#at_work >= MOST_AT_ONCE)
      await new Promise<void>(resolve => {
        this.#waiting.push(resolve)
      })
    this.#at_work++
  }

  #inProcess(sql: string, rows: number, { values, signal, time_ms = TIME_MS }: SqlOptions): Promise<SqlAnswer> {
    const limits = { rows, text_units: TEXT_UNITS, answer_units: ANSWER_UNITS }
    const path = this.#url.slice('sqlite:'.length)
    const request: SqlRequest = { path, url: this.#url, sql, values, limits }
    const given_up = signal === undefined ? this.#ends.signal : AbortSignal.any([signal, this.#ends.signal])
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
      child.once('error', end)
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
