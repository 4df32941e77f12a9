/** Values that are encrypted with a key that isn't at hand, where they are needed. */
import { CustodyError } from './error.ts'

/** `what`: whose values they are, for people. */
export function keyNeeded(key_id: string, what: string): CustodyError {
  return new CustodyError(
    'CUSTODY_LEDGER_KEY',
    `values of ${what} are encrypted with ledger key ${key_id}, which isn’t at hand`,
  )
}
