/** With which right rows the left tokens of a row were joined. */
import { GROUP_KINDS } from '../../format/entry.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { readable } from '../runs/damaged.ts'

const JOIN = GROUP_KINDS.indexOf('join')

/** Their numbers, each once; right tokens that were born of a batch are of no row. */
export async function rightRowsOf(
  reader: Pick<LedgerReader, 'entriesOfRow' | 'ending'>,
  log: number,
  row: number,
): Promise<ReadonlySet<number>> {
  const rights = new Set<number>()
  for (const { seq, body } of await reader.entriesOfRow(log, row)) {
    const { groups_opened, births } = readable(log, () => decodeSubjectEntry(seq, body))
    const joins = new Set(groups_opened.filter(({ kind }) => kind === JOIN).map(({ group }) => group))
    for (const { group, parents } of births) if (joins.has(group) && parents[1] !== undefined) rights.add(parents[1])
  }
  const rows = new Set<number>()
  for (const right of rights) {
    const of = (await reader.ending(log, right))?.row ?? null
    if (of !== null) rows.add(of)
  }
  return rows
}
