/** What a record must have. Nothing stands in for what is missing: a default would go on from something that never was. */
import { CustodyError } from '../../model/error.ts'

/** @throws CustodyError CUSTODY_VERIFY_FAILED if it isn't there. `what`: such as `receipt of sink out`. */
export function onRecord<T>(value: T | null | undefined, what: string): T {
  return value ?? notOnRecord(what)
}

/** One of these words. @throws CustodyError CUSTODY_VERIFY_FAILED if the record has another. */
export function wordOnRecord<Word extends string>(words: readonly Word[], recorded: string): Word {
  return words.find(each => each === recorded) ?? notOnRecord(`meaning of ${recorded}`)
}

/** @throws CustodyError CUSTODY_VERIFY_FAILED. */
export function notOnRecord(what: string): never {
  throw new CustodyError('CUSTODY_VERIFY_FAILED', `the record has no ${what}`)
}
