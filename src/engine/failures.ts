/**
 * Where a group fails whose members go on by `on_error`: a pure look at the line, before its members are put there.
 *
 * A1. A group that needs branches fails with the loss that was one too many, in the order of the line, whichever was noticed first;
 *     any other where the last of its branches arrived or was lost.
 * A2. Members go on there, but not before all that comes of the fork, and none before its own place.
 */
import { type Join, tracesOfLost, whereItGoesOn } from './frames.ts'
import type { Line, Place } from './line.ts'
import type { Token } from './token.ts'

/** Where in the line the group fails; null: after all that is in it; undefined: while what comes of the fork is advanced. */
export function placeOfFailure(join: Join, line: Line): Place | null | undefined {
  const losses = tracesOfLost(join).sort((a, b) => a.label - b.label)
  const needed = lossesNeeded(join)
  if (needed !== null) return losses[needed - 1]
  return line.lastPlace(
    join.arrived.map(({ token }) => token),
    losses,
  )
}

/** Whether a group that fails now may turn out to have failed before: another branch may be lost by what stands there. */
export function mayFailEarlier(join: Join, line: Line, canReach: (token: Token, node: number) => boolean): boolean {
  if (lossesNeeded(join) === null) return false
  const failed = placeOfFailure(join, line)
  const { node, fork, traces } = join
  const ends = node.branches.map((_, branch) => traces?.get(whereItGoesOn(join, branch).branch))
  if (failed == null || ends.every(end => end === undefined || end.label > failed.label)) return false
  return fork.carriers.some(token => {
    const place = comesFrom(token, line)
    return place !== null && place.label < failed.label && canReach(token, node.number)
  })
}

/** Where the next thing that becomes of a token may have its place, at the earliest; null if it waits for what comes later. */
function comesFrom(token: Token, line: Line): Place | null {
  if (token.ended || token.passive) return null
  if (!token.held) return token.place
  // In an open batch it waits for others to come there.
  return (token.keeper ?? line.firstFor(token.node))?.place ?? null
}

/** How many losses make the group fail, though branches are still to come; null if it isn't losses that do. */
function lossesNeeded({ node: { policy, branches }, verdict }: Join): number | null {
  const by_losses = verdict === null || verdict === 'branch_lost' || verdict === 'quorum_not_met'
  if (!by_losses) return null
  if (policy.kind === 'require_all') return 1
  return policy.kind === 'quorum' && policy.decide === 'early' ? branches.length - policy.quorum + 1 : null
}
