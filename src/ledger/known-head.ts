/** The head of a ledger's own log, checked as by one who continues it. */
import type { Succeeded } from '../format/ledger-entry.ts'
import type { Trust } from './keys/trust.ts'
import type { LedgerReader } from './read-port.ts'
import { LogZero } from './write/log-zero.ts'

/** @throws CustodyError as `LogZero.read`. */
export async function headKnown(reader: LedgerReader, trust: Trust): Promise<Succeeded> {
  const log_zero = await reader.snapshot(() => LogZero.read(reader, trust))
  return { ledger: log_zero.id, size: log_zero.size, root: log_zero.root() }
}
