/** How a ledger is called where nobody is to learn at which place of which machine it is. */
import { withoutPassword } from '../ledger/postgres/address.ts'
import { CustodyError, isCustodyError } from '../model/error.ts'

/** `sqlite:/srv/records/custody.db`: `custody.db`. */
export function ledgerName(url: string): string {
  const path = url.replace(/^[a-z]+:/i, '').replace(/[?#].*$/, '')
  return path.split(/[\\/]/).findLast(each => each !== '') ?? 'ledger'
}

/** The same error, with the ledger's name in the place of its URL or path. */
export function withoutPlace(error: unknown, place: string): unknown {
  const url = withoutPassword(place)
  if (!isCustodyError(error)) return error
  const { code, message, hint, final, cause } = error
  const path = url.replace(/^sqlite:/, '')
  if (![message, hint ?? ''].some(text => text.includes(path))) return error
  const named = (text: string) => text.replaceAll(url, ledgerName(url)).replaceAll(path, ledgerName(url))
  return new CustodyError(code, named(message), { hint: hint === undefined ? hint : named(hint), final, cause })
}
