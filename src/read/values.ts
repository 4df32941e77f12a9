/**
 * The values of one subject (a row, a batch, the run): its entries say how many there are and commit to them, its payloads
 * hold them, in full or as changes of earlier ones.
 *
 * W1. Values are numbered from 1, without gaps, in order of the subject's entries.
 * W2. A value whose payload is gone is erased; so is one that is stored as a change of an erased one.
 */
import type { StoredPayload } from '../ledger/read-port.ts'
import { canonicalize, MAX_DEPTH } from '../model/canonical.ts'
import { SALT_BYTES } from '../model/hash.ts'
import { JsonTextError, parseStrict } from '../model/json.ts'
import { derive, isRow, type Json, type Row } from '../model/row.ts'
import { DecodeError } from './decode.ts'

/** One element of a payload, as stored. */
export type StoredValue =
  | { readonly kind: 'full'; readonly value: Json }
  | { readonly kind: 'patch'; readonly base: number; readonly set: Row; readonly unset: readonly string[] }

export interface DecodedPayload {
  readonly values: readonly StoredValue[]
  /** 16 bytes for each value. */
  readonly salts: readonly Uint8Array[]
}

/** What an entry says of its values. */
export interface Commits {
  readonly first_value: number
  readonly commitments: readonly string[]
}

/**
 * Reads a payload: `[[value], [base, set, unset], …]`, and 16 bytes of salt for each element.
 * @throws DecodeError if it isn't its own canonical re-encoding, or anything else is out of form.
 */
export function decodePayload({ seq, salts, body }: StoredPayload): DecodedPayload {
  let list: Json
  try {
    list = parseStrict(body, MAX_DEPTH)
  } catch (error) {
    if (error instanceof JsonTextError) throw new DecodeError(seq, `the payload is not strict JSON: ${error.message}`)
    throw error
  }
  if (canonicalize(list) !== body) throw new DecodeError(seq, 'the payload is not its own canonical re-encoding')
  if (!Array.isArray(list) || list.length === 0) throw new DecodeError(seq, 'the payload is not a list of values')
  const values = (list as readonly Json[]).map((each, i) => storedValue(seq, each, i))
  if (salts.length !== values.length * SALT_BYTES) {
    throw new DecodeError(
      seq,
      `the payload has ${values.length} values and ${salts.length} bytes of salt, not ${values.length * SALT_BYTES}`,
    )
  }
  return { values, salts: values.map((_, i) => salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES)) }
}

function storedValue(seq: number, element: Json, index: number): StoredValue {
  if (Array.isArray(element)) {
    const [first, set, unset] = element as readonly Json[]
    if (element.length === 1) return { kind: 'full', value: first! }
    if (
      element.length === 3 &&
      Number.isSafeInteger(first) &&
      (first as number) > 0 &&
      isRow(set) &&
      Array.isArray(unset) &&
      (unset as readonly Json[]).every((field, i) => typeof field === 'string' && (i === 0 || unset[i - 1] < field))
    ) {
      return { kind: 'patch', base: first as number, set, unset: unset as readonly string[] }
    }
  }
  throw new DecodeError(seq, `element ${index} of the payload is neither a value nor a change of one`)
}

/** Folds a subject's entries, in order, into its values. */
export class SubjectValues {
  readonly #values: Json[] = []
  readonly #commitments: string[] = []

  /** Number of values so far, erased ones included. */
  get count(): number {
    return this.#commitments.length
  }

  /**
   * Adds the values of the subject's next entry; `payload` is null if they were erased, or the entry has none.
   * @returns the number of the first of them.
   * @throws DecodeError if the numbers or the payload don't fit; then all values of the entry count as erased.
   */
  add(seq: number, commits: Commits, payload: DecodedPayload | null): number {
    const first = this.count + 1
    const { commitments } = commits
    if (commitments.length === 0) {
      if (payload !== null) throw new DecodeError(seq, 'it has a payload and no commitments')
      return first
    }
    // All are there, as erased, before anything can be found wrong: later numbers stay right.
    for (const each of commitments) {
      this.#commitments.push(each)
      this.#values.push(null)
    }
    if (commits.first_value !== first) {
      throw new DecodeError(seq, `its first value has number ${commits.first_value}, not ${first}`)
    }
    if (payload === null) return first
    if (payload.values.length !== commitments.length) {
      throw new DecodeError(
        seq,
        `the payload has ${payload.values.length} values, and the entry commits to ${commitments.length}`,
      )
    }
    for (let i = 0; i < payload.values.length; i++) {
      this.#values[first - 1 + i] = this.#resolve(seq, payload.values[i]!, first + i)
    }
    return first
  }

  /** A value by its number, with its objects as rows; null if it is erased, or there is none. */
  get(number: number): Json | null {
    return this.#values[number - 1] ?? null
  }

  /** The commitment to a value, as hex; null if there is none. */
  commitment(number: number): string | null {
    return this.#commitments[number - 1] ?? null
  }

  #resolve(seq: number, stored: StoredValue, number: number): Json {
    if (stored.kind === 'full') return stored.value
    if (stored.base >= number) {
      throw new DecodeError(
        seq,
        `value ${number} is stored as a change of value ${stored.base}, which is none before it`,
      )
    }
    const base = this.get(stored.base)
    if (base === null) return null
    if (!isRow(base)) throw new DecodeError(seq, `value ${number} is stored as a change of something that isn't a row`)
    const stray = stored.unset.find(field => !Object.hasOwn(base, field) || Object.hasOwn(stored.set, field))
    if (stray !== undefined) {
      throw new DecodeError(seq, `value ${number} is stored with a field removed that isn't there to be removed`)
    }
    return derive(base, stored.set, stored.unset)
  }
}
