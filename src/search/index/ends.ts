/** Whether a run has ended, as its last entry says. */
import type { LedgerReader } from '../../ledger/read-port.ts'

/** `size`: entries of its log. */
export async function isSealed(reader: LedgerReader, log: number, size: number): Promise<boolean> {
  const last = await reader.entry(log, size - 1)
  return last?.body.startsWith('{"k":"seal"') === true
}
