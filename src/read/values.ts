/**
 * The values of one subject (a row, a batch, the run): its entries say how many there are and commit to them, its payloads
 * hold them, in full or as changes of earlier ones.
 *
 * VALUES-1. Values are numbered from 1, without gaps, in order of the subject's entries.
 * VALUES-2. A value that is stored as none is erased; whether that is on record, log 0 says (erasures.ts). One whose payload is gone,
 *     or that is stored as a change of an erased one, is missing too, and no erasure on record allows that.
 * VALUES-3. Changes of changes can say much more than is stored of them. Of what they come to only the latest is kept, the rest is
 *     made again when it is asked for; and beyond a limit that no row of a pipeline comes near nothing more is made.
 */
import { commitment, SALT_BYTES } from '../format/hash.ts'
import { isReadable, type ReadablePayload, type StoredPayload, type UnreadablePayload } from '../ledger/read-port.ts'
import { canonicalize, isCanonical, NotJsonError } from '../model/canonical.ts'
import { JsonTextError, parseJson, parseStored } from '../model/json.ts'
import { counted, grouped } from '../model/number-text.ts'
import { derive, isRow, type Json, type Row, withoutPrototypes } from '../model/row.ts'
import { DecodeError } from './decode.ts'

/** One element of a payload, as stored. */
export type StoredValue =
  | { readonly kind: 'full'; readonly value: Json }
  | { readonly kind: 'patch'; readonly base: number; readonly set: Row; readonly unset: readonly string[] }
  | { readonly kind: 'erased' }
  /** Encrypted with a key that isn't at hand. */
  | { readonly kind: 'unreadable'; readonly key_id: string }

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

/** Where a value ends another begins: a text with more of these is no payload of ours, and would fill the memory. */
const MAX_COMMAS = 10_000_000
/** Of texts from here on they are counted. */
const LONG_UNITS = 16 * 1024 * 1024

const NO_SALT = new Uint8Array(SALT_BYTES)

/**
 * Reads a payload: `[[value], [base, set, unset], null, …]`, and 16 bytes of salt for each element, zeros for what is erased.
 * @throws DecodeError if it isn't its own canonical re-encoding, or anything else is out of form.
 */
export function decodePayload(payload: StoredPayload): DecodedPayload {
  return isReadable(payload) ? decodeReadable(payload) : decodeUnreadable(payload)
}

function decodeUnreadable({ seq, values, unreadable }: UnreadablePayload): DecodedPayload {
  if (unreadable.why === 'damaged')
    throw new DecodeError(seq, 'its values can’t be decrypted: they, or their key, aren’t what was encrypted there')
  const { key_id } = unreadable
  return {
    values: Array.from({ length: values }, () => ({ kind: 'unreadable', key_id })),
    salts: Array.from({ length: values }, () => NO_SALT),
  }
}

function decodeReadable({ seq, salts, body }: ReadablePayload): DecodedPayload {
  if (body.length > LONG_UNITS && commasIn(body) > MAX_COMMAS)
    throw new DecodeError(
      seq,
      `the payload has more than ${grouped(MAX_COMMAS)} elements and fields, too many to be looked at`,
    )
  const list = canonicalRows(body) ?? strictRows(seq, body)
  if (!Array.isArray(list) || list.length === 0) throw new DecodeError(seq, 'the payload is not a list of values')
  const values = (list as readonly Json[]).map((each, i) => storedValue(seq, each, i))
  if (salts.length !== values.length * SALT_BYTES) {
    throw new DecodeError(
      seq,
      `the payload has ${counted(values.length, 'value')} and ${counted(salts.length, 'byte')} of salt, not ${grouped(values.length * SALT_BYTES)}`,
    )
  }
  const each = values.map((_, i) => salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES))
  if (values.some(({ kind }, i) => kind === 'erased' && each[i]?.some(byte => byte !== 0)))
    throw new DecodeError(seq, 'the payload has the salt of a value that is erased')
  return { values, salts: each }
}

/** With objects as rows; null if the text isn't canonical, or `strictRows` must say so. */
function canonicalRows(body: string): Json | null {
  try {
    const value = parseJson(body) as Json
    return isCanonical(value, body) ? withoutPrototypes(value) : null
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof NotJsonError) return null
    throw error
  }
}

/** The same, and what is wrong with it. */
function strictRows(seq: number, body: string): Json {
  let value: Json
  try {
    value = parseStored(body)
  } catch (error) {
    if (error instanceof JsonTextError) throw new DecodeError(seq, `the payload is not strict JSON: ${error.message}`)
    throw error
  }
  if (!isCanonical(value, body)) throw new DecodeError(seq, 'the payload is not its own canonical re-encoding')
  return value
}

