/** How a run is named in commands that are printed, so that they still mean it when others come. */

import { livingHolders } from '../host/ledger.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { shortRun } from './render/text.ts'

export interface RunName {
  /** A beginning of its id that no other run of the ledger has. */
  readonly id: string
  /** `latest` if it is the ledger's latest run and nobody else is at work there, else `id`. */
  readonly shortest: string
}

export async function nameOfRun(reader: LedgerReader, run: string): Promise<RunName> {
  const logs = await reader.logs()
  const others = logs.flatMap(each => (each.run === null || each.run === run ? [] : [each.run]))
  let length = shortRun(run).length
  while (length < run.length && others.some(other => other.startsWith(run.slice(0, length)))) length++
  const id = run.slice(0, length)
  const own = logs.find(each => each.run === run)?.log
  const is_latest = logs.every(each => each.log <= (own ?? -1))
  const isHeld = await livingHolders(reader)
  const is_alone = (await reader.leases()).every(lease => lease.log === own || !isHeld(lease))
  return { id, shortest: is_latest && is_alone ? 'latest' : id }
}
