/** What `custody witness` takes, and which of it goes together. */
import { CustodyError } from '../../model/error.ts'
import type { LedgerOptions } from '../ledger-access.ts'

export interface WitnessArguments extends LedgerOptions {
  readonly listen?: string
  readonly log?: readonly string[]
  readonly key?: string
  readonly name?: string
  readonly state?: string
  readonly catchUp?: boolean
  readonly policy?: string
  readonly timestamps?: string
  readonly json?: boolean
}

/** @throws CustodyError CUSTODY_ARGUMENT. */
export function needed(value: string | undefined, option: string, what: string): string {
  if (value !== undefined && value !== '') return value
  throw new CustodyError('CUSTODY_ARGUMENT', `${option} is missing: ${what}`, {
    hint: 'See `custody help witness` for an example.',
  })
}

/** `HOST:PORT`, `[::1]:PORT`, `:PORT`. @throws CustodyError CUSTODY_ARGUMENT. */
export function addressOf(text: string): { readonly host: string; readonly port: number } {
  const { host = '', port = '' } =
    /^(?:\[(?<host>[0-9a-fA-F:]+)\]|(?<host>[^:\s]*)):(?<port>\d{1,5})$/.exec(text)?.groups ?? {}
  if (port === '' || Number(port) > 65_535)
    throw new CustodyError('CUSTODY_ARGUMENT', `--listen ${text} is no address`, { hint: 'As in 127.0.0.1:7380.' })
  return { host: host === '' ? '127.0.0.1' : host, port: Number(port) }
}
