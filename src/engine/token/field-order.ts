/**
 * How the fields of rows stand that are under way at a commit. Values are kept as canonical text, and sinks write rows as they
 * stand: whoever continues the run must have them as they were (I5).
 *
 * FIELD-ORDER-1. An order belongs to a token, not to a value: two tokens may have one value in different orders.
 * FIELD-ORDER-2. It holds until the token leaves by an edge. So it is recorded for tokens that were born or left since the last commit, and only
 *     for those that somebody going on still needs: open ones, parents of forks that open ones are inside of, right rows of joins.
 * FIELD-ORDER-3. It is content, as names of fields are, and so goes into a value, not into the entry (I8).
 */
import { fieldOrderOf } from '../../format/field-order.ts'
import type { Row } from '../../model/row.ts'
import type { Facts, Subject } from './token.ts'

/** The text of the value `[[[token…], [object, field…]…]…]`; null if all is canonical. */
export function ordersOf({ open }: Subject, facts: Facts): string | null {
  if (open.size === 0 && facts.partners.length === 0) return null
  const moved = new Set<number>()
  for (const { token } of facts.births) moved.add(token)
  for (const { token, edge } of facts.visits) if (edge !== 0) moved.add(token)
  const tokens = new Map<string, number[]>()
  const tell = (token: number, row: Row) => {
    if (!moved.delete(token)) return
    const order = fieldOrderOf(row)
    if (order === '') return
    const same = tokens.get(order)
    if (same === undefined) tokens.set(order, [token])
    else same.push(token)
  }
  for (const { id, row } of facts.partners) tell(id, row)
  const parents = facts.groups_opened === null ? null : parentsOf(facts)
  for (const { id, row, frames } of open) {
    tell(id, row)
    if (parents === null) continue
    for (let at = frames; at !== null; at = at.outer) {
      const parent = parents.get(at.fork.group)
      if (parent !== undefined) tell(parent, at.fork.row)
    }
  }
  if (tokens.size === 0) return null
  return `[${Array.from(tokens, ([order, same]) => `[[${same.join(',')}],${order}]`).join(',')}]`
}

/** By group that opened since the last commit, forks among them: the first parent of what was born of it. */
function parentsOf({ births }: Facts): ReadonlyMap<number, number> {
  return new Map(births.flatMap(({ group, parents: [parent] }) => (parent === undefined ? [] : [[group, parent]])))
}
