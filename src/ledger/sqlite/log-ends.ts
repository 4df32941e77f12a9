/** Where logs end, one after the other: here a question costs next to nothing. */
import type { LedgerReader, LogEnd, LogRange } from '../read-port.ts'

/** As `LedgerReader.ends`. */
export async function logEnds(
  reader: Pick<LedgerReader, 'size' | 'leaves'>,
  { from, to }: LogRange,
): Promise<readonly LogEnd[]> {
  const ends: LogEnd[] = []
  for (let log = from; log <= to; log++) {
    const size = await reader.size(log)
    const [leaf] = size === 0 ? [] : await reader.leaves(log, size - 1, 1)
    if (leaf !== undefined) ends.push({ log, size, leaf })
  }
  return ends
}
