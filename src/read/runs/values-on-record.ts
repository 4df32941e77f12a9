/** Finds the values of the run's own entries, by the numbers by which these name them. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { CustodyError } from '../../model/error.ts'
import { idOf, partOf } from '../../model/part-ids.ts'
import { decodeRunEntry } from '../decode.ts'
import { ShapeError } from '../shape.ts'
import { decodePayload, type StoredValue } from '../values.ts'
import { damaged, readable } from './damaged.ts'
import { type RunValue, type RunValueKey, runValue } from './run-values.ts'

/** The part of a ledger's read side that values need. */
export type ValueReader = Pick<LedgerReader, 'entry' | 'payload' | 'entryWithValue'>

/** An entry's values. */
interface Committed {
  readonly first: number
  readonly count: number
  /** null if they are gone. */
  readonly stored: readonly StoredValue[] | null
}

/** What an entry says of its values: numbers under their keys. */
type Numbers<K extends string> = { readonly [key in K]?: number }

export class ValuesOnRecord {
  readonly #reader: ValueReader
  readonly #log: number
  /** Of the entry that was asked for last: one has many. */
  #latest: { readonly seq: number; readonly values: Committed } | null = null

  constructor(reader: ValueReader, log: number) {
    this.#reader = reader
    this.#log = log
  }

  /**
   * The value that entry `seq` names under this key; null if it names none, it is erased, or encrypted with a key that isn't at hand.
   * @throws CustodyError CUSTODY_VERIFY_FAILED if there is none of that number, or it has another form.
   */
  async get<K extends RunValueKey>(seq: number, numbers: Numbers<K>, key: K): Promise<RunValue<K> | null> {
    const number = numbers[key]
    if (number === undefined) return null
    const { first, stored } = await this.#with(seq, number)
    const value = stored?.[number - first]
    if (value === undefined || value.kind === 'erased' || value.kind === 'unreadable') return null
    if (value.kind === 'patch') throw this.#wrong(seq, `value ${number} is stored as a change of another`)
    try {
      return runValue(key, value.value)
    } catch (error) {
      if (error instanceof ShapeError) throw this.#wrong(seq, error.message, error)
      throw error
    }
  }

  /** Those of the entry itself, or, as commits may name values of earlier ones, those among which it is. */
  async #with(seq: number, number: number): Promise<Committed> {
    const has = ({ first, count }: Committed) => number >= first && number < first + count
    const own = await this.#of(seq)
    if (has(own)) return own
    // Each log of a run numbers its values by itself.
    const earlier = await this.#reader.entryWithValue(this.#log, idOf(partOf(seq), number))
    const values = earlier === null || earlier.seq >= seq ? null : await this.#of(earlier.seq)
    if (values === null || !has(values)) throw this.#wrong(seq, `it names value ${number}, which there is none`)
    return values
  }

  async #of(seq: number): Promise<Committed> {
    if (this.#latest?.seq === seq) return this.#latest.values
    const stored = await this.#reader.entry(this.#log, seq)
    if (stored === null) throw this.#wrong(seq, 'it is gone')
    const { first_value, commitments } = readable(this.#log, () => decodeRunEntry(seq, stored.body))
    const payload = await this.#reader.payload(this.#log, seq)
    const values = {
      ...{ first: first_value, count: commitments.length },
      stored: payload === null ? null : readable(this.#log, () => decodePayload(payload)).values,
    }
    this.#latest = { seq, values }
    return values
  }

  #wrong(seq: number, what: string, cause?: unknown): CustodyError {
    return damaged(this.#log, `entry ${seq}: ${what}`, cause)
  }
}
