/** Asks a database about rows: each question is a call, and equal ones are answered once in a process. */
import type { Json } from '../../model/row.ts'
import { newRow } from '../../model/row.ts'
import type { CallAnswer, CallFailure } from '../../sdk/call.ts'
import type { Probed } from '../../sdk/probe.ts'
import { type Answer, type Param, Unfit } from '../databases/database.ts'
import { DatabaseError, type DatabaseErrorKind } from '../databases/database-error.ts'
import { DatabasePool } from '../databases/pool.ts'
import { placeOf, type SqlOptions, selected } from './sql-options.ts'

/** Of the answers that are kept: as JSON, in UTF-16 units. */
const CACHE_UNITS = 32_000_000

export const SQL_ERRORS = {
  SQL_NO_ROW: 'The query gives no row.',
  SQL_MANY_ROWS: 'The query gives more rows than one, or of `many` more than `most_rows`.',
  SQL_COLUMN: 'The query gives no column of a name that `select` has, or two columns of one name.',
  SQL_LOOKUP_VALUE: 'The query gives a value that a row can’t hold, such as infinity.',
  SQL_PARAMETER: 'The database refuses a parameter, which isn’t of the type that the query needs.',
  SQL_TIMEOUT: 'The answer took longer than `timeout`.',
  SQL_UNREACHABLE: 'The database can’t be reached, or the connection was cut.',
  SQL_REFUSED: 'The database refuses who asks, or there is no such table or column.',
  SQL_FAILED: 'The database answers with another error.',
}

const CODES: { readonly [kind in DatabaseErrorKind]: keyof typeof SQL_ERRORS } = {
  unreachable: 'SQL_UNREACHABLE',
  lost: 'SQL_UNREACHABLE',
  conflict: 'SQL_UNREACHABLE',
  login: 'SQL_REFUSED',
  tls: 'SQL_REFUSED',
  denied: 'SQL_REFUSED',
  missing: 'SQL_REFUSED',
  constraint: 'SQL_FAILED',
  value: 'SQL_PARAMETER',
  full: 'SQL_FAILED',
  timeout: 'SQL_TIMEOUT',
  statement: 'SQL_FAILED',
}

const failure = (code: keyof typeof SQL_ERRORS, message: string, more: Partial<CallFailure> = {}): CallFailure => ({
  kind: 'failure',
  code,
  message,
  retryable: false,
  ...more,
})

export class SqlLookup {
  readonly #pool: DatabasePool
  readonly #options: SqlOptions
  /** For people. */
  readonly #shown: string
  /** By the texts of their parameters, the oldest first. */
  readonly #cache = new Map<string, { readonly answer: Promise<CallAnswer>; units: number }>()
  #cached_units = 0

  constructor(options: SqlOptions, folder: string) {
    this.#options = options
    const place = placeOf(options, folder)
    this.#shown = 'address' in place ? place.address.shown : place.shown
    this.#pool = new DatabasePool(place)
  }

