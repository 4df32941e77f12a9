/**
 * What joins hold that aren't done. One that has begun to let rows go needs right rows, too, that have matched and ended: left rows that
 * follow may match them. The table of endings names these; how many there are the totals of the last commit say, and that each
 * ended so its own entries: so none is missing, and none too many (I13).
 */
import type { TotalsFact } from '../../format/entry.ts'
import type { StoredEnding } from '../../ledger/read-port.ts'
import type { RunReader } from '../../ledger/write-port.ts'
import { CustodyError } from '../../model/error.ts'
import { counted } from '../../model/number-text.ts'
import type { JoinNode, Plan } from '../../plan/plan.ts'
import { JOINED } from '../record/ending.ts'
import type { InFlight } from '../token/in-flight.ts'
import type { Held, RestoredSubject } from './restored-subject.ts'
import { storyOf } from './story.ts'
import { restoreSubject } from './subject-fold.ts'

/** @throws CustodyError CUSTODY_LEDGER_ALTERED */
export async function restoreJoins(
  plan: Plan,
  open: readonly RestoredSubject[],
  totals: TotalsFact | null,
  reader: RunReader,
  log: number,
): Promise<InFlight['joins']> {
  const kept = Map.groupBy(
    open.flatMap(each => each.kept),
    ({ token }) => token.node,
  )
  const joins: InFlight['joins'][number][] = []
  for (const node of plan.nodes) {
    const held = kept.get(node.number)
    if (node.kind !== 'join' || held === undefined) continue
    const matched = await matchedBefore(plan, node, totals, reader, log)
    const rows = [...held, ...matched].sort((a, b) => a.ordinal - b.ordinal)
    joins.push({ node, rows })
  }
  return joins
}

/** Right rows that left rows before have matched. */
async function matchedBefore(
  plan: Plan,
  node: JoinNode,
  totals: TotalsFact | null,
  reader: RunReader,
  log: number,
): Promise<readonly Held[]> {
  const expected = consumedAt(node, totals)
  if (expected === 0) return []
  const ended: StoredEnding[] = []
  for await (const each of reader.endings(log)) if (each.fate === JOINED && each.node === node.number) ended.push(each)
  const matched: Held[] = []
  let confirmed = 0
  for (const [, tokens] of Map.groupBy(ended, ({ row, batch }) => `${row} ${batch}`)) {
    const [first] = tokens
    if (first === undefined) continue
    const { row, batch } = first
    const stored = row !== null ? await reader.entriesOfRow(log, row) : await reader.entriesOfBatch(log, batch ?? 0)
    const kind = row !== null ? 'row' : 'batch'
    const { joined } = restoreSubject(plan, kind, row ?? batch ?? 0, await storyOf(reader, log, stored))
    const own = joined.filter(({ token }) => token.node === node.number && tokens.some(each => each.token === token.id))
    confirmed += own.length
    matched.push(...own.filter(({ token }) => plan.edges[token.edge - 1]?.side === 'right'))
  }
  if (confirmed === expected && ended.length === expected) return matched
  const message = `of what \`${node.name}\` has joined, the last commit counts ${counted(expected, 'token')}, and the ledger has ${counted(confirmed, 'token')}`
  throw new CustodyError('CUSTODY_LEDGER_ALTERED', message)
}

/** Of those whose visits went well, all have ended there that left by no edge. */
function consumedAt({ number, routes }: JoinNode, totals: TotalsFact | null): number {
  const ok = totals?.visits.find(([node]) => node === number)?.[1] ?? 0
  const left = totals?.edges.filter(([edge]) => edge === routes.left.number || edge === routes.right.number) ?? []
  return ok - left.reduce((sum, [, count]) => sum + count, 0)
}
