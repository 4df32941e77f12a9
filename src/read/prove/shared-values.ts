/**
 * Which values of a row other rows had a part in: what a batch, a join or an answer to several rows gave it, and what was made of that. A proof
 * of one row leaves them out unless they are asked for: other people are in them.
 */
import { derivedValues, type Since, spread } from '../erase/taint.ts'
import type { Course } from '../fold/course.ts'
import type { Ways } from '../verify/ways.ts'

/** Numbers of values. */
export function sharedValues(course: Course, ways: Ways): ReadonlySet<number> {
  const seeds = new Map<number, Since>()
  for (const { birth, group, visits } of course.tokens.values()) {
    const nodes = visits.map(({ fact }) => fact.node).filter(node => ways.kind(node) === 'aggregate')
    for (const { token, node, together } of course.intents)
      if (token === birth.token && together !== null) nodes.push(node)
    if (group?.kind === 'join') seeds.set(birth.token, null)
    else if (nodes.length > 0) seeds.set(birth.token, new Set(nodes))
  }
  return derivedValues(course, spread(course, seeds))
}
