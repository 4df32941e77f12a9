/** What evidence is asked for of somebody without the ledger: the proof of a row (prove-row.ts), or a completeness record (prove-record.ts). */
import { CustodyError } from '../model/error.ts'
import type { NamedRow } from '../read/recorded/named-row.ts'
import type { Context } from './context.ts'
import type { LedgerOptions } from './ledger-access.ts'
import type { RecordOptions } from './prove-record.ts'
import type { ProveRowOptions } from './prove-row.ts'

export interface ProveOptions extends Omit<ProveRowOptions, 'row' | 'ledger'>, Pick<RecordOptions, 'disclose'> {
  readonly row?: NamedRow
  /** True: named without saying which. */
  readonly ledger?: string | true
}

/** Returns the exit code. `run`: as it was named; absent for the ledger's own log. */
export async function writeEvidence(context: Context, run: string | undefined, given: ProveOptions): Promise<0 | 1> {
  const wrong = misfit(run, given)
  if (wrong !== null) throw new CustodyError('CUSTODY_ARGUMENT', ...wrong)
  const { row, ledger, ...options } = given
  const of: LedgerOptions = typeof ledger === 'string' ? { ledger } : {}
  if (run !== undefined && row !== undefined) {
    const { writeProof } = await import('./prove-row.ts')
    return writeProof(context, run, { ...options, ...of, row })
  }
  const { writeRecord } = await import('./prove-record.ts')
  return writeRecord(context, run, { ...options, ...of })
}

type Wrong = readonly [message: string, more: { readonly hint: string }]

function misfit(run: string | undefined, options: ProveOptions): Wrong | null {
  const { row, disclose, withhold, onlyExact, includeShared, html, ledger } = options
  if (run === undefined && ledger === undefined)
    return ['no run is named', { hint: 'Name one, or give --ledger for the record of the ledger’s own log alone.' }]
  if (run !== undefined && ledger === true)
    return ['--ledger names no ledger', { hint: 'Give its URL, or no run for the ledger’s own log alone.' }]
  if (run === undefined && row !== undefined) return ['a row is of a run, and none is named', { hint: 'Name one.' }]
  if (row !== undefined && disclose !== undefined)
    return ['--disclose is for records, and --row asks for a proof', { hint: 'Leave one of the two out.' }]
  if (run === undefined && disclose !== undefined)
    return ['--disclose is for the record of a run, and none is named', { hint: 'Name one.' }]
  if (row === undefined && html === true)
    return ['a letter is about one row, and none is named', { hint: 'Give --row for a letter about it.' }]
  if (row === undefined && (withhold !== undefined || onlyExact === true || includeShared === true))
    return ['there are no values of rows in a record', { hint: 'Give --row for the proof of one.' }]
  if (onlyExact === true && withhold === undefined)
    return ['--only-exact goes with --withhold, which is missing', { hint: 'Name the values to be left out.' }]
  return null
}
