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
import type { HeldSides } from '../nodes/join/held-sides.ts'
import { JOINED } from '../record/ending.ts'
import { storyOf } from './story.ts'
import { restoreSubject } from './subject-fold.ts'

interface Parts {
  readonly plan: Plan
  /** What they hold that hasn't ended. */
  readonly held: HeldSides
  /** Of the last commit. */
  readonly totals: TotalsFact | null
  readonly reader: RunReader
  readonly log: number
}

/** Tokens that a join has consumed: so many by the totals, in the table, and by their own entries. */
interface Consumed {
  readonly node: JoinNode
  readonly expected: number
  ended: number
  confirmed: number
}

/** Right rows that left rows before have matched. @throws CustodyError CUSTODY_LEDGER_ALTERED, CUSTODY_SPILL */
export async function restoreConsumed(parts: Parts): Promise<void> {
  const joins = new Map<number, Consumed>()
  for (const node of parts.plan.nodes) {
    if (node.kind !== 'join' || parts.held.countAt(node.number) === 0) continue
    const expected = consumedAt(node, parts.totals)
    if (expected > 0) joins.set(node.number, { node, expected, ended: 0, confirmed: 0 })
  }
  if (joins.size === 0) return
  for await (const ending of parts.reader.endings(parts.log)) {
    const join = ending.fate === JOINED ? joins.get(ending.node) : undefined
    if (join !== undefined) await restoreOne(join, ending, parts)
  }
  for (const { node, expected, ended, confirmed } of joins.values()) {
    if (confirmed === expected && ended === expected) continue
    const message = `of what \`${node.name}\` has joined, the last commit counts ${counted(expected, 'token')}, and the ledger has ${counted(confirmed, 'token')}`
    throw new CustodyError('CUSTODY_LEDGER_ALTERED', message)
  }
}

async function restoreOne(join: Consumed, ending: StoredEnding, { plan, held, reader, log }: Parts): Promise<void> {
  join.ended++
  const consumed = (await joinedOf(plan, reader, log, ending)).find(({ token }) => token.id === ending.token)
  if (consumed === undefined || consumed.token.node !== join.node.number) return
  join.confirmed++
  if (plan.edges[consumed.token.edge - 1]?.side === 'right') held.holdConsumed(consumed.token, consumed.ordinal)
}

/** What joins have consumed of the row, or of the batch, that a token is of. */
async function joinedOf(plan: Plan, reader: RunReader, log: number, { row, batch }: StoredEnding) {
  const stored = row !== null ? await reader.entriesOfRow(log, row) : await reader.entriesOfBatch(log, batch ?? 0)
  const kind = row !== null ? 'row' : 'batch'
  return restoreSubject(plan, kind, row ?? batch ?? 0, await storyOf(reader, log, stored)).joined
}

/** Of those whose visits went well, all have ended there that left by no edge. */
function consumedAt({ number, routes }: JoinNode, totals: TotalsFact | null): number {
  const ok = totals?.visits.find(([node]) => node === number)?.[1] ?? 0
  const left = totals?.edges.filter(([edge]) => edge === routes.left.number || edge === routes.right.number) ?? []
  return ok - left.reduce((sum, [, count]) => sum + count, 0)
}
