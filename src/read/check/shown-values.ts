/** Values that a proof shows, against what its entries commit to: SHA-256(02 ‖ salt ‖ canonical text), each by itself. */
import { commitment, hexToBytes, SALT_BYTES } from '../../format/hash.ts'
import type { ProvenEntry } from '../../format/proof.ts'
import { canonicalize, NotJsonError } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import type { Commits, DecodedPayload } from '../values.ts'
import { entryName, type Report } from '../verify/check.ts'

/** Whether log 0 says that a value was erased. `place`: from 1, among the values of the entry. */
export type IsErased = (seq: number, place: number) => boolean

/** What is shown of the values of an entry, by number. */
export interface Shown {
  readonly fitting: ReadonlyMap<number, Json>
  /** Those that aren't what was committed to: they are neither what was recorded nor withheld. */
  readonly altered: ReadonlySet<number>
}

/** Those that aren't what was committed to, that were erased, or that the entry doesn't commit to, are reported. */
export function shownValues(
  { seq, values = [] }: Pick<ProvenEntry, 'seq' | 'values'>,
  { commitments, first_value }: Commits,
  isErased: IsErased,
  check: Report,
): Shown {
  const fitting = new Map<number, Json>()
  const altered = new Set<number>()
  for (const { number, salt, value } of values) {
    const expected = commitments[number - first_value]
    if (expected === undefined) check.add(`${entryName(seq)} doesn’t commit to a value ${number}`)
    else if (isErased(seq, number - first_value + 1))
      check.add(`value ${number} of ${entryName(seq)} is there, and was erased, as log 0 says`)
    else if (fits(hexToBytes(salt), value, expected)) fitting.set(number, value)
    else {
      altered.add(number)
      check.add(`value ${number} of ${entryName(seq)} doesn’t fit its commitment: it, or its salt, was changed`)
    }
  }
  return { fitting, altered }
}

/** As a payload that has these values and no others, for whoever numbers the values of a subject. */
export function asPayload(shown: ReadonlyMap<number, Json>, commits: Commits): DecodedPayload | null {
  if (commits.commitments.length === 0) return null
  const values = commits.commitments.map((_, i): DecodedPayload['values'][number] => {
    const value = shown.get(commits.first_value + i)
    return value === undefined ? { kind: 'erased' } : { kind: 'full', value }
  })
  // What was compared with its commitment already needs its salt no more.
  return { values, salts: values.map(() => new Uint8Array(SALT_BYTES)) }
}

function fits(salt: Uint8Array, value: Json, expected: string): boolean {
  try {
    return commitment(salt, canonicalize(value)) === expected
  } catch (error) {
    if (error instanceof NotJsonError) return false
    throw error
  }
}
