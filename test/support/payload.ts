/** Payloads of ledgers whose values can be read. */
import { isReadable, type ReadablePayload, type StoredPayload } from '../../src/ledger/read-port.ts'

/** null if there is none. @throws TypeError if it can't be read. */
export function readable(payload: StoredPayload | null | undefined): ReadablePayload | null {
  if (payload == null) return null
  if (!isReadable(payload)) throw new TypeError(`the values of entry ${payload.seq} can’t be read`)
  return payload
}
