/** By which side a token came to a join. */
import type { JoinSide } from '../../../format/topology.ts'
import type { Plan } from '../../../plan/plan.ts'
import type { Token } from '../../token/token.ts'

export function sideOf({ edges }: Pick<Plan, 'edges'>, { id, edge }: Pick<Token, 'id' | 'edge'>): JoinSide {
  const side = edges[edge - 1]?.side
  if (side === undefined)
    throw new TypeError(`token ${id} came to a join by edge ${edge}, which leads to none of its sides`)
  return side
}
