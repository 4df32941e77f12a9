/** What is stored isn't what was recorded. */
import { CustodyError } from '../../model/error.ts'
import { entryName } from '../verify/check.ts'

/** Each problem is a sentence. */
export class UnsoundRecord extends CustodyError {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    const [first = 'the record doesn’t hold'] = problems
    super('CUSTODY_VERIFY_FAILED', first, { hint: 'Run `custody verify` to see all that is wrong.' })
    this.problems = problems
  }
}

/** `place`: from 1, among the values of the entry. */
export function missingValue(seq: number, place: number): string {
  return `value ${place} of ${entryName(seq)} is gone, and no erasure is on record`
}

/** `place`: from 1, among the values of the entry. */
export function changedValue(seq: number, place: number): string {
  return `what is stored as value ${place} of ${entryName(seq)} doesn’t fit its commitment: the value or its salt was changed`
}
