/** The id that a ledger has from its birth. */
import type { LedgerReader } from '../ledger/read-port.ts'
import { decodeLedgerEntry } from '../read/decode.ts'
import { readable } from '../read/runs/damaged.ts'

/** '' if its first entry isn't its birth. @throws CustodyError CUSTODY_VERIFY_FAILED if that can't be read. */
export async function ledgerId(reader: Pick<LedgerReader, 'entry'>): Promise<string> {
  const birth = await reader.entry(0, 0)
  const facts = birth === null ? null : readable(0, () => decodeLedgerEntry(0, birth.body))
  return facts?.k === 'birth' ? facts.ledger : ''
}
