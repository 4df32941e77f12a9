/** What a pipeline's last run has read: for a run that finds nothing, and had something before. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { closingOf, openingOf } from './run-log.ts'

/** Records of each source, by name, in the latest run of pipeline `name` before `run` that came to its end, replays left out. */
export async function recordsBefore(
  reader: LedgerReader,
  run: string,
  name: string,
): Promise<ReadonlyMap<string, number>> {
  const logs = (await reader.logs()).toSorted((a, b) => b.log - a.log)
  const own = logs.find(each => each.run === run)?.log ?? Number.POSITIVE_INFINITY
  for (const { log, run: other } of logs) {
    if (other === null || log >= own) continue
    const { name: its, replays, topology } = await openingOf(reader, log)
    if (its !== name || replays !== undefined) continue
    const { last, commit } = await closingOf(reader, log)
    if (last?.k !== 'seal' || last.status === 'abandoned') continue
    const cursors = commit?.entry.cursors ?? []
    return new Map(cursors.map(({ source, records }) => [topology.nodes[source - 1]?.name ?? '', records]))
  }
  return new Map()
}
