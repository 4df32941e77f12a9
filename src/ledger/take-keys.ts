/** Keys of a name are taken out of force, by one who stays there. */
import type { Signer } from '../format/signing-key.ts'
import { parseVerifierKey } from '../format/verifier-key.ts'
import { CustodyError } from '../model/error.ts'
import type { StoredLedger } from './write/ledger.ts'

export interface TakenAway {
  /** Verifier keys. */
  readonly gone: readonly string[]
  /** seq of the entry of log 0 that says so. */
  readonly entry: number
  /** Name of the key that has signed it. */
  readonly signer: string
}

/** `signer` is another one that is in force. @throws CustodyError CUSTODY_ARGUMENT if no such key is in force; CUSTODY_KEY. */
export async function takeAway(
  ledger: StoredLedger,
  change: 'retire' | 'revoke',
  name: string,
  signer: Signer,
): Promise<TakenAway> {
  const gone = mustHave(ledger, name)
  await ledger.changeKeys(change, gone, [signer])
  const entries = ledger.keys.taken.filter(({ key }) => gone.includes(key)).map(each => each.index)
  return { gone, entry: Math.max(...entries), signer: signer.name }
}

/** Verifier keys of this name that are in force. @throws CustodyError CUSTODY_ARGUMENT if there are none. */
export function mustHave(ledger: StoredLedger, name: string): readonly string[] {
  const found = ledger.keys.in_force.filter(each => each.name === name).map(each => each.text)
  if (found.length === 0) throw notInForce(ledger, name)
  return found
}

function notInForce({ keys }: StoredLedger, name: string): CustodyError {
  const names = [...new Set(keys.in_force.map(each => each.name))].join(', ')
  const before = keys.taken.findLast(({ key }) => parseVerifierKey(key).name === name)
  return new CustodyError(
    'CUSTODY_ARGUMENT',
    before === undefined
      ? `no key of this name is in force: ${name}`
      : `${name} isn’t in force any more: it was ${before.revoked ? 'revoked' : 'retired'} in entry ${before.index} of the ledger’s own log`,
    { hint: `In force are ${names}.` },
  )
}
