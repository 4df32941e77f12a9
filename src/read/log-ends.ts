/** Where logs end, of which there may be very many: in PostgreSQL one question for a thousand of them. */
import type { LedgerReader, LogEnd, LogRange } from '../ledger/read-port.ts'

/** Each is some 100 bytes. */
const AT_ONCE = 1_024

/** Those that have entries, in order of their logs. */
export async function* endsOf(
  reader: Pick<LedgerReader, 'ends'>,
  { from, to }: LogRange,
): AsyncGenerator<LogEnd, void, undefined> {
  for (let next = from; next <= to; next += AT_ONCE)
    yield* await reader.ends({ from: next, to: Math.min(to, next + AT_ONCE - 1) })
}
