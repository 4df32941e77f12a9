/** Which rows of a run came from which source, as a commit says how far it was. */
import type { RunEntry } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'

export interface SourceRows {
  readonly source: string
  /** Number of its first row. */
  readonly first: number
  readonly records: number
}

/** In order of reading. Sources are read one after another, in the order of their nodes, and each record is a row. */
export function sourceRows(commit: Extract<RunEntry, { k: 'commit' }> | null, { nodes }: Topology): SourceRows[] {
  const rows: SourceRows[] = []
  let first = 1
  for (const { source, records } of (commit?.cursors ?? []).toSorted((a, b) => a.source - b.source)) {
    const name = nodes[source - 1]?.name
    if (name !== undefined) rows.push({ source: name, first, records })
    first += records
  }
  return rows
}
