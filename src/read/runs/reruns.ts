/** Which runs ran rows of another again, and what is still failed after all of them. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { openingOf } from './run-log.ts'

export interface RerunLog {
  readonly run: string
  readonly log: number
}

/** The runs that ran rows of `run` again, the oldest first. Reads the opening of each run that came after it. */
export async function rerunsOf(reader: LedgerReader, run: string): Promise<readonly RerunLog[]> {
  const found: RerunLog[] = []
  for await (const each of reader.newestLogs()) {
    if (each.run === null) continue
    if (each.run === run) break
    const { reruns } = await openingOf(reader, each.log)
    if (reruns?.run === run) found.unshift({ run: each.run, log: each.log })
  }
  return found
}
