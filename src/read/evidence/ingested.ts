/**
 * The data of rows as it was ingested, for those who look through a run for rows that fit. Of a row that doesn't fit nothing else is
 * shown, so nothing else of its entry is decoded.
 *
 * INGESTED-1. A text whose hash, with its salt, is the commitment of an entry that was signed is the value that was committed to,
 *     wherever it was found. What isn't found by a glance is decoded and checked as all values are.
 */
import { commitment, SALT_BYTES } from '../../format/hash.ts'
import { type FullEntry, isReadable, type ReadablePayload } from '../../ledger/read-port.ts'
import { parseJson } from '../../model/json.ts'
import { keyNeeded } from '../../model/key-needed.ts'
import { isObject, type Row } from '../../model/row.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { readable } from '../runs/damaged.ts'
import type { DecodedPayload } from '../values.ts'

/** The first entry of a row, and the row's data; of a record that was rejected, what is kept of it. */
export interface Ingested {
  readonly entry: FullEntry & { readonly row: number }
  /** As `JSON.parse` makes it: only its own fields count. */
  readonly data: Row
}

/** The same of a row whose data may be erased: then `data` is null. */
export interface MaybeIngested extends Omit<Ingested, 'data'> {
  readonly data: Row | null
  /** Whether that is on record. */
  readonly is_erased: boolean
}

/** Whether it is the first entry of its row: only that has an origin. */
export function isFirstOfRow(entry: FullEntry): entry is Ingested['entry'] {
  return entry.row !== null && entry.body.includes('"s":[')
}

/** The first visit of an entry, if it has no error: codes of errors are texts. Within a text the quotation marks would be escaped. */
const UNTROUBLED = /"v":\[\[[\d,]+\]/

/** Whether the record didn't fit its schema: what is kept of it is no row. */
export function wasRejected(log: number, { entry: { seq, body } }: Pick<Ingested, 'entry'>): boolean {
  return !UNTROUBLED.test(body) && readable(log, () => decodeSubjectEntry(seq, body)).visits[0]?.error !== null
}

/**
 * Value 1 of a row, of its first entry; null if it is erased or no row. `decode` decodes and checks the payload, and throws if something is
 * wrong with it.
 * @throws CustodyError CUSTODY_LEDGER_KEY if it is encrypted with a key that isn't at hand: nobody knows whether it would fit.
 */
export function firstValue(entry: FullEntry, decode: () => DecodedPayload | null): Row | null {
  const { payload } = entry
  const seen = payload === null || !isReadable(payload) ? undefined : atAGlance(entry.body, payload)
  if (seen !== undefined) return isObject(seen) ? seen : null
  const first = decode()?.values[0]
  if (first?.kind === 'unreadable') throw keyNeeded(first.key_id, 'the run’s rows')
  return first?.kind === 'full' && isObject(first.value) ? first.value : null
}

const COMMITMENTS = '{"c":["'
const HASH_DIGITS = 64
const VALUES = '[['
const NEXT_VALUE = '],['

/** undefined if it isn't the first commitment's, or stands otherwise. */
function atAGlance(body: string, { salts, body: values }: ReadablePayload) {
  if (!body.startsWith(COMMITMENTS) || !values.startsWith(VALUES) || salts.length < SALT_BYTES) return undefined
  const end = values.indexOf(NEXT_VALUE)
  const text = values.slice(VALUES.length, end === -1 ? -VALUES.length : end)
  const committed = body.slice(COMMITMENTS.length, COMMITMENTS.length + HASH_DIGITS)
  if (commitment(salts.subarray(0, SALT_BYTES), text) !== committed) return undefined
  try {
    return parseJson(text) as Row
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
