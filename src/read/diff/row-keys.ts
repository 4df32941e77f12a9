/**
 * Keys of rows: the values of some fields as they were ingested, by which rows of two runs are matched.
 *
 * ROW-KEYS-1. Two keys are the same if the canonical texts of their values are: the number 7 and the text "7" are two keys. Decimals are
 *     taken by value. Of a text only half of its SHA-256 is kept, of which nobody can find two that are the same.
 */
import { hash } from 'node:crypto'
import { canonicalize } from '../../model/canonical.ts'
import { keyValue } from '../../model/decimal-text.ts'
import { type Json, newRow, type Row } from '../../model/row.ts'
import { wasRejected } from '../evidence/ingested.ts'
import type { RunReader } from '../evidence/run-reader.ts'

/** Bytes that are kept of a key. */
export const KEY_BYTES = 16

/** What is known of a row's key. */
const KEY_ERASED = 0
export const KEY_FOUND = 1
/** It lacks one of the fields, or has null there. */
export const KEY_MISSING = 2
/** Its record didn't fit the schema, and is no row. */
export const KEY_REJECTED = 3

/** The fields of a key. */
export interface RowKey {
  readonly fields: readonly string[]
  /** Places of decimals that are compared by value. */
  readonly by_value: readonly number[]
}

/** Rows of a run, both ends included. */
export interface KeyRange {
  readonly first: number
  readonly last: number
}

/** Of each row of a range, in order: what is known of its key, and `KEY_BYTES` of it. */
export interface KeyPage {
  readonly states: Uint8Array
  readonly keys: Uint8Array
}

export type RowReader = Pick<RunReader, 'ingestedOfRows'>

/** @throws UnsoundRecord if one of the rows isn't what was recorded. */
export async function keysOfRows(
  reader: RowReader,
  log: number,
  { first, last }: KeyRange,
  key: RowKey,
): Promise<KeyPage> {
  const count = last - first + 1
  const states = new Uint8Array(count).fill(KEY_ERASED)
  const keys = new Uint8Array(count * KEY_BYTES)
  for (const ingested of await reader.ingestedOfRows(log, first, last)) {
    const { entry, data, is_erased } = ingested
    const at = entry.row - first
    const values = data === null ? null : valuesOf(data, key)
    if (is_erased) states[at] = KEY_ERASED
    else if (wasRejected(log, ingested)) states[at] = KEY_REJECTED
    else if (values === null) states[at] = KEY_MISSING
    else {
      states[at] = KEY_FOUND
      keys.set(hash('sha256', canonicalize(values), 'buffer').subarray(0, KEY_BYTES), at * KEY_BYTES)
    }
  }
  return { states, keys }
}

/** null if the row has no key. */
function valuesOf(row: Row, { fields, by_value }: RowKey): readonly Json[] | null {
  const values: Json[] = []
  for (const [i, field] of fields.entries()) {
    const value = Object.hasOwn(row, field) ? row[field] : null
    if (value == null) return null
    values.push(keyValue(value, by_value.includes(i)))
  }
  return values
}

/** The fields of a row's key, for people; those that it lacks, or all if it is erased, are left out. */
export async function keyOfRow(reader: RowReader, log: number, row: number, fields: readonly string[]): Promise<Row> {
  const key = newRow()
  const [found] = await reader.ingestedOfRows(log, row, row)
  for (const field of fields) {
    const data = found?.data ?? null
    const value = data !== null && Object.hasOwn(data, field) ? data[field] : undefined
    if (value !== undefined) key[field] = value
  }
  return key
}

/** Gives the keys of ranges of rows of a log, in their order. */
export type KeySource = (log: number, ranges: readonly KeyRange[], key: RowKey) => AsyncIterable<KeyPage>

/** Reads them here. */
export function keysHere(reader: RowReader): KeySource {
  return async function* (log, ranges, key) {
    for (const range of ranges) yield await keysOfRows(reader, log, range, key)
  }
}