function storedValue(seq: number, element: Json, index: number): StoredValue {
  if (element === null) return { kind: 'erased' }
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

function commasIn(text: string): number {
  let count = 0
  for (let at = text.indexOf(','); at !== -1; at = text.indexOf(',', at + 1)) count++
  return count
}

/** A value as it is kept: what is stored in full, a change of an earlier one, one that can't be read, or null if it is missing. */
type Kept = { readonly full: Json } | Extract<StoredValue, { kind: 'patch' | 'unreadable' }> | null

/** Fits, and wasn't kept. */
const SKIPPED = { full: null } as const

/** Fields of rows that were made of changes and are kept: a few wide rows, or many small ones. */
const KEPT_FIELDS = 50_000
/** So many changes may stand on each other: a row has one for each node that it passes, and no plan is so long. */
const LONGEST_CHAIN = 2_000
/** Fields that the changes of a subject may come to in all, and more for each of its values. */
const MOST_FIELDS = 2_000_000
const MOST_FIELDS_A_VALUE = 2_000

/**
 * All that is known of a subject's values, as JSON has it: those that are stored, 0 for what is missing, 1 for what wasn't kept, and of what
 * can't be read the key's id.
 */
export type ValuesFacts = readonly [
  commitments: readonly string[],
  values: ReadonlyArray<
    0 | 1 | string | readonly [full: Json] | readonly [base: number, set: Row, unset: readonly string[]]
  >,
  made_fields: number,
]

export const NO_VALUES: ValuesFacts = [[], [], 0]

/** Folds a subject's entries, in order, into its values. */
export class SubjectValues {
  readonly #values: Kept[] = []
  readonly #commitments: string[] = []
  /** On how many changes a value stands that is one itself. */
  readonly #depths = new Map<number, number>()
  /** Rows made of changes, the oldest first, with how many fields they have. */
  readonly #made = new Map<number, { readonly row: Row; readonly fields: number }>()
  #kept_fields = 0
  #made_fields = 0

  /** Rows that are changes are made again when they are asked for. */
  static of([commitments, values, made_fields]: ValuesFacts): SubjectValues {
    const made = new SubjectValues()
    made.#made_fields = made_fields
    for (const each of commitments) made.#commitments.push(each)
    for (const each of values) {
      made.#values.push(keptOf(each))
      if (typeof each === 'object' && each.length === 3)
        made.#depths.set(made.#values.length, (made.#depths.get(each[0]) ?? 0) + 1)
    }
    return made
  }

  get facts(): ValuesFacts {
    const values = this.#values.map((kept): ValuesFacts[1][number] => {
      if (kept === null) return 0
      if (kept === SKIPPED) return 1
      if ('key_id' in kept) return kept.key_id
      return 'full' in kept ? [kept.full] : [kept.base, kept.set, kept.unset]
    })
    return [this.#commitments, values, this.#made_fields]
  }

  /** Number of values so far, missing ones included. */
  get count(): number {
    return this.#commitments.length
  }

  /**
   * Adds the values of the subject's next entry; `payload` is null if it is gone, or the entry has none.
   * @returns the number of the first of them.
   * @throws DecodeError if the numbers or the payload don't fit; then no value of the entry can be relied on.
   */
  add(seq: number, commits: Commits, payload: DecodedPayload | null): number {
    const first = this.count + 1
    const { commitments } = commits
    if (commitments.length === 0) {
      if (payload !== null) throw new DecodeError(seq, 'it has a payload and no commitments')
      return first
    }
    // All are added as missing before anything can be found wrong: later numbers stay right.
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
        `the payload has ${counted(payload.values.length, 'value')}, and the entry commits to ${grouped(commitments.length)}`,
      )
    }
    for (let i = 0; i < payload.values.length; i++) {
      this.#values[first - 1 + i] = this.#checked(seq, payload.values[i]!, first + i)
    }
    return first
  }

  /**
   * Adds the values of an entry that were found to fit, and that nobody will ask for: they aren't kept.
   * @throws DecodeError if the numbers don't fit.
   */
  skip(seq: number, commits: Commits): void {
    const first = this.add(seq, commits, null)
    for (let number = first; number <= this.count; number++) this.#values[number - 1] = SKIPPED
  }

  /** A value by its number, with its objects as rows; null if it is missing, wasn't kept, or there is none. */
  get(number: number): Json | null {
    const kept = this.#values[number - 1] ?? null
    // Of a value that nobody will ask for an altered entry may have a change all the same.
    if (kept === null || kept === SKIPPED || 'key_id' in kept) return null
    return 'full' in kept ? kept.full : this.#derived(number)
  }

  /** The commitment to a value, as hex; null if there is none. */
  commitment(number: number): string | null {
    return this.#commitments[number - 1] ?? null
  }

  /**
   * Numbers of an entry's values that don't fit their commitments, once they were added. Missing ones aren't among them.
   * `which`: all, or only those that are stored as changes.
   */
  misfits(
    first: number,
    { commitments }: Commits,
    payload: DecodedPayload,
    which: 'all' | 'changes' = 'all',
  ): number[] {
    const numbers: number[] = []
    for (let i = 0; i < commitments.length; i++) {
      if (which === 'changes' && payload.values[i]?.kind === 'full') continue
      const value = this.get(first + i)
      if (value === null && this.isMissing(first + i)) continue
      if (!fits(payload.salts[i]!, value, commitments[i]!)) numbers.push(first + i)
    }
    return numbers
  }

  /** Whether a value is missing, or can't be read; one that is there may also be null. */
  isMissing(number: number): boolean {
    const kept = this.#values[number - 1] ?? null
    return kept === null || 'key_id' in kept
  }

  /** Id of the key without which a value can't be read; null if it can, or is missing. */
  unreadable(number: number): string | null {
    const kept = this.#values[number - 1] ?? null
    return kept !== null && 'key_id' in kept ? kept.key_id : null
  }

  /** What is kept of a stored value. @throws DecodeError if it is a change of something that it can't be a change of. */
  #checked(seq: number, stored: StoredValue, number: number): Kept {
    if (stored.kind === 'full') return { full: stored.value }
    if (stored.kind === 'erased') return null
    if (stored.kind === 'unreadable') return stored
    if (stored.base >= number) {
      throw new DecodeError(
        seq,
        `value ${number} is stored as a change of value ${stored.base}, which is none before it`,
      )
    }
    const key_id = this.unreadable(stored.base)
    if (key_id !== null) return { kind: 'unreadable', key_id }
    const base = this.get(stored.base)
    if (base === null) return null
    if (!isRow(base)) throw new DecodeError(seq, `value ${number} is stored as a change of something that isn't a row`)
    const stray = stored.unset.find(field => !Object.hasOwn(base, field) || Object.hasOwn(stored.set, field))
    if (stray !== undefined) {
      throw new DecodeError(seq, `value ${number} is stored with a field removed that isn't there to be removed`)
    }
    const depth = (this.#depths.get(stored.base) ?? 0) + 1
    if (depth > LONGEST_CHAIN || this.#made_fields > MOST_FIELDS + MOST_FIELDS_A_VALUE * this.count)
      throw new DecodeError(seq, `value ${number} isn't looked at: changes of changes have come to too much`)
    this.#depths.set(number, depth)
    this.#make(number, base, stored)
    return stored
  }

  /** A row that is stored as a change: made again from what is kept of those that it changes. */
  #derived(number: number): Row | null {
    const changes: Array<[number, Extract<StoredValue, { kind: 'patch' }>]> = []
    let row: Json | null = null
    for (let at = number; row === null; ) {
      row = this.#made.get(at)?.row ?? null
      const kept: Kept = row === null ? (this.#values[at - 1] ?? null) : null
      if (row !== null) break
      if (kept === null || 'key_id' in kept) return null
      if ('full' in kept) row = kept.full
      else {
        changes.push([at, kept])
        at = kept.base
      }
    }
    for (const [at, change] of changes.reverse()) row = this.#make(at, row as Row, change)
    return row as Row
  }

  #make(number: number, base: Row, { set, unset }: Extract<StoredValue, { kind: 'patch' }>): Row {
    const row = derive(base, set, unset)
    const fields = Object.keys(row).length
    this.#made_fields += fields
    this.#kept_fields += fields
    this.#made.set(number, { row, fields })
    for (const [oldest, { fields: freed }] of this.#made) {
      if (this.#kept_fields <= KEPT_FIELDS || oldest === number) break
      this.#made.delete(oldest)
      this.#kept_fields -= freed
    }
    return row
  }
}

function keptOf(facts: ValuesFacts[1][number]): Kept {
  if (facts === 0) return null
  if (facts === 1) return SKIPPED
  if (typeof facts === 'string') return { kind: 'unreadable', key_id: facts }
  if (facts.length === 1) return { full: withoutPrototypes(facts[0]) }
  const [base, set, unset] = facts
  return { kind: 'patch', base, set: withoutPrototypes(set) as Row, unset }
}

function fits(salt: Uint8Array, value: Json, expected: string): boolean {
  try {
    return commitment(salt, canonicalize(value)) === expected
  } catch (error) {
    // A change can nest a value deeper than values may be.
    if (error instanceof NotJsonError) return false
    throw error
  }
}
