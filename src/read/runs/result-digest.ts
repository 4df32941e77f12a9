/** The digest of what a run with splits came to, as its seal has it on record. */
import type { Closing } from './run-log.ts'
import { type ValueReader, ValuesOnRecord } from './values-on-record.ts'

/** null: it is erased, or can't be read; undefined: there is none. @throws CustodyError CUSTODY_VERIFY_FAILED. */
export async function resultDigestOf(
  reader: ValueReader,
  log: number,
  { last, last_seq }: Pick<Closing, 'last' | 'last_seq'>,
): Promise<string | null | undefined> {
  if (last?.k !== 'seal' || last.digest === undefined) return undefined
  return new ValuesOnRecord(reader, log).get(last_seq, last, 'digest')
}
