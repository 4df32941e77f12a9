/** Which keys log 0 says are in force. It says so itself: whether that holds is `verify`'s. */
import type { LedgerReader } from '../ledger/read-port.ts'
import { decodeLedgerEntry } from './decode.ts'
import { readable } from './runs/damaged.ts'

export interface KeyOnRecord {
  readonly verifier_key: string
  /** Microseconds. */
  readonly since_us: number
}

/** In the order in which they came in. */
export async function keysOnRecord(reader: LedgerReader): Promise<readonly KeyOnRecord[]> {
  let in_force: KeyOnRecord[] = []
  for await (const { seq, body } of reader.entries(0)) {
    if (seq > 0 && !body.includes('"k":"key"')) continue
    const entry = readable(0, () => decodeLedgerEntry(seq, body))
    if (entry.k === 'birth') in_force.push(...entry.keys.map(key => ({ verifier_key: key, since_us: entry.t })))
    if (entry.k !== 'key') continue
    if (entry.change === 'add') in_force.push(...entry.keys.map(key => ({ verifier_key: key, since_us: entry.t })))
    else in_force = in_force.filter(each => !entry.keys.includes(each.verifier_key))
  }
  return in_force
}
