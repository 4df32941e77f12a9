/** Values against their commitments: SHA-256(02 ‖ salt ‖ canonical text), value by value. */
import type { StoredPayload } from '../../ledger/read-port.ts'
import { type DecodedRunEntry, DecodeError } from '../decode.ts'
import { type Commits, type DecodedPayload, decodePayload, type SubjectValues } from '../values.ts'
import type { Check, Place } from './check.ts'
import type { Looked } from './look.ts'

export interface ValueCounts {
  readonly there: number
  readonly erased: number
  /** Encrypted with a key that isn't at hand. */
  readonly unread: number
}
const NO_VALUES: ValueCounts = { there: 0, erased: 0, unread: 0 }

/** Adds the values of a subject's next entry to those that it has, and looks at them, as far as they are at hand. */
type LookAtValues<C extends Commits> = (
  commits: C,
  looked: Looked,
  values: SubjectValues,
  where: Place,
  check: Check,
) => ValueCounts

export interface ValueLooks {
  /** Those of a row or a batch. */
  readonly ofSubject: LookAtValues<Commits>
  /** Those of the run. */
  readonly ofRun: LookAtValues<DecodedRunEntry>
}

/** Of a ledger, which has them all; `isErased` says which are erased on record, by their places among the values of an entry. */
export function storedValues(isErased: (seq: number, place: number) => boolean): ValueLooks {
  const look: LookAtValues<Commits> = (commits, { entry: { seq }, payload, has_values }, values, where, check) => {
    const at = { where, isErased: (place: number) => isErased(seq, place) }
    return has_values && payload === null
      ? skipValues(commits, seq, values, at, check)
      : checkValues(commits, payload, seq, values, at, check)
  }
  return { ofSubject: look, ofRun: look }
}

/**
 * Adds the values of a subject's next entry to `values`, and checks each against its commitment. `where` names the entry, `isErased`
 * says which places among its values are erased on record.
 * @returns how many values were there to be checked, how many are erased on record, and how many couldn't be read.
 */
function checkValues(
  commits: Commits,
  payload: StoredPayload | null,
  seq: number,
  values: SubjectValues,
  { where, isErased }: { readonly where: Place; readonly isErased: (place: number) => boolean },
  check: Check,
): ValueCounts {
  const { commitments } = commits
  let decoded: DecodedPayload | null = null
  let first: number
  try {
    if (payload !== null) decoded = decodePayload(payload)
    else if (commitments.length > 0) check.add(`${where}: its payload is missing`)
    first = values.add(seq, commits, decoded)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    check.add(`${where}: ${error.message}`)
    // The numbers of later values stay right.
    if (payload !== null && decoded === null) keepCount(commits, seq, values)
    return NO_VALUES
  }
  if (decoded === null) return NO_VALUES
  const { values: stored } = decoded
  let there = 0
  let erased = 0
  let unread = 0
  for (const [i, value] of stored.entries()) {
    const { kind } = value
    const on_record = isErased(i + 1)
    if (kind === 'unreadable') {
      // Whether one that was to go is gone, nobody sees without the key.
      unread++
      check.passOver(`encrypted with ledger key ${value.key_id}, which isn’t at hand`)
      continue
    }
    const key_id = values.unreadable(first + i)
    if (key_id !== null) {
      unread++
      check.passOver(`changes of what is encrypted with ledger key ${key_id}, which isn’t at hand`)
      continue
    }
    if (kind !== 'erased') there++
    else if (on_record) erased++
    if (kind === 'erased' && !on_record) check.add(`${where}: value ${first + i} is gone, and no erasure is on record`)
    else if (kind !== 'erased' && on_record) check.add(`${where}: value ${first + i} is there, and was to be erased`)
    else if (kind === 'patch' && values.isMissing(first + i))
      check.add(`${where}: value ${first + i} can't be rebuilt, because the one that it changes is missing`)
  }
  for (const number of values.misfits(first, commits, decoded))
    check.add(`${where}: value ${number} doesn't fit its commitment: the value, its salt or the entry was changed`)
  return { there, erased, unread }
}

/** The same of values that were found to fit, and aren't needed any more. */
function skipValues(
  commits: Commits,
  seq: number,
  values: SubjectValues,
  { where, isErased }: { readonly where: Place; readonly isErased: (place: number) => boolean },
  check: Check,
): ValueCounts {
  const there = commits.commitments.length
  try {
    values.skip(seq, commits)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    check.add(`${where}: ${error.message}`)
    return NO_VALUES
  }
  for (let place = 1; place <= there; place++)
    if (isErased(place)) check.add(`${where}: value ${commits.first_value + place - 1} is there, and was to be erased`)
  return { there, erased: 0, unread: 0 }
}

/** A payload that can't be read counts as one that is gone. */
function keepCount(commits: Commits, seq: number, values: SubjectValues): void {
  try {
    values.add(seq, commits, null)
  } catch (error) {
    // What is wrong with the numbers was reported, or will be with the next entry.
    if (!(error instanceof DecodeError)) throw error
  }
}
