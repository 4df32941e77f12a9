/** Where in log 0 a change of keys stands: it is signed for that place. */
import { CustodyError } from '../../model/error.ts'
import { counted, grouped } from '../../model/number-text.ts'
import type { ChangePlace } from '../keys/key-ring.ts'

/** @throws CustodyError CUSTODY_KEY_REQUEST if a change of keys was signed for another place than the one where it would stand. */
export function mustBeHere(signed: ChangePlace, place: ChangePlace, url: string): void {
  if (signed.ledger !== place.ledger)
    throw new CustodyError('CUSTODY_KEY_REQUEST', `the request is for another ledger than ${url}`)
  if (signed.index === place.index && signed.root === place.root) return
  throw new CustodyError(
    'CUSTODY_KEY_REQUEST',
    `${url} has gone on since the request was made: its own log has ${counted(place.index, 'entry', 'entries')}, and had ${grouped(signed.index)}`,
  )
}
