/** Groups and batches that waited when a run was given up, by node. Their entries are looked through only if there are some. */
import type { TotalsFact } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { fateNumber } from '../../model/outcome.ts'
import type { Course } from '../fold/course.ts'
import { batchCourses, readCourse } from '../fold/read-course.ts'
import type { AbandonedGroups } from './summary.ts'

const ABANDONED = fateNumber('FAILED', 'abandoned')

export async function abandonedGroups(
  reader: LedgerReader,
  log: number,
  topology: Topology,
  totals: TotalsFact,
): Promise<AbandonedGroups[]> {
  if (!totals.endings.some(([fate]) => fate === ABANDONED)) return []
  const rows = new Set<number>()
  for await (const { fate, row } of reader.failedEndings(log)) if (fate === ABANDONED && row !== null) rows.add(row)
  const counts = new Map<string, AbandonedGroups>()
  const count = ({ groups }: Course) => {
    for (const { kind, node, closed } of groups.values()) {
      if (closed?.verdict !== 'abandoned' || node === undefined) continue
      const known = counts.get(node.name)?.count ?? 0
      counts.set(node.name, { node: node.name, kind: kind === 'batch' ? kind : 'merge', count: known + 1 })
    }
  }
  for (const row of rows) count(await readCourse(reader, log, { kind: 'row', row }, topology))
  // Batches tell it in their own entries, whoever their members are.
  for await (const course of batchCourses(reader, log, topology)) count(course)
  return [...counts.values()]
}