  /** `signal`: aborted when nobody waits for the answer any more. */
  async ask(params: readonly Json[], signal: AbortSignal): Promise<CallAnswer> {
    const answer = this.#options.cache ? this.#remembered(params) : this.#asked(params)
    if (signal.aborted) return GIVEN_UP
    const given_up = Promise.withResolvers<CallAnswer>()
    const giveUp = () => given_up.resolve(GIVEN_UP)
    signal.addEventListener('abort', giveUp)
    try {
      return await Promise.race([answer, given_up.promise])
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  /**
   * Has the database plan the query and look at who asks, with NULL for each parameter, for none of its rows. What is no query that
   * can stand within another one isn't asked for anything.
   */
  async probe(): Promise<Probed> {
    const { query, params, database } = this.#options
    try {
      return await this.#pool.use(async asked => {
        if (!isQuery(query)) return { state: 'ok', message: `${this.#shown} answers; the query shows when rows come` }
        const { columns } = await asked.ask(
          `SELECT * FROM (\n${withoutEnd(query)}\n) AS asked LIMIT 0`,
          params.map(() => null),
        )
        const names = columns.map(({ name }) => name)
        const [lacking] = selected(this.#options).find(([column]) => !names.includes(column)) ?? []
        const gives = `the query gives ${names.join(', ')}`
        if (lacking === undefined) return { state: 'ok', message: `${this.#shown} answers, and ${gives}` }
        return { state: 'fail', code: 'SQL_COLUMN', message: `${gives}, and no column ${lacking}` }
      })
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      const { kind, message, hint } = error
      const more = hint === undefined ? {} : { hint }
      return { state: 'fail', code: CODES[kind], message: `${database}: ${message}`, ...more }
    }
  }

  close(): Promise<void> {
    this.#cache.clear()
    return this.#pool.close()
  }

  #remembered(params: readonly Json[]): Promise<CallAnswer> {
    const key = JSON.stringify(params)
    const known = this.#cache.get(key)
    if (known !== undefined) return known.answer
    const entry = { answer: this.#asked(params), units: key.length }
    this.#cache.set(key, entry)
    void entry.answer.then(answer => {
      if (this.#cache.get(key) !== entry) return
      // An error may pass.
      if (answer.kind === 'failure') this.#cache.delete(key)
      else this.#keep(entry, JSON.stringify(answer.response).length)
    })
    return entry.answer
  }

  #keep(entry: { units: number }, units: number): void {
    entry.units += units
    this.#cached_units += entry.units
    for (const [key, { units }] of this.#cache) {
      if (this.#cached_units <= CACHE_UNITS) break
      this.#cache.delete(key)
      this.#cached_units -= units
    }
  }

  async #asked(params: readonly Json[]): Promise<CallAnswer> {
    try {
      const { query } = this.#options
      const answer = await this.#pool.use(database => database.ask(query, params.map(paramOf)))
      return this.#taken(answer)
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      return failureOf(error)
    }
  }

  /** What is recorded: `{columns, rows}`, with no more rows than are used. */
  #taken({ columns, records }: Answer): CallAnswer {
    const { rows, most_rows } = this.#options
    const names = columns.map(({ name }) => name)
    const twice = names.find((name, i) => names.indexOf(name) < i)
    if (twice !== undefined) return failure('SQL_COLUMN', `the query gives two columns the name ${twice}`)
    const most = rows === 'many' ? most_rows : 1
    if (records.length > most && rows !== 'first')
      return failure('SQL_MANY_ROWS', `the query gives ${records.length} rows, and ${most} at most are taken`)
    const taken: Json[][] = []
    for (const record of records.slice(0, most)) {
      const values: Json[] = []
      for (const [i, cell] of record.entries()) {
        if (cell instanceof Unfit)
          return failure('SQL_LOOKUP_VALUE', `the value of ${names[i]}, ${cell.text}, can’t be held: ${cell.why}`)
        values.push(cell)
      }
      taken.push(values)
    }
    return { kind: 'answer', response: { columns: names, rows: taken } }
  }
}

const GIVEN_UP = failure('SQL_TIMEOUT', 'the run waits for the answer no longer', { retryable: true })

/** An object is given as its JSON text. */
function paramOf(value: Json): Param {
  if (typeof value !== 'object' || value === null) return value
  return isList(value) ? value.map(paramOf) : JSON.stringify(value)
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

function failureOf({ kind, message, hint, isPassing }: DatabaseError): CallFailure {
  const said = hint === undefined || kind === 'value' ? message : `${message} (${hint})`
  const stops = kind === 'login' || kind === 'tls' || kind === 'denied' ? 'auth' : kind === 'missing' ? 'model' : null
  return failure(CODES[kind], said, {
    retryable: isPassing || kind === 'timeout',
    outage: kind === 'unreachable' || kind === 'lost',
    ...(stops === null ? {} : { stops }),
  })
}

/** The recorded answer's rows as objects. */
export function rowsIn(response: Json): readonly { readonly [column: string]: Json }[] {
  // cast: `#taken` made it, now or in the run whose record it is on.
  const { columns, rows } = response as { readonly columns: readonly string[]; readonly rows: readonly Json[][] }
  return rows.map(values => {
    const row = newRow()
    for (const [i, column] of columns.entries()) row[column] = values[i] ?? null
    return row
  })
}

/** Whether it can stand within another query. */
const isQuery = (text: string): boolean =>
  /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/|\()*(?:select|with|values|table|from)\b/i.test(text)

/** Without a semicolon behind which nothing but comments come, unless it stands in a text. */
function withoutEnd(text: string): string {
  const shorter = text.replace(/;(?:\s|;|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*$/, '')
  return shorter.split("'").length % 2 === 1 ? shorter : text
}
