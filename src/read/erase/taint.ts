/**
 * What one subject's values owe to another one's: pure. A token is derived from the very beginning, as what a join or a batch made is, or
 * from one node on, where it was given something that was made of several rows: by an aggregate that passes rows on, or by the answer to a
 * request that had other rows, too.
 *
 * TAINT-1. A value that is also used where nothing is derived says nothing that its own row doesn't say.
 * TAINT-2. What a coalesce makes, or finds wrong, is on record with each of its members: it owes to those that are derived.
 */
import type { VisitFact } from '../../format/entry.ts'
import type { Course, CourseToken } from '../fold/course.ts'

/** The nodes at which a token was given something derived; null: it is derived from its birth on. */
export type Since = ReadonlySet<number> | null
export type Tainted = ReadonlyMap<number, Since>

/** With what is born of what is derived; without tokens that got nothing where they could have. */
export function spread(course: Course, seeds: Tainted): Tainted {
  const tainted = new Map<number, Since>()
  for (const { birth } of course.tokens.values()) {
    const { token, parents } = birth
    if (parents.some(parent => flowsOn(course, parent, tainted.get(parent)))) tainted.set(token, null)
    else if (seeds.has(token)) tainted.set(token, seeds.get(token) ?? null)
  }
  return tainted
}

/** Numbers of the values that are derived, and are nothing else. */
export function derivedValues(course: Course, tainted: Tainted): ReadonlySet<number> {
  const derived = new Set<number>()
  const own = new Set<number>()
  const merging = new Set<number>()
  for (const { kind, opened } of course.groups.values()) if (kind === 'merge') merging.add(opened.node)
  for (const token of course.tokens.values()) {
    const { birth, ending } = token
    const since = tainted.get(birth.token)
    const use = (is_derived: boolean, value: number) => {
      if (value !== 0) (is_derived ? derived : own).add(value)
    }
    const stage = (node: number) => stageOf(token, since, node)
    const came = (node: number, value: number) => {
      if (stage(node) !== 'before' || !merging.has(node)) use(stage(node) !== 'before', value)
    }
    use(since === null, birth.value)
    for (const { fact } of token.visits) {
      use(stage(fact.node) === 'behind', fact.in)
      if (fact.out !== fact.in) came(fact.node, fact.out)
      if (fact.error !== null) came(fact.node, fact.error.value)
    }
    for (const { fact } of course.calls.get(birth.token) ?? []) {
      use(stage(fact.node) === 'behind', fact.request)
      came(fact.node, fact.response)
    }
    for (const fact of course.intents) if (fact.token === birth.token) use(stage(fact.node) === 'behind', fact.request)
    if (ending?.fact.error != null) came(ending.fact.node, ending.fact.error.value)
  }
  for (const { closed } of course.groups.values())
    if (closed !== null && closed.detail !== 0)
      (closed.members.some(each => flowsOn(course, each, tainted.get(each))) ? derived : own).add(closed.detail)
  for (const value of own) derived.delete(value)
  return derived
}

/** Whether a token carries something derived when it comes to its end. */
export function flowsOn(course: Course, token: number, since: Since | undefined): boolean {
  if (since === undefined || since === null) return since === null
  return course.tokens.get(token)?.visits.some(({ fact }) => since.has(fact.node) && isChanged(fact)) === true
}

/** Where a token stands at a node: before it has anything derived, where it is given that, or behind. */
export function stageOf({ visits }: CourseToken, since: Since | undefined, node: number): Stage {
  if (since === undefined || since === null) return since === undefined ? 'before' : 'behind'
  for (const { fact } of visits) {
    // It comes to each node once, be it in several attempts.
    if (fact.node === node) break
    if (since.has(fact.node) && isChanged(fact)) return 'behind'
  }
  return since.has(node) ? 'there' : 'before'
}

export type Stage = 'before' | 'there' | 'behind'

function isChanged({ in: before, out }: VisitFact): boolean {
  return out !== 0 && out !== before
}
