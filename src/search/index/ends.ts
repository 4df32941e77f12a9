/** Whether a run has ended, as its last entry says. */
import type { LedgerReader } from '../../ledger/read-port.ts'

export async function isSealed(reader: LedgerReader, log: number): Promise<boolean> {
  const last = await reader.entry(log, (await reader.size(log)) - 1)
  return last?.body.includes('"k":"seal"') === true
}
